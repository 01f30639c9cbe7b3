//! Reads a manifest of either form.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Manifest, ManifestDocument};
use crate::connector::Diagnostic;
use crate::connector::diagnostic::{SourceText, Span, gateway_code};
use crate::document::{JsonReader, Kind, ReadError, Reader, Scalar, ValueSpan, unescape};

/// The `format` of Apollo's manifests, and the only version of it.
pub(super) const APOLLO_FORMAT: &str = "apollo-persisted-query-manifest";
pub(super) const APOLLO_VERSION: &str = "1";

/// Reads a manifest.
///
/// # Errors
/// It is not JSON or of no known form, or has two texts for one id.
pub fn read(source: &Arc<SourceText>) -> Result<Manifest, Box<Diagnostic>> {
    let start = match source.text.strip_prefix('\u{feff}') {
        Some(_) => '\u{feff}'.len_utf8(),
        None => 0,
    };
    let reader = JsonReader::over(&source.text[start..]);
    let mut reading = ManifestReader {
        source,
        start,
        reader: reader.map_err(|error| not_json(source, start, &error))?,
    };
    let members = reading.members()?;
    let documents = match members.apollo(&reading)? {
        Some(operations) => operations,
        None => members.by_id,
    };
    if documents.is_empty() {
        return Err(reading.problem("the manifest has no operations", 0..0));
    }
    without_doubled_ids(&reading, documents)
}

/// Reads one file.
struct ManifestReader<'s> {
    source: &'s Arc<SourceText>,
    /// Where JSON begins.
    start: usize,
    reader: JsonReader<'s>,
}

type Problem = Box<Diagnostic>;

/// The members of a manifest of any form.
#[derive(Default)]
struct Members {
    format: Option<(String, ValueSpan)>,
    version: Option<(String, ValueSpan)>,
    /// `operations`, if it is a list.
    operations: Option<Vec<ManifestDocument>>,
    /// Members that are strings.
    by_id: Vec<ManifestDocument>,
}

impl Members {
    /// The operations of Apollo's form; `None` if it is another form.
    fn apollo(
        &self,
        reading: &ManifestReader<'_>,
    ) -> Result<Option<Vec<ManifestDocument>>, Problem> {
        let Some(operations) = &self.operations else {
            return Ok(None);
        };
        match &self.format {
            Some((format, _)) if format == APOLLO_FORMAT => {}
            Some((format, at)) => {
                let message = format!("`format` is \"{format}\", not \"{APOLLO_FORMAT}\"");
                return Err(reading.problem(&message, at.range()));
            }
            None => {
                let message =
                    format!("a manifest with `operations` needs `format`: \"{APOLLO_FORMAT}\"");
                return Err(reading.problem(&message, 0..0));
            }
        }
        match &self.version {
            Some((version, _)) if version == APOLLO_VERSION => Ok(Some(operations.clone())),
            Some((version, at)) => {
                let message = format!(
                    "`version` is {version}, and only version {APOLLO_VERSION} can be read"
                );
                Err(reading.problem(&message, at.range()))
            }
            None => {
                let message = format!("the manifest has no `version`: {APOLLO_VERSION}");
                Err(reading.problem(&message, 0..0))
            }
        }
    }
}

impl<'s> ManifestReader<'s> {
    fn members(&mut self) -> Result<Members, Problem> {
        let mut members = Members::default();
        if self.read(|reader| reader.peek())? != Kind::Object {
            return Err(self.problem("a manifest is a JSON object", 0..0));
        }
        self.read(|reader| reader.enter_object())?;
        while let Some(key) = self.read(|reader| reader.next_key())? {
            let kind = self.read(|reader| reader.peek())?;
            let span = self.span_of(kind)?;
            match (key.as_str(), kind) {
                ("operations", Kind::List) => members.operations = Some(self.operations()?),
                ("version", Kind::Number) => {
                    members.version = Some((self.text(span).to_owned(), span))
                }
                ("format", Kind::String) => {
                    let format = unescape(self.text(span)).into_owned();
                    members.format = Some((format, span));
                }
                (id, Kind::String) => members.by_id.push(self.document(id, span)),
                (name, kind) => {
                    let message = format!(
                        "`{name}` is {}: a manifest maps ids to operation texts, or has the format of Apollo",
                        kind.describe()
                    );
                    return Err(self.problem(&message, span.range()));
                }
            }
        }
        self.read(|reader| reader.finish())?;
        Ok(members)
    }

    /// The span of the next value, which is consumed unless it is a list; that of a list is empty.
    fn span_of(&mut self, kind: Kind) -> Result<ValueSpan, Problem> {
        match kind {
            Kind::List => Ok(ValueSpan::default()),
            _ => self.read(|reader| reader.capture()),
        }
    }

