//! For the rows about growth: lists of any length under `/lists/{length}`, their ten users, and under `/large` a
//! document of ten million bytes of which one field is wanted.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;

use super::{Calls, cache_control, data, json};

/// The size of the large document.
const LARGE: usize = 10_000_000;

/// The longest list; shorter ones are its beginnings.
const LONGEST: u64 = 10_000;

struct Upstream {
    posts: Vec<String>,
    users: Vec<Bytes>,
    large: Bytes,
    calls: Calls,
}

pub(super) async fn serve() -> io::Result<()> {
    let calls = Calls::default();
    let upstream = Arc::new(Upstream {
        posts: (1..=LONGEST).map(|id| data::post(id).to_string()).collect(),
        users: data::users(),
        large: large(),
        calls: calls.clone(),
    });
    let router = Router::new()
        .route("/lists/{length}", get(list))
        .route("/users/{id}", get(user))
        .route("/large", get(large_document))
        .with_state(upstream);
    sangam_harness::listen::serve(calls.beside(router)).await
}

async fn list(State(upstream): State<Arc<Upstream>>, Path(length): Path<usize>) -> Response {
    upstream.calls.count();
    match upstream.posts.get(..length) {
        Some(posts) => json(
            Bytes::from(format!("[{}]", posts.join(","))),
            cache_control("no-store"),
        ),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn user(State(upstream): State<Arc<Upstream>>, Path(id): Path<u64>) -> Response {
    upstream.calls.count();
    match data::of_user(&upstream.users, id) {
        Some(user) => json(user.clone(), cache_control("no-store")),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn large_document(State(upstream): State<Arc<Upstream>>) -> Response {
    upstream.calls.count();
    json(upstream.large.clone(), cache_control("no-store"))
}

/// The field that is wanted stands at the end, behind all others.
fn large() -> Bytes {
    let end = r#"],"wanted":"found"}"#;
    let mut text = String::with_capacity(LARGE);
    text.push_str(r#"{"posts":["#);
    for id in 1.. {
        let post = data::post(id).to_string();
        if text.len() + post.len() + end.len() > LARGE {
            break;
        }
        if id > 1 {
            text.push(',');
        }
        text.push_str(&post);
    }
    text.push_str(end);
    text.push_str(&" ".repeat(LARGE - text.len()));
    Bytes::from(text)
}
