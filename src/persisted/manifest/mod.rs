//! Manifests: the files in which the build of an app lists its operation texts with their ids.
//!
//! Two forms are common, and are recognised by their content:
//!
//! ```text
//! {"format": "apollo-persisted-query-manifest", "version": 1,
//!  "operations": [{"id": "…", "name": "A", "type": "query", "body": "query A { a }"}]}
//!
//! {"…": "query A { a }"}
//! ```
//!
//! `@apollo/generate-persisted-query-manifest` writes the first one; Relay's compiler (`persisted_queries.json`) and GraphQL Code
//! Generator (`persisted-documents.json`) write the second one.

mod read;
mod write;

use std::sync::Arc;

use crate::connector::diagnostic::{LineColumn, SourceText, Span, StringMap};
use crate::document::ValueSpan;

pub use read::read;
pub use write::{ManifestFormat, WrittenDocument, write};

/// What a manifest has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// In the order of the file.
    pub documents: Vec<ManifestDocument>,
}

/// An operation text of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestDocument {
    /// Its id.
    pub id: Arc<str>,
    /// The text.
    pub text: Arc<str>,
    /// Where the text is in the manifest, as a JSON string.
    pub literal: ValueSpan,
}

impl ManifestDocument {
    /// Where a position of the text is in the manifest, of which `source` is the content.
    pub fn place(&self, source: &Arc<SourceText>, at: LineColumn) -> Span {
        let whole = self.literal.range();
        let literal = source.text.get(whole.clone());
        let map = literal.and_then(|literal| StringMap::new(literal, &self.text));
        let text = Arc::new(SourceText {
            path: String::new(),
            text: self.text.to_string(),
        });
        let within = map.map(|map| map.range(text.word(at).range));
        Span {
            source: Arc::clone(source),
            range: match within {
                Some(within) => whole.start + within.start..whole.start + within.end,
                None => whole,
            },
        }
    }
}
