//! What operators see of each call: a span.
//!
//! A call is one request to an upstream, or a cached document; a paginated field makes several. Spans and log lines
//! have only the fields that `observe` allows: no URL, header or body. The caches count and log calls
//! ([`CallReport`](crate::cache::CallReport)), since they also know of calls that outlive the request. Whether a response
//! is a failure is known when it has been read: [`JudgedDocument::report`](crate::response::outcome::JudgedDocument).

use std::sync::Arc;

use http::HeaderValue;
use tokio::time::Instant;
use tracing::Span;
use tracing::field::Empty;

use super::context::{RequestContext, Runtime};
use crate::cache::{CacheState, Endpoint, Fetched};
use crate::connector::RenderError;
use crate::errors::ErrorKind;
use crate::observe;
use crate::observe::TraceContext;
use crate::plan::{Fetch, FetchCall};
use crate::source::{SourceError, SourceErrorKind};

/// One call that has not ended. If the request stops waiting for it, it is dropped without [`Observed::end`].
pub(super) struct Observed<'a> {
    runtime: &'a Runtime,
    fetch: &'a Fetch,
    deadline: Instant,
    ended: bool,
    /// A disabled span unless spans are exported.
    pub(super) span: Span,
}

impl<'a> Observed<'a> {
    /// Begins a call. The operation stops waiting for it at the deadline.
    pub(super) fn begin(runtime: &'a Runtime, fetch: &'a Fetch, deadline: Instant) -> Self {
        Observed {
            runtime,
            fetch,
            deadline,
            ended: false,
            span: span(runtime, fetch),
        }
    }

    /// Records its result; `None` if all entities were cached. The span ends when the response has been read.
    pub(super) fn end(mut self, called: Option<&Result<Fetched, SourceError>>) -> Span {
        self.ended = true;
        // Recording looks its fields up by their names, also in a disabled span.
        if self.span.is_disabled() {
            return Span::none();
        }
        match called {
            None => {
                self.span.record("sangam.cache", CacheState::Hit.as_str());
            }
            Some(Ok(fetched)) => {
                if let Some(status) = fetched.document.envelope.status() {
                    let status = i64::from(status.number);
                    self.span.record("http.response.status_code", status);
                }
                let bytes = i64::try_from(fetched.document.received).unwrap_or(i64::MAX);
                self.span.record("sangam.bytes", bytes);
                self.span.record("sangam.cache", fetched.state.as_str());
            }
            Some(Err(error)) => self.failed(error.kind),
        }
        self.span.clone()
    }

    fn failed(&self, kind: SourceErrorKind) {
        self.span.record("error.type", kind.as_str());
        self.span.record("otel.status_code", "ERROR");
    }
}

impl Drop for Observed<'_> {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        if Instant::now() >= self.deadline {
            self.failed(SourceErrorKind::Timeout);
            if let Some(endpoint) = endpoint(self.runtime, self.fetch) {
                endpoint.operation_was_late();
            }
        } else {
            // The client disconnected, which is no failure of the upstream.
            self.span.record("error.type", "CANCELLED");
        }
    }
}

fn span(runtime: &Runtime, fetch: &Fetch) -> Span {
    let (connector, coordinate) = names(runtime, fetch);
    tracing::info_span!(
        "fetch",
        otel.name = format!("fetch {coordinate}"),
        otel.kind = "internal",
        otel.status_code = Empty,
        sangam.connector = connector,
        sangam.coordinate = coordinate,
        sangam.bytes = Empty,
        sangam.cache = Empty,
        http.response.status_code = Empty,
        "error.type" = Empty,
    )
}

/// The `traceparent` that is sent to the upstream.
pub(super) fn traceparent(span: &Span, request: &RequestContext) -> Option<TraceContext> {
    Some(observe::call_trace_context(span, request.trace?))
}

/// The `tracestate` that is sent to the upstream.
pub(super) fn tracestate(request: &RequestContext) -> Option<HeaderValue> {
    request.trace?;
    request.trace_state.clone()
}

fn names<'r>(runtime: &'r Runtime, fetch: &Fetch) -> (&'r str, &'r str) {
    let service = &runtime.connectors[fetch.subgraph.0 as usize];
    let coordinate = endpoint(runtime, fetch).map_or("", |endpoint| endpoint.coordinate());
    (&service.name, coordinate)
}

fn endpoint<'r>(runtime: &'r Runtime, fetch: &Fetch) -> Option<&'r Arc<Endpoint>> {
    let service = &runtime.connectors[fetch.subgraph.0 as usize];
    let index = match &fetch.call {
        FetchCall::Connect { connect, .. } => *connect,
        _ => 0,
    };
    service.endpoints.get(index)
}

/// Logs a request that could not be rendered.
pub(super) fn unrendered(runtime: &Runtime, fetch: &Fetch, error: &RenderError) {
    let (connector, coordinate) = names(runtime, fetch);
    tracing::warn!(
        connector,
        coordinate,
        kind = ErrorKind::Invalid.as_str(),
        error = %error,
        "a request could not be rendered"
    );
}
