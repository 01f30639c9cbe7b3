//! A lookup of a document that may be cached, and the result of its flight.

use std::sync::Arc;

use super::super::call_report::CallReport;
use super::super::entry::Document;
use super::super::flight::FlightMark;
use super::super::key::Key;
use crate::connector::SchemaLifetime;
use crate::source::SourceError;

/// The lookup of a read that may be cached.
#[derive(Debug, Clone, Copy)]
pub(super) struct DocumentLookup {
    /// The key of the flight.
    pub(super) key: Key,
    /// The key that is looked up. The same as `key` for a document; the first missing entity for a call of `_entities`.
    pub(super) lookup_key: Key,
    pub(super) epoch: u64,
    pub(super) rules: Rules,
    /// The mark after which it was looked up; `None` if the cache has not said yet whether it has it.
    pub(super) looked: Option<FlightMark>,
    /// Whether the cache may have the document. If not, only the call of another request is joined.
    pub(super) may_be_kept: bool,
}

/// The result of a flight.
#[derive(Debug, Clone)]
pub(super) struct FlightResult {
    pub(super) document: Arc<Document>,
    /// `None` if the document is a stored one.
    pub(super) report: Option<Arc<CallReport>>,
    /// Whether other waiters than the first may use it.
    pub(super) shareable: bool,
}

pub(super) type FlightOutcome = Result<FlightResult, SourceError>;

/// What decides a document's lifetime besides its headers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) lifetime: Option<SchemaLifetime>,
    pub(super) has_subject: bool,
    pub(super) has_credentials: bool,
}
