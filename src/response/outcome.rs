//! The result of a call, as it is ingested.

use crate::budget::Exceeded;
use crate::cache::Fetched;
use crate::connector::RenderError;
use crate::source::SourceError;

/// The result of a call.
#[derive(Debug)]
pub(crate) enum CallOutcome {
    /// The documents: one, or one per page.
    Documents {
        pages: Vec<JudgedDocument>,
        /// Why the list of all pages ends before its end.
        cut_off: Option<String>,
        /// The most items that the client wants.
        limit: Option<usize>,
    },
    /// The rest of the list cannot be read: what a page says about the next one is not what it must be.
    InvalidPage(String),
    /// The connect has no request: its mapping yields the value without a document.
    MappingOnly,
    /// No call was needed: all entities were cached.
    AllCached,
    /// The request for a page could not be rendered.
    Unrendered(RenderError),
    /// The document exceeds the bytes that the operation may hold.
    Exceeded(Exceeded),
    /// The upstream gave no response.
    Failed(SourceError),
}

/// A document, and whether its connect calls it a success.
#[derive(Debug)]
pub(crate) struct JudgedDocument {
    pub(crate) fetched: Fetched,
    /// By the connect's `isSuccess`, or by the status. True for a GraphQL service: its errors are located later.
    pub(crate) succeeded: bool,
}

/// The documents of a connect: one, or one per page.
pub(crate) struct ListOfPages<'a> {
    pub(crate) pages: &'a [JudgedDocument],
    /// Why the list ends before its end.
    pub(crate) cut_off: Option<&'a str>,
    /// The most items that the client wants.
    pub(crate) limit: Option<usize>,
}
