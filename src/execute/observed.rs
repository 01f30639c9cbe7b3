//! What operators see of each call: a span, metrics, and a line in the log when a department does not answer.
//!
//! Fields are those that `observe` allows; no URL, header or body is among them.

use std::time::Duration;

use tracing::Span;
use tracing::field::Empty;

use super::call::Landed;
use super::context::Runtime;
use crate::cache::CacheState;
use crate::observe::metrics::{CACHE_LOOKUPS, FETCH_BYTES, FETCH_SECONDS, FETCHES};
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

/// Records what came of it.
pub(super) fn record(
    runtime: &Runtime,
    fetch: &Fetch,
    span: &Span,
    landed: &Landed,
    took: Duration,
) {
    let service = &runtime.services[fetch.service.0 as usize];
    let outcome = match landed {
        Landed::Documents { pages, .. } => {
            let (mut bytes, mut sent) = (0, false);
            for page in pages {
                let state = page.state.as_str();
                bytes += page.document.body.len();
                sent |= matches!(page.state, CacheState::Miss | CacheState::Bypass);
                span.record("status", page.document.status);
                span.record("cache", state);
                metrics::counter!(CACHE_LOOKUPS, "cache" => "document", "state" => state)
                    .increment(1);
            }
            span.record("bytes", bytes);
            if !sent {
                return;
            }
            let connector = service.name.to_string();
            metrics::counter!(FETCH_BYTES, "connector" => connector).increment(bytes as u64);
            "ok"
        }
        Landed::MappingOnly => return,
        Landed::Unrendered(error) => {
            span.record("kind", "INVALID");
            span.in_scope(|| tracing::warn!(error = %error, "a request could not be rendered"));
            "INVALID"
        }
        Landed::Failed(error) => {
            let kind = kind(error.kind);
            span.record("kind", kind);
            span.record("otel.status_code", "ERROR");
            span.in_scope(|| tracing::warn!(error = error.detail, "a department did not answer"));
            kind
        }
    };
    let connector = service.name.to_string();
    metrics::histogram!(FETCH_SECONDS, "connector" => connector.clone()).record(took.as_secs_f64());
    metrics::counter!(FETCHES, "connector" => connector, "outcome" => outcome).increment(1);
}

fn kind(kind: crate::source::SourceErrorKind) -> &'static str {
    use crate::source::SourceErrorKind;
    match kind {
        SourceErrorKind::Unreachable => "UNREACHABLE",
        SourceErrorKind::Timeout => "TIMEOUT",
        SourceErrorKind::TooLarge => "LIMIT",
        SourceErrorKind::BadAnswer => "BAD_ANSWER",
        SourceErrorKind::Busy => "BUSY",
        SourceErrorKind::Internal => "INTERNAL",
    }
}
