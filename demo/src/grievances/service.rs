//! GraphQL over HTTP, as far as a gateway uses it.

use std::sync::Arc;

use async_graphql::{EmptySubscription, Request, Schema};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::json;

use super::register::{AS_OF, Register};
use super::reminder::Mutation;
use super::schema::Query;
use crate::closed::unless_open;
use crate::date::Date;

/// The service's schema.
pub(super) type Service = Schema<Query, Mutation, EmptySubscription>;

/// The service on the day on which its sample register stands.
pub fn router() -> Router {
    let today = Date::parse_iso(AS_OF).ok_or_else(|| "the day is no day".to_owned());
    unless_open(today.and_then(open).map(|service| {
        Router::new()
            .route("/graphql", post(answer))
            .with_state(service)
    }))
}

/// The schema over the committed register, on a given day.
pub(super) fn open(today: Date) -> Result<Service, String> {
    let register = Arc::new(Register::open(today)?);
    let schema = Schema::build(Query, Mutation, EmptySubscription);
    Ok(schema.data(register).enable_federation().finish())
}

async fn answer(State(service): State<Service>, headers: HeaderMap, body: Bytes) -> Response {
    let refusal = |status: StatusCode, message: &str| {
        (status, Json(json!({ "errors": [{ "message": message }] }))).into_response()
    };
    let key = headers
        .get("x-api-key")
        .and_then(|value| value.to_str().ok());
    if !key.is_some_and(|key| key.starts_with("sample-")) {
        return refusal(StatusCode::UNAUTHORIZED, "An API key is required");
    }
    match serde_json::from_slice::<Request>(&body) {
        Ok(request) => Json(service.execute(request).await).into_response(),
        Err(_) => refusal(StatusCode::BAD_REQUEST, "The body is not a GraphQL request"),
    }
}
