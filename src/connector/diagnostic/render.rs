//! Formats a diagnostic: as text like rustc, and as JSON for editors and CI.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde_json::json;

use super::{Diagnostic, Label, Severity};

impl Diagnostic {
    /// The text without colours.
    pub fn to_text(&self) -> String {
        self.render(&Renderer::plain())
    }

    /// The text with colours, for a terminal.
    pub fn to_colored_text(&self) -> String {
        self.render(&Renderer::styled())
    }

    fn render(&self, renderer: &Renderer) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(&self.message).id(self.code.name));
        for labels in by_file(&self.labels) {
            group = match labels.iter().all(|label| is_shown(label)) {
                true => group.element(snippet(&labels, &self.labels)),
                false => labels
                    .iter()
                    .fold(group, |group, label| annotate(group, label)),
            };
        }
        for note in &self.notes {
            group = group.element(Level::NOTE.message(note));
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help));
        }
        let text = renderer.render(&[group]);
        // The renderer pads the lines of an empty source: remove trailing blanks.
        text.lines()
            .map(str::trim_end)
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// The JSON form: `code`, `severity`, `connector`, `message`, `notes`, `help` and `labels`, each label with `file`,
    /// `line` and `column` (from 1, in characters), `endLine`, `endColumn` and `text`.
    pub fn to_json(&self) -> serde_json::Value {
        let labels: Vec<_> = self
            .labels
            .iter()
            .map(|label| {
                let (start, end) = (label.span.start(), label.span.end());
                json!({
                    "file": label.span.source.path,
                    "line": start.line,
                    "column": start.column,
                    "endLine": end.line,
                    "endColumn": end.column,
                    "text": label.text,
                })
            })
            .collect();
        json!({
            "code": self.code.name,
            "severity": match self.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            "connector": self.connector,
            "message": self.message,
            "notes": self.notes,
            "help": self.help,
            "labels": labels,
        })
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

/// The labels by file, in the order of the first label of each file: one snippet per file.
fn by_file(labels: &[Label]) -> Vec<Vec<&Label>> {
    let mut files: Vec<Vec<&Label>> = Vec::new();
    for label in labels {
        let same = files
            .iter_mut()
            .find(|file| file[0].span.source == label.span.source);
        match same {
            Some(file) => file.push(label),
            None => files.push(vec![label]),
        }
    }
    files
}

/// The longest line that is shown, in bytes. A longer one is not readable, and takes time to show.
const LONGEST_LINE: usize = 2_000;

/// Whether the first and last line of a label can be shown.
fn is_shown(label: &Label) -> bool {
    if label.span.is_whole_file() {
        return false;
    }
    let text = label.span.source.text.as_bytes();
    [label.span.range.start, label.span.range.end]
        .iter()
        .all(|at| {
            let at = (*at).min(text.len());
            let before = text[..at].iter().rev().take(LONGEST_LINE);
            let after = text[at..].iter().take(LONGEST_LINE);
            let length = |part: &mut dyn Iterator<Item = &u8>| {
                part.take_while(|byte| **byte != b'\n').count()
            };
            length(&mut before.into_iter()) + length(&mut after.into_iter()) < LONGEST_LINE
        })
}

/// Shows a label by its position only.
fn annotate<'a>(group: Group<'a>, label: &'a Label) -> Group<'a> {
    let mut origin = Origin::path(label.span.source.path.as_str());
    if !label.span.is_whole_file() {
        let start = label.span.start();
        origin = origin.line(start.line).char_column(start.column);
    }
    let group = group.element(origin);
    match label.text.is_empty() {
        true => group,
        false => group.element(Level::NOTE.message(&label.text)),
    }
}

/// The snippet of a file. The first label of the diagnostic is the primary one.
fn snippet<'a>(
    labels: &[&'a Label],
    all: &'a [Label],
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let source = &labels[0].span.source;
    let mut snippet = Snippet::source(source.text.as_str()).path(source.path.as_str());
    for label in labels {
        let kind = match all.first() {
            Some(first) if std::ptr::eq(first, *label) => AnnotationKind::Primary,
            _ => AnnotationKind::Context,
        };
        let start = source.text.floor_char_boundary(label.span.range.start);
        let end = source
            .text
            .ceil_char_boundary(label.span.range.end)
            .max(start);
        let annotation = kind.span(start..end);
        snippet = snippet.annotation(if label.text.is_empty() {
            annotation
        } else {
            annotation.label(label.text.as_str())
        });
    }
    snippet
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Diagnostic, SourceText, Span, code};

    fn sample() -> Diagnostic {
        let source = Arc::new(SourceText {
            path: "connectors/works/connector.graphql".to_owned(),
            text: "type Query {\n  work(id: ID!): Work @connect(selection: \"id titel\")\n}\n"
                .to_owned(),
        });
        let span = |needle: &str| {
            let start = source.text.find(needle).unwrap_or_default();
            Some(Span {
                source: source.clone(),
                range: start..start + needle.len(),
            })
        };
        Diagnostic::error(
            &code::INVALID_GRAPHQL,
            "works",
            "`Work` has no field `titel`",
        )
        .label(span("titel"), "no such field")
        .label(span("Work"), "the selection fills this type")
        .note("a note")
        .help("did you mean `title`?")
    }

    #[test]
    fn text_points_at_the_place() {
        let text = sample().to_text();
        assert!(
            text.starts_with("error[INVALID_GRAPHQL]: `Work` has no field `titel`"),
            "{text}"
        );
        assert!(
            text.contains("--> connectors/works/connector.graphql:2:47"),
            "{text}"
        );
        assert!(text.contains("^^^^^ no such field"), "{text}");
        assert!(text.contains("= help: did you mean `title`?"), "{text}");
    }

    #[test]
    fn a_line_that_is_too_long_to_read_is_not_shown() {
        let mut long = sample();
        let source = Arc::new(SourceText {
            path: "supergraph.graphql".to_owned(),
            text: format!("\n{}x{}", "é ".repeat(100_000), " y".repeat(100_000)),
        });
        for label in &mut long.labels {
            let range = 300_001..300_002;
            let source = source.clone();
            label.span = Span { source, range };
        }
        let text = long.to_text();
        assert!(text.len() < 1_000, "{}", text.len());
        assert!(text.contains("--> supergraph.graphql:2:200001"), "{text}");
        assert!(text.contains("no such field"), "{text}");
    }

    #[test]
    fn json_has_positions() {
        let json = sample().to_json();
        assert_eq!(json["labels"][0]["line"], 2);
        assert_eq!(json["labels"][0]["column"], 47);
        assert_eq!(json["labels"][0]["endColumn"], 52);
        assert_eq!(json["code"], "INVALID_GRAPHQL");
    }
}