    fn operations(&mut self) -> Result<Vec<ManifestDocument>, Problem> {
        let mut documents = Vec::new();
        self.read(|reader| reader.enter_list())?;
        while self.read(|reader| reader.next_element())? {
            documents.push(self.operation()?);
        }
        Ok(documents)
    }

    /// `{id, name, type, body}`; the name and the type are in the body, too.
    fn operation(&mut self) -> Result<ManifestDocument, Problem> {
        let (mut id, mut body) = (None, None);
        let mut at = ValueSpan::default();
        if self.read(|reader| reader.peek())? != Kind::Object {
            let at = self.read(|reader| reader.capture())?;
            return Err(self.problem("an operation of a manifest is an object", at.range()));
        }
        self.read(|reader| reader.enter_object())?;
        while let Some(key) = self.read(|reader| reader.next_key())? {
            let wanted = match key.as_str() {
                "id" => &mut id,
                "body" => &mut body,
                _ => {
                    at = self.read(|reader| reader.capture())?;
                    continue;
                }
            };
            match self.reader.peek().and_then(|kind| match kind {
                Kind::Object | Kind::List => self.reader.capture().map(|_| None),
                _ => self.reader.scalar().map(Some),
            }) {
                Ok(Some(Scalar::String(span))) => {
                    *wanted = Some(span);
                    at = span;
                }
                Ok(_) => {
                    let message = format!("`{}` of an operation must be a string", key.as_str());
                    return Err(self.problem(&message, at.range()));
                }
                Err(error) => return Err(not_json(self.source, self.start, &error)),
            }
        }
        match (id, body) {
            (Some(id), Some(body)) => {
                let id = unescape(self.text(id));
                Ok(self.document(&id, body))
            }
            (None, _) => Err(self.problem("an operation of the manifest has no `id`", at.range())),
            (_, None) => {
                Err(self.problem("an operation of the manifest has no `body`", at.range()))
            }
        }
    }

    fn document(&self, id: &str, literal: ValueSpan) -> ManifestDocument {
        // Spans of a reader fit into 32 bits, and the mark before them has three bytes.
        let start = u32::try_from(self.start).unwrap_or_default();
        ManifestDocument {
            id: id.into(),
            text: unescape(self.text(literal)).into(),
            literal: ValueSpan {
                start: literal.start + start,
                end: literal.end + start,
            },
        }
    }

    fn text(&self, span: ValueSpan) -> &'s str {
        self.reader.slice(span)
    }

    fn read<T>(
        &mut self,
        read: impl FnOnce(&mut JsonReader<'s>) -> Result<T, ReadError>,
    ) -> Result<T, Problem> {
        read(&mut self.reader).map_err(|error| not_json(self.source, self.start, &error))
    }

    fn problem(&self, message: &str, range: std::ops::Range<usize>) -> Problem {
        problem(
            self.source,
            message,
            self.start + range.start..self.start + range.end,
        )
    }
}

/// A problem of a manifest, at these bytes of the file.
fn problem(source: &Arc<SourceText>, message: &str, range: std::ops::Range<usize>) -> Problem {
    let problem = Diagnostic::error(&gateway_code::INVALID_MANIFEST, "", message);
    let source = Arc::clone(source);
    Box::new(problem.at(Some(Span { source, range })))
}

fn not_json(source: &Arc<SourceText>, start: usize, error: &ReadError) -> Problem {
    let at = start + error.offset as usize;
    let message = format!("the manifest is not JSON: {}", error.fault);
    problem(source, &message, at..at)
}

/// An id stands for one text. That the same text is there twice is no problem.
fn without_doubled_ids(
    reading: &ManifestReader<'_>,
    documents: Vec<ManifestDocument>,
) -> Result<Manifest, Problem> {
    let mut by_id: HashMap<Arc<str>, usize> = HashMap::with_capacity(documents.len());
    let mut kept: Vec<ManifestDocument> = Vec::with_capacity(documents.len());
    for document in documents {
        match by_id.get(&document.id) {
            None => {
                by_id.insert(Arc::clone(&document.id), kept.len());
                kept.push(document);
            }
            Some(first) if kept[*first].text == document.text => {}
            Some(first) => {
                let message = format!("the id `{}` has two texts", document.id);
                let range = |one: &ManifestDocument| one.literal.range();
                let other = Some(Span {
                    source: Arc::clone(reading.source),
                    range: range(&kept[*first]),
                });
                let problem = problem(reading.source, &message, range(&document));
                return Err(Box::new(problem.label(other, "the other text")));
            }
        }
    }
    Ok(Manifest { documents: kept })
}

#[cfg(test)]
#[path = "read_tests.rs"]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests;
