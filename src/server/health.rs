//! `/health/live` and `/health/ready`.
//!
//! Live: the process responds. Ready: it serves and is not stopping. An upstream that is down changes neither: its fields
//! are null with an error, and the gateway serves the rest.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::State;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use super::state::ServerState;

type Health = (
    StatusCode,
    [(http::HeaderName, &'static str); 2],
    &'static str,
);

fn health(status: StatusCode, body: &'static str) -> Health {
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "no-store"),
    ];
    (status, headers, body)
}

/// `/health/live`
pub(super) async fn live() -> Health {
    health(StatusCode::OK, "{\"status\":\"live\"}\n")
}

/// `/health/ready`
pub(super) async fn ready(State(state): State<Arc<ServerState>>) -> Health {
    if state.stopping.load(Ordering::Relaxed) {
        health(
            StatusCode::SERVICE_UNAVAILABLE,
            "{\"status\":\"stopping\"}\n",
        )
    } else {
        health(StatusCode::OK, "{\"status\":\"ready\"}\n")
    }
}
