//! The result of a call, as it is ingested.

use std::borrow::Cow;

use tracing::Span;

use super::list_part::ListPart;
use crate::budget::Exceeded;
use crate::cache::Fetched;
use crate::connector::RenderError;
use crate::errors::ErrorKind;
use crate::source::{Outcome, SourceError};

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
    /// The upstream denies access, and the call had credentials of the client.
    pub(crate) with_credentials: bool,
    /// The span of the call.
    pub(crate) span: Span,
}

/// Why a call has failed, as its documents show.
#[derive(Debug)]
pub(crate) struct CallFault {
    pub(crate) kind: ErrorKind,
    /// For operators.
    pub(crate) why: Cow<'static, str>,
    /// The client is at fault, and not the upstream.
    pub(crate) of_client: bool,
}

/// The kind of the failure that a response reports; `of_client` if it says that the client's input is wrong. If it says that
/// access is denied or that there is no such object, that stays: the client needs to know.
pub(crate) fn reported_kind(outcome: Outcome, of_client: bool) -> ErrorKind {
    match outcome.failure() {
        Some(kind @ (ErrorKind::Denied | ErrorKind::NotFound)) => kind,
        _ if of_client => ErrorKind::Invalid,
        kind => kind.unwrap_or(ErrorKind::Upstream),
    }
}

impl JudgedDocument {
    /// Reports the outcome of the call, after the document has been read.
    pub(crate) fn report(&self, fault: Option<&CallFault>) {
        let report = self.fetched.report.as_ref();
        let Some(fault) = fault else {
            if let Some(report) = report {
                report.succeeded();
            }
            return;
        };
        self.span.record("error.type", fault.kind.as_str());
        let of_client =
            fault.of_client || (fault.kind == ErrorKind::Denied && self.with_credentials);
        if !of_client && fault.kind.is_upstream_failure() {
            self.span.record("otel.status_code", "ERROR");
        }
        if let Some(report) = report {
            report.failed(fault.kind, of_client, &fault.why);
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
