//! `/schema.graphql`: the public schema, as text.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;

use super::Shared;
use super::refusal::Refusal;

/// The schema, unless introspection is off.
pub(super) async fn schema(State(shared): State<Arc<Shared>>) -> Response {
    if !shared.introspection {
        return Refusal::no_such_path().into_response();
    }
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
    (headers, shared.executor.schema()).into_response()
}
