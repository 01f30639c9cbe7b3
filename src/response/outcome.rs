//! The result of a call, as it is ingested.

use tracing::Span;

use super::list_part::ListPart;
use crate::budget::Exceeded;
use crate::cache::Fetched;
use crate::connector::RenderError;
use crate::errors::ErrorKind;
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
        /// The part of the list that the client wants of a connection.
        part: Option<ListPart>,
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
    /// The span of the call.
    pub(crate) span: Span,
}

impl JudgedDocument {
    /// Reports the outcome of the call, after the document has been read: the kind of the failure, and the reason for
    /// operators.
    pub(crate) fn report(&self, failure: Option<(ErrorKind, &str)>) {
        let report = self.fetched.report.as_ref();
        let Some((kind, why)) = failure else {
            if let Some(report) = report {
                report.succeeded();
            }
            return;
        };
        self.span.record("error.type", kind.as_str());
        if kind.is_upstream_failure() {
            self.span.record("otel.status_code", "ERROR");
        }
        if let Some(report) = report {
            report.failed(kind, why);
        }
    }
}

/// The documents of a connect: one, or one per page.
pub(crate) struct ListOfPages<'a> {
    pub(crate) pages: &'a [JudgedDocument],
    /// Why the list ends before its end.
    pub(crate) cut_off: Option<&'a str>,
    /// The most items that the client wants.
    pub(crate) limit: Option<usize>,
    /// The part of the list that the client wants of a connection.
    pub(crate) part: Option<&'a ListPart>,
}
