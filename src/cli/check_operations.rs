//! The named operations: `check` compiles each as `serve` would when a client calls it, and compares the most calls that it
//! makes with the number that the comment above it says.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::most_calls::{as_json, in_words};
use crate::connector::Diagnostic;
use crate::connector::diagnostic::{LineColumn, Severity, SourceText, Span, gateway_code};
use crate::cost::CallBound;
use crate::document::Value;
use crate::named::OperationFile;
use crate::operation::{Compiler, Document, Operation, Parts, Rejection};

/// A named operation that was checked.
pub(super) struct CheckedOperation {
    /// The path of its file.
    file: String,
    /// Its name; an operation may have none if it is the only one of its file.
    name: Option<String>,
    /// The most calls that it makes; `None` if it would be refused.
    calls: Option<CallBound>,
    /// The number of calls that the comment above it allows.
    stated: Option<u64>,
}

impl CheckedOperation {
    /// `DistrictPage      at most 13 calls: …`
    pub(super) fn line(&self, width: usize) -> Option<String> {
        let calls = in_words(self.calls.as_ref()?);
        Some(format!("{:width$}  {calls}\n", self.shown_name()))
    }

    /// Its name, or else its file.
    pub(super) fn shown_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.file)
    }

    pub(super) fn to_json(&self) -> serde_json::Value {
        json!({
            "file": self.file,
            "name": self.name,
            "mostCalls": self.calls.as_ref().map(as_json),
            "statedCalls": self.stated,
        })
    }
}

/// Checks the operations of these files. An operation that can make more calls than the comment above it says is a finding of
/// the severity `too_many_calls`. What makes a file or an operation invalid is reported when it is loaded, not here.
pub(super) fn check(
    compiler: &Compiler,
    files: &[OperationFile],
    too_many_calls: Severity,
    findings: &mut Vec<Diagnostic>,
) -> Vec<CheckedOperation> {
    let mut operations = Vec::new();
    for file in files {
        let Ok(text) = &file.text else {
            continue;
        };
        let path = Path::new(&file.path);
        let examples = file.example.clone();
        let examples =
            examples.map(|text| source_text(&path.with_extension("variables.json"), text));
        let mut of_file = OfFile {
            compiler,
            source: source_text(path, text.clone()),
            stem: &file.stem,
            too_many_calls,
            findings,
        };
        operations.extend(of_file.check(examples));
    }
    operations
}

fn source_text(path: &Path, text: String) -> Arc<SourceText> {
    Arc::new(SourceText {
        path: path.display().to_string(),
        text,
    })
}

/// Checks the operations of one file.
struct OfFile<'a> {
    compiler: &'a Compiler,
    source: Arc<SourceText>,
    /// The name of the file without its extension.
    stem: &'a str,
    too_many_calls: Severity,
    findings: &'a mut Vec<Diagnostic>,
}

