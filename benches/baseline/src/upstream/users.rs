//! `/users/{id}` and `/users/{id}/posts`, for every id: for requests of which no two are the same. Answers may be kept for an hour.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use serde_json::Value;

use super::{Calls, cache_control, data, json};

struct Upstream {
    /// What stands behind the id in the document of a user.
    users: Vec<String>,
    /// The posts of a user.
    posts: Vec<Bytes>,
    calls: Calls,
}

pub(super) async fn serve() -> io::Result<()> {
    let calls = Calls::default();
    let behind = |id| {
        let mut user = data::user(id);
        if let Value::Object(members) = &mut user {
            members.remove("id");
        }
        user.to_string().replacen('{', ",", 1)
    };
    let posts_of = |user| {
        let posts = (1..=data::POSTS).filter(|id| data::author(*id) == user);
        Bytes::from(posts.map(data::post).collect::<Value>().to_string())
    };
    let upstream = Arc::new(Upstream {
        users: (1..=data::USERS).map(behind).collect(),
        posts: (1..=data::USERS).map(posts_of).collect(),
        calls: calls.clone(),
    });
    let router = Router::new()
        .route("/users/{id}", get(user))
        .route("/users/{id}/posts", get(posts))
        .with_state(upstream);
    sangam_harness::listen::serve(calls.beside(router)).await
}

async fn user(State(upstream): State<Arc<Upstream>>, Path(id): Path<usize>) -> Response {
    upstream.calls.count();
    let behind = &upstream.users[id % upstream.users.len()];
    let body = format!("{{\"id\":{id}{behind}");
    json(Bytes::from(body), cache_control("kept"))
}

async fn posts(State(upstream): State<Arc<Upstream>>, Path(id): Path<usize>) -> Response {
    upstream.calls.count();
    let posts = upstream.posts[id % upstream.posts.len()].clone();
    json(posts, cache_control("kept"))
}
