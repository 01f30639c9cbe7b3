//! The diagnostics of one folder while it is read: its name, its files, and "did you mean".

use std::ops::Range;

use apollo_compiler::Node;
use apollo_compiler::ast::Value;
use apollo_compiler::parser::{SourceMap, SourceSpan};

use super::diagnostic::{Code, Diagnostic, SourceFiles, Span};

/// The beginning of a label at a spread of the named mapping that a diagnostic is about.
pub(crate) const SPREAD: &str = "spread ";

/// Collects the diagnostics of one connector.
#[derive(Debug)]
pub(crate) struct Findings {
    /// The connector's name.
    pub(crate) connector: String,
    /// Its files.
    sources: SourceFiles,
    diagnostics: Vec<Diagnostic>,
}

impl Findings {
    /// No diagnostics so far.
    pub(crate) fn new(connector: &str, sources: SourceMap) -> Self {
        Self {
            connector: connector.to_owned(),
            sources: SourceFiles::new(sources),
            diagnostics: Vec::new(),
        }
    }

    /// Creates an error of this connector, to be completed and [added](Self::push).
    pub(crate) fn error(&self, code: &'static Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, &self.connector, message)
    }

    /// Creates a warning of this connector, to be completed and [added](Self::push).
    pub(crate) fn warning(&self, code: &'static Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::warning(code, &self.connector, message)
    }

    /// Adds a diagnostic.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// The location of something parsed.
    pub(crate) fn span(&self, location: Option<SourceSpan>) -> Option<Span> {
        self.sources.span(location)
    }

    /// The location of bytes inside a string value.
    pub(crate) fn inside(&self, value: &Node<Value>, range: Range<usize>) -> Option<Span> {
        self.sources.inside(value, range)
    }

    /// Whether an error has been added.
    pub(crate) fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// The number of errors.
    pub(crate) fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|one| one.is_error()).count()
    }

    /// All diagnostics, in the order of the text, each once. Those about one place in a named mapping are one, with all places
    /// where it is spread.
    pub(crate) fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort_by_key(|diagnostic| {
            let first = diagnostic.labels.first();
            first.map(|label| (label.span.source.path.clone(), label.span.range.start))
        });
        let mut seen = std::collections::HashSet::new();
        self.diagnostics.retain(|one| {
            let locations = one.labels.iter().map(|label| {
                let (source, range) = (&label.span.source.path, &label.span.range);
                (source.clone(), range.clone(), label.text.clone())
            });
            let locations: Vec<_> = locations.collect();
            let text = (one.message.clone(), one.notes.clone(), one.help.clone());
            seen.insert((one.code.name, locations, text))
        });
        let mut merged: Vec<Diagnostic> = Vec::new();
        for next in self.diagnostics {
            let mut before = merged.iter_mut().rev();
            let mut at_this_place = before.by_ref().take_while(|one| first(one) == first(&next));
            match at_this_place.find(|one| is_same_place(one, &next)) {
                Some(one) => one.labels.extend(next.labels.into_iter().skip(1)),
                None => merged.push(next),
            }
        }
        merged.into_iter().map(bounded).collect()
    }
}

/// The place that must change.
fn first(diagnostic: &Diagnostic) -> Option<(&str, &Range<usize>)> {
    let label = diagnostic.labels.first()?;
    Some((&label.span.source.path, &label.span.range))
}

/// Whether two diagnostics differ in the places only that lead to the first.
fn is_same_place(one: &Diagnostic, other: &Diagnostic) -> bool {
    let is_led_to = |diagnostic: &Diagnostic| {
        let mut others = diagnostic.labels.iter().skip(1);
        others.any(|label| label.text.starts_with(SPREAD))
    };
    let text = |one: &Diagnostic| (one.message.clone(), one.help.clone(), one.notes.clone());
    one.code.name == other.code.name
        && is_led_to(one)
        && is_led_to(other)
        && first(one) == first(other)
        && text(one) == text(other)
}

/// A diagnostic with a few of the places where a named mapping is spread, each once.
fn bounded(mut diagnostic: Diagnostic) -> Diagnostic {
    const MOST: usize = 3;
    let mut seen = std::collections::HashSet::new();
    let mut left_out = 0;
    diagnostic.labels.retain(|label| {
        if !label.text.starts_with(SPREAD) {
            return true;
        }
        let is_new = seen.insert((label.span.source.path.clone(), label.span.range.clone()));
        let is_shown = is_new && seen.len() <= MOST;
        left_out += usize::from(is_new && !is_shown);
        is_shown
    });
    match left_out {
        0 => diagnostic,
        1 => diagnostic.note("it is spread in 1 more place"),
        _ => diagnostic.note(format!("it is spread in {left_out} more places")),
    }
}

/// "did you mean `…`?", if one of the candidates is similar to the written name.
pub(crate) fn did_you_mean<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    closest(written, candidates).map(|name| format!("did you mean `{name}`?"))
}

/// The most similar candidate, if it is similar enough: longer names may differ in more letters.
pub(crate) fn closest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let lower = written.to_lowercase();
    let allowed = (written.chars().count() / 3).clamp(1, 4);
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let candidates = candidates.into_iter();
    candidates
        .clone()
        .filter(|candidate| *candidate != written)
        .map(|candidate| {
            let distance = strsim::osa_distance(&lower, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
        .or_else(|| beginning(&lower, candidates))
}

/// The shortest candidate that begins with a name of at least three letters: `query` is short for `queryParams`.
fn beginning<'a>(written: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .filter(|candidate| written.len() >= 3 && candidate.len() > written.len())
        .filter(|candidate| candidate.to_lowercase().starts_with(written))
        .min_by_key(|candidate| candidate.len())
}

/// "`a`, `b` and `c`": names as in a sentence; after ten, "and n more".
pub(crate) fn list<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let mut quoted: Vec<String> = names
        .into_iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    if quoted.len() > 10 {
        let more = format!("{} more", quoted.len() - 9);
        quoted.truncate(9);
        quoted.push(more);
    }
    match quoted.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions_are_close_or_none() {
        let names = ["title", "cost", "district"];
        assert_eq!(closest("titel", names), Some("title"));
        assert_eq!(closest("District", names), Some("district"));
        assert_eq!(closest("rank", names), None);
        assert_eq!(closest("dist", names), Some("district"));
        assert_eq!(closest("di", names), None);
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(list(["a"]), "`a`");
        assert_eq!(list(["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(
            list((0..20).map(|n| n.to_string())).matches('`').count(),
            18
        );
    }
}
