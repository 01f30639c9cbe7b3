//! What operators see of each call: a span, and a line in the log when a department does not answer.
//!
//! A call is one request to a department, or what the caches have in its place; a paginated field makes several. Fields
//! are those that `observe` allows; no URL, header or body is among them. Counting is done where calls are made, in the
//! caches, which also know of calls that outlive the request.

use tracing::Span;
use tracing::field::Empty;

use super::context::{RequestContext, Runtime};
use crate::cache::{CacheState, Fetched};
use crate::connector::RenderError;
use crate::observe;
use crate::plan::{Call, Fetch};
use crate::source::SourceError;

/// The span of one call; it exists only where spans are exported.
pub(super) fn span(runtime: &Runtime, fetch: &Fetch) -> Span {
    let (connector, coordinate) = names(runtime, fetch);
    tracing::info_span!(
        observe::CALL_SPAN,
        otel.kind = "client",
        otel.status_code = Empty,
        connector,
        coordinate,
        status = Empty,
        bytes = Empty,
        cache = Empty,
        kind = Empty,
    )
}

/// What the department is told of the trace: `traceparent`.
pub(super) fn traceparent(span: &Span, request: &RequestContext) -> Option<[u8; 55]> {
    let place = observe::place_of_call(span, request.trace?);
    Some(place.header())
}

fn names<'r>(runtime: &'r Runtime, fetch: &Fetch) -> (&'r str, &'r str) {
    let service = &runtime.services[fetch.service.0 as usize];
    let place = match &fetch.call {
        Call::Connect { connect, .. } => *connect,
        _ => 0,
    };
    let endpoint = service.endpoints.get(place);
    let coordinate = endpoint.map_or("", |endpoint| endpoint.coordinate());
    (&service.name, coordinate)
}

/// Records what came of it; nothing where all entities had been kept.
pub(super) fn record(
    runtime: &Runtime,
    fetch: &Fetch,
    span: &Span,
    called: Option<&Result<Fetched, SourceError>>,
) {
    match called {
        None => {
            span.record("cache", CacheState::Hit.as_str());
        }
        Some(Ok(fetched)) => {
            span.record("status", fetched.document.status);
            span.record("bytes", fetched.document.body.len());
            span.record("cache", fetched.state.as_str());
        }
        Some(Err(error)) => {
            let (connector, coordinate) = names(runtime, fetch);
            let kind = error.kind.as_str();
            span.record("kind", kind);
            span.record("otel.status_code", "ERROR");
            tracing::warn!(
                connector,
                coordinate,
                kind,
                error = error.detail,
                "a department did not answer"
            );
        }
    }
}

/// Notes a request that could not even be written.
pub(super) fn unrendered(runtime: &Runtime, fetch: &Fetch, error: &RenderError) {
    let (connector, coordinate) = names(runtime, fetch);
    tracing::warn!(
        connector,
        coordinate,
        kind = "INVALID",
        error = %error,
        "a request could not be rendered"
    );
}
