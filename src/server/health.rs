//! `/health/live` and `/health/ready`.
//!
//! Live: the process responds. Ready: it serves and is not stopping. An upstream that is down changes neither, nor does a
//! connector that is set aside: their fields are null with an error, and the gateway serves the rest. With `?details`, the
//! response has the state of each connector, if the setting `own_fields` shows them to clients.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::{RawQuery, State};
use bytes::Bytes;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use super::state::ServerState;

type Health = (StatusCode, [(http::HeaderName, &'static str); 2], Bytes);

fn health(status: StatusCode, body: impl Into<Bytes>) -> Health {
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "no-store"),
    ];
    (status, headers, body.into())
}

/// `/health/live`
pub(super) async fn live() -> Health {
    health(StatusCode::OK, "{\"status\":\"live\"}\n")
}

/// `/health/ready`
pub(super) async fn ready(
    State(state): State<Arc<ServerState>>,
    RawQuery(query): RawQuery,
) -> Health {
    let (status, word) = match state.stopping.load(Ordering::Relaxed) {
        true => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
        false => (StatusCode::OK, "ready"),
    };
    let parameters = query.unwrap_or_default();
    let mut parameters = parameters.split('&');
    let details = ["details", "details=true", "details=1"];
    let states = match parameters.any(|parameter| details.contains(&parameter)) {
        true => state.executor.states().await,
        false => None,
    };
    let Some(states) = states else {
        return health(status, format!("{{\"status\":\"{word}\"}}\n"));
    };
    let mut body = format!("{{\"status\":\"{word}\",\"connectors\":").into_bytes();
    body.extend(states);
    body.extend(b"}\n");
    health(status, body)
}