impl OfFile<'_> {
    fn check(&mut self, examples: Option<Arc<SourceText>>) -> Vec<CheckedOperation> {
        let source = Arc::clone(&self.source);
        let documents: Vec<Document> = match self.compiler.document(&source.text) {
            Ok(document) => vec![document],
            Err(_) => {
                let parts = Parts::of(&source.text);
                let parts = parts.iter().flat_map(Parts::iter);
                let documents = parts.map(|part| self.compiler.document(&part.text()));
                documents.filter_map(Result::ok).collect()
            }
        };
        let definitions = documents.iter().flat_map(|document| {
            let definitions = document.operations.iter().cloned();
            definitions.map(move |definition| (document, definition))
        });
        let definitions: Vec<_> = definitions.collect();
        let is_only_one = definitions.len() == 1;
        let checked = definitions.iter().map(|(document, definition)| {
            let name = definition.name.as_ref().map(|name| name.as_str());
            let has_examples = is_only_one || name == Some(self.stem);
            let examples = examples.as_ref().filter(|_| has_examples);
            let comment = definition.location();
            let comment = comment.map_or("", |at| comment_above(&source.text, at.offset()));
            let stated = stated(&source, comment);
            let calls = self.operation(document, name, examples);
            if let (Some(calls), Some((stated, at))) = (&calls, &stated) {
                self.compare(name, calls, *stated, at);
            }
            CheckedOperation {
                file: source.path.clone(),
                name: name.map(str::to_owned),
                calls,
                stated: stated.map(|(stated, _)| stated),
            }
        });
        checked.collect()
    }

    /// Compiles an operation. Returns the most calls that it makes, unless it would be refused.
    fn operation(
        &mut self,
        document: &Document,
        name: Option<&str>,
        examples: Option<&Arc<SourceText>>,
    ) -> Option<CallBound> {
        let operation = self.compiler.operation(document.clone(), name).ok()?;
        let examples = examples.and_then(|source| self.examples(&operation, source));
        // What an operation costs is known here only with examples of the variables that it needs.
        if let Ok(variables) = self.compiler.coerce(&operation, examples.as_ref())
            && let Err(rejection) = self.compiler.within_cost(&operation, &variables)
        {
            self.refused(&rejection);
            return None;
        }
        Some(self.compiler.most_calls(&operation, examples.as_ref()))
    }

    /// The example variables of an operation, if it accepts them.
    fn examples(&mut self, operation: &Operation, source: &Arc<SourceText>) -> Option<Value> {
        let mut invalid = |message: &str| {
            let finding = Diagnostic::error(&gateway_code::INVALID_OPERATION, "", message);
            self.findings.push(finding.at(Some(start_of(source))));
        };
        let examples = match Value::parse_json(source.text.as_bytes()) {
            Ok(examples) => examples,
            Err(error) => {
                invalid(&format!("The example variables are not JSON: {error}"));
                return None;
            }
        };
        if let Err(rejection) = self.compiler.coerce(operation, Some(&examples)) {
            for (message, _) in &rejection.violations {
                invalid(message);
            }
            return None;
        }
        Some(examples)
    }

    /// Reports what is refused of the file.
    fn refused(&mut self, rejection: &Rejection) {
        for (message, locations) in &rejection.violations {
            // A limit of the whole operation has no location of its own.
            let &(line, column) = locations.first().unwrap_or(&(1, 1));
            let at = self.source.word(LineColumn { line, column });
            let finding = Diagnostic::error(&gateway_code::INVALID_OPERATION, "", message);
            self.findings.push(finding.at(Some(at)));
        }
    }

    /// Reports an operation that can make more calls than its comment says.
    fn compare(&mut self, name: Option<&str>, calls: &CallBound, stated: u64, at: &Span) {
        // What lists lack is looked up: usually there is nothing, but what is stated is the most.
        let most = calls.total().zip(calls.absent());
        if most.is_some_and(|(calls, absent)| calls.saturating_add(absent) <= stated) {
            return;
        }
        let what = match name {
            Some(name) => format!("`{name}`"),
            None => "The operation".to_owned(),
        };
        let found = in_words(calls);
        let message = match calls.total() {
            Some(_) => format!("{what} can make more calls than this: {found}"),
            None => format!("{what} makes {found}"),
        };
        let mut finding = Diagnostic::warning(&gateway_code::TOO_MANY_CALLS, "", message);
        finding.severity = self.too_many_calls;
        let help = "`sangam explain` shows which fetch makes them: select less below lists, ask for fewer items, or correct \
                    the number";
        self.findings.push(finding.at(Some(at.clone())).help(help));
    }
}

fn start_of(source: &Arc<SourceText>) -> Span {
    source.word(LineColumn { line: 1, column: 1 })
}

/// The comment that ends on the line above a definition, which begins at an offset.
fn comment_above(text: &str, offset: usize) -> &str {
    let Some(before) = text.get(..offset) else {
        return "";
    };
    let before = before.trim_end_matches([' ', '\t']);
    let lines = before.split_inclusive('\n').rev();
    let comment = lines.take_while(|line| line.trim_start().starts_with('#'));
    let length: usize = comment.map(str::len).sum();
    &before[before.len() - length..]
}

/// The number of a line `At most 3 calls` of a comment, which is a part of the source, and where it is.
fn stated(source: &Arc<SourceText>, comment: &str) -> Option<(u64, Span)> {
    const BEFORE: &str = "At most ";
    comment.lines().find_map(|line| {
        let said = line.trim_start().strip_prefix('#')?.trim_start();
        let (number, rest) = said.strip_prefix(BEFORE)?.split_once(' ')?;
        let word = ["calls", "call"].into_iter().find(|word| {
            let after = rest.strip_prefix(word);
            after.is_some_and(|after| !after.starts_with(|one: char| one.is_alphanumeric()))
        })?;
        let length = BEFORE.len() + number.len() + 1 + word.len();
        let start = said.as_ptr() as usize - source.text.as_ptr() as usize;
        let span = Span {
            source: Arc::clone(source),
            range: start..start + length,
        };
        Some((number.parse().ok()?, span))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn the_comment_directly_above_an_operation_states_its_calls() {
        let read = |text: &str| {
            let source = source_text(Path::new("one.graphql"), text.to_owned());
            let offset = text.find("query").unwrap_or_default();
            let found = stated(&source, comment_above(&source.text, offset));
            found.map(|(calls, span)| (calls, source.text[span.range].to_owned()))
        };
        let says = |calls, text: &str| Some((calls, text.to_owned()));
        assert_eq!(
            read("# A page.\n#\n# At most 13 calls: these.\nquery A { a }"),
            says(13, "At most 13 calls")
        );
        assert_eq!(
            read("#At most 1 call\n  query A { a }"),
            says(1, "At most 1 call")
        );
        assert_eq!(
            read(
                "fragment F on A { a }\n\n# At most 2 calls, of which\n# one is late.\nquery { a }"
            ),
            says(2, "At most 2 calls")
        );
        for without in [
            "query A { a }",
            "# Asked again, at most 1 call: it.\nquery A { a }",
            "# At most 2 callers wait.\nquery A { a }",
            "# At most two calls.\nquery A { a }",
            "# At most 2 calls.\n\nquery A { a }",
            "# At most 99999999999999999999 calls.\nquery A { a }",
        ] {
            assert_eq!(read(without), None, "{without}");
        }
    }
}
