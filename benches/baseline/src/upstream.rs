//! The upstream: `/posts` and `/users/{id}`, under `/no-store` (answers forbid to keep them) and under `/kept` (an
//! hour). `/calls` tells how many of these calls there were so far. Answers are made once: the upstream must cost little.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::Path;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;

use crate::data;

struct Upstream {
    posts: Bytes,
    users: Vec<Bytes>,
    calls: AtomicU64,
}

pub(crate) async fn serve() -> io::Result<()> {
    let upstream = Arc::new(Upstream {
        posts: Bytes::from(data::posts().to_string()),
        users: (1..=data::USERS)
            .map(|id| Bytes::from(data::user(id).to_string()))
            .collect(),
        calls: AtomicU64::new(0),
    });
    let router = Router::new()
        .route("/{keeping}/posts", get(posts))
        .route("/{keeping}/users/{id}", get(user))
        .route("/calls", get(calls))
        .with_state(upstream);
    crate::listen::serve(router).await
}

async fn posts(State(upstream): State<Arc<Upstream>>, Path(keeping): Path<String>) -> Response {
    upstream.answer(&keeping, &upstream.posts)
}

async fn user(
    State(upstream): State<Arc<Upstream>>,
    Path((keeping, id)): Path<(String, usize)>,
) -> Response {
    match id
        .checked_sub(1)
        .and_then(|index| upstream.users.get(index))
    {
        Some(user) => upstream.answer(&keeping, user),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn calls(State(upstream): State<Arc<Upstream>>) -> String {
    upstream.calls.load(Ordering::Relaxed).to_string()
}

impl Upstream {
    fn answer(&self, keeping: &str, body: &Bytes) -> Response {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let cache = match keeping {
            "kept" => HeaderValue::from_static("max-age=3600"),
            _ => HeaderValue::from_static("no-store"),
        };
        let headers = [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json; charset=utf-8"),
            ),
            (header::CACHE_CONTROL, cache),
        ];
        (headers, body.clone()).into_response()
    }
}
