//! Diagnostics: what is wrong, where, and how to correct it.
//!
//! All checks of connectors and of composition report this type, and the commands print it. Each diagnostic has a stable
//! [`Code`], names one connector (so that composition can leave it out), and points to text that its author has written: a
//! [`Span`] owns its file, so that a diagnostic can outlive the schema.

mod codes;
mod literal;
mod render;

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use apollo_compiler::Node;
use apollo_compiler::ast::Value;
use apollo_compiler::parser::{FileId, SourceMap, SourceSpan};

pub use codes::{Area, Code, connector as code, gateway as gateway_code, style as style_code};
pub use literal::StringMap;

/// The severity of a diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The connector cannot be used.
    Error,
    /// The connector can be used.
    Warning,
}

/// One finding about a connector.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// Its code, which is stable.
    pub code: &'static Code,
    /// The severity of a diagnostic.
    pub severity: Severity,
    /// The connector that must change, or that composition leaves out.
    pub connector: String,
    /// What is wrong: one line without a period at the end.
    pub message: String,
    /// Locations: the first is the one to change, the others explain why.
    pub labels: Vec<Label>,
    /// Further facts, one line each.
    pub notes: Vec<String>,
    /// How to correct it.
    pub help: Option<String>,
}

/// A location in a file, with a text about it.
#[derive(Debug, Clone)]
pub struct Label {
    /// The location.
    pub span: Span,
    /// The text at the caret; empty for a caret alone.
    pub text: String,
}

/// A file, unchanged.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceText {
    /// The path for messages.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// A location in a file: bytes `range` of `source`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The file.
    pub source: Arc<SourceText>,
    /// Bytes; the end is exclusive.
    pub range: Range<usize>,
}

/// A position as in editors: line and column from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineColumn {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl Diagnostic {
    /// An error, so far without a location.
    pub fn error(
        code: &'static Code,
        connector: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code,
            severity: Severity::Error,
            connector: connector.into(),
            message: message.into(),
            labels: Vec::new(),
            notes: Vec::new(),
            help: None,
        }
    }

    /// A warning, so far without a location.
    pub fn warning(
        code: &'static Code,
        connector: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, connector, message)
        }
    }

    /// Adds a location without a text. `None` (something that was made, not read) adds nothing.
    pub fn at(self, span: Option<Span>) -> Self {
        self.label(span, "")
    }

    /// Adds a location with a text about it. `None` adds nothing.
    pub fn label(mut self, span: Option<Span>, text: impl Into<String>) -> Self {
        if let Some(span) = span {
            let text = text.into();
            self.labels.push(Label { span, text });
        }
        self
    }

    /// Adds a note.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Sets the help.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds what to do, if there is something to add.
    pub fn help_opt(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// In one line: the message, and the file with the line.
    pub fn summary(&self) -> String {
        match self.labels.first() {
            // The message names the file.
            Some(Label { span, .. }) if span.is_whole_file() => self.message.clone(),
            Some(Label { span, .. }) => {
                let (path, line) = (&span.source.path, span.start().line);
                format!("{} ({path}:{line})", self.message)
            }
            None => self.message.clone(),
        }
    }

    /// True for an error, false for a warning.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Files that apollo-compiler parsed. All locations in a file share its text: a file may have thousands.
#[derive(Debug)]
pub struct SourceFiles {
    files: SourceMap,
    texts: RefCell<HashMap<FileId, Arc<SourceText>>>,
}

impl SourceFiles {
    /// These files.
    pub fn new(files: SourceMap) -> Self {
        Self {
            files,
            texts: RefCell::default(),
        }
    }

    /// The location of something that was parsed; `None` for what has no location, and for built-ins.
    pub fn span(&self, location: Option<SourceSpan>) -> Option<Span> {
        let location = location?;
        let id = location.file_id();
        let file = self.files.get(&id)?;
        let mut texts = self.texts.borrow_mut();
        let source = texts.entry(id).or_insert_with(|| {
            Arc::new(SourceText {
                path: file.path().display().to_string(),
                text: file.source_text().to_owned(),
            })
        });
        Some(Span {
            source: Arc::clone(source),
            range: location.offset()..location.end_offset(),
        })
    }

    /// The location of bytes `range` of a string value (not of its literal): escapes, and the indentation that a block
    /// string drops, are accounted for. Falls back to the whole literal.
    pub fn inside(&self, value: &Node<Value>, range: Range<usize>) -> Option<Span> {
        let whole = self.span(value.location())?;
        let literal = whole.source.text.get(whole.range.clone());
        let mapped = literal
            .zip(value.as_str())
            .and_then(|(literal, text)| StringMap::new(literal, text))
            .map(|map| map.range(range));
        Some(match mapped {
            Some(inner) => Span {
                range: whole.range.start + inner.start..whole.range.start + inner.end,
                source: whole.source,
            },
            None => whole,
        })
    }
}

impl Span {
    /// A file as a whole: one that cannot be read has no lines.
    pub fn of_file(path: impl Into<String>) -> Self {
        let (path, text) = (path.into(), String::new());
        Self {
            source: Arc::new(SourceText { path, text }),
            range: 0..0,
        }
    }

    /// Whether it is a file as a whole. A file without text has no lines either.
    pub fn is_whole_file(&self) -> bool {
        self.source.text.is_empty()
    }

    /// Its start.
    pub fn start(&self) -> LineColumn {
        self.source.position(self.range.start)
    }

    /// Its end.
    pub fn end(&self) -> LineColumn {
        self.source.position(self.range.end)
    }
}

impl SourceText {
    /// The name or the character at a position; the end of the text for a position after it.
    pub fn word(self: &Arc<Self>, at: LineColumn) -> Span {
        let before = self
            .text
            .split_inclusive('\n')
            .take(at.line.saturating_sub(1));
        let line_start: usize = before.map(str::len).sum();
        let line = &self.text[line_start..];
        let column = line.char_indices().nth(at.column.saturating_sub(1));
        let start = line_start + column.map_or(line.len(), |(offset, _)| offset);
        let rest = &self.text[start..];
        let is_name = |character: char| character.is_alphanumeric() || character == '_';
        let name = rest
            .find(|character| !is_name(character))
            .unwrap_or(rest.len());
        let length = name.max(rest.chars().next().map_or(0, char::len_utf8));
        Span {
            source: Arc::clone(self),
            range: start..start + length,
        }
    }

    /// The position of a byte offset; an offset after the end or inside a character counts as the boundary before it.
    pub fn position(&self, offset: usize) -> LineColumn {
        let before = &self.text[..self.text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        LineColumn {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn positions_count_lines_and_characters() {
        let text = SourceText {
            path: "a".to_owned(),
            text: "one\nज़िला x\n".to_owned(),
        };
        let offset = text.text.find('x').unwrap();
        assert_eq!(text.position(offset), LineColumn { line: 2, column: 7 });
        assert_eq!(text.position(9_999), LineColumn { line: 3, column: 1 });
    }
}
