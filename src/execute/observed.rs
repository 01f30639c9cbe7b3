//! What operators see of each call: a span, and a line in the log when a department does not answer.
//!
//! Fields are those that `observe` allows; no URL, header or body is among them.

use tracing::Span;
use tracing::field::Empty;

use super::call::Called;
use super::call::Landed;
use super::context::Runtime;
use crate::cache::CacheState;
use crate::plan::{Call, Fetch};

/// The span of one call.
pub(super) fn span(runtime: &Runtime, fetch: &Fetch) -> Span {
    let (connector, coordinate) = names(runtime, fetch);
    tracing::info_span!(
        "fetch",
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

/// Records what came of it. Counting is done where calls are made, in the caches.
pub(super) fn record(span: &Span, called: &Called) {
    match &called.landed {
        Landed::Documents { pages, .. } => {
            let mut bytes = 0;
            for page in pages {
                bytes += page.document.body.len();
                span.record("status", page.document.status);
                span.record("cache", page.state.as_str());
            }
            span.record("bytes", bytes);
        }
        Landed::Kept => {
            span.record("cache", CacheState::Hit.as_str());
        }
        Landed::MappingOnly => {}
        Landed::Unrendered(error) => {
            span.record("kind", "INVALID");
            span.in_scope(|| tracing::warn!(error = %error, "a request could not be rendered"));
        }
        Landed::Failed(error) => {
            span.record("kind", error.kind.as_str());
            span.record("otel.status_code", "ERROR");
            span.in_scope(|| tracing::warn!(error = error.detail, "a department did not answer"));
        }
    }
}
