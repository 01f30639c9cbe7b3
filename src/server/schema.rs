//! `/schema.graphql`: the public schema, as text.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;

use super::refusal::HttpRefusal;
use super::state::ServerState;

/// The schema; 404 when introspection is off.
pub(super) async fn schema(State(state): State<Arc<ServerState>>) -> Response {
    if !state.introspection {
        return HttpRefusal::no_such_path().into_response();
    }
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
    (headers, state.executor.schema()).into_response()
}
