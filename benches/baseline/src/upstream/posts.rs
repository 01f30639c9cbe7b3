//! `/posts` and `/users/{id}`, under `/no-store` (answers forbid to keep them) and under `/kept` (an hour).

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;

use super::{Calls, cache_control, data, json};

struct Upstream {
    posts: Bytes,
    users: Vec<Bytes>,
    calls: Calls,
}

pub(super) async fn serve() -> io::Result<()> {
    let calls = Calls::default();
    let upstream = Arc::new(Upstream {
        posts: Bytes::from(data::posts(data::POSTS).to_string()),
        users: data::users(),
        calls: calls.clone(),
    });
    let router = Router::new()
        .route("/{keeping}/posts", get(posts))
        .route("/{keeping}/users/{id}", get(user))
        .with_state(upstream);
    sangam_harness::listen::serve(calls.beside(router)).await
}

async fn posts(State(upstream): State<Arc<Upstream>>, Path(keeping): Path<String>) -> Response {
    upstream.calls.count();
    json(upstream.posts.clone(), cache_control(&keeping))
}

async fn user(
    State(upstream): State<Arc<Upstream>>,
    Path((keeping, id)): Path<(String, u64)>,
) -> Response {
    upstream.calls.count();
    match data::of_user(&upstream.users, id) {
        Some(user) => json(user.clone(), cache_control(&keeping)),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
