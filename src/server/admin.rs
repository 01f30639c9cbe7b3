//! The admin listener: `/metrics` and `/health`, protected by a token.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{Request, StatusCode};

use super::client_body::ClientBody;
use super::protocol::{Handler, ResponseFuture};
use super::state::ServerState;
use super::{dispatch, health};
use crate::config::Secret;

/// Handles the requests of the admin listener.
#[derive(Clone)]
pub(super) struct AdminHandler(Router);

impl AdminHandler {
    pub(super) fn new(state: Arc<ServerState>, token: Option<Secret>) -> AdminHandler {
        AdminHandler(router(state, token))
    }
}

impl Handler for AdminHandler {
    fn handle(&self, request: Request<ClientBody>) -> ResponseFuture {
        let router = self.0.clone();
        Box::pin(async move { dispatch::routed(router, request).await })
    }
}

/// The paths of the admin listener. The probes `/health/live` and `/health/ready` need no token.
fn router(state: Arc<ServerState>, token: Option<Secret>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/health", get(details))
        .layer(from_fn_with_state(Arc::new(token), require_token))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .with_state(state)
}

async fn require_token(
    State(token): State<Arc<Option<Secret>>>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let given = request.headers().get(AUTHORIZATION);
    let given = given.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let fits = match &*token {
        None => true,
        Some(token) => given.is_some_and(|given| token.matches(given)),
    };
    if fits {
        next.run(request).await
    } else {
        let headers = [(WWW_AUTHENTICATE, "Bearer")];
        (StatusCode::UNAUTHORIZED, headers, "a token is needed\n").into_response()
    }
}

async fn metrics(State(state): State<Arc<ServerState>>) -> impl IntoResponse {
    let headers = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (headers, state.metrics_page())
}

async fn details(State(state): State<Arc<ServerState>>) -> impl IntoResponse {
    let headers = [(CONTENT_TYPE, "application/json")];
    (headers, state.executor.details().await)
}
