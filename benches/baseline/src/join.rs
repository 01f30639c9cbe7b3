//! The backend that somebody writes for `{ posts { id userId title user { id name email } } }` alone: the list, then
//! each of its users once, all at the same time; nothing is kept from one request to the next.

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use futures_util::future::try_join_all;
use reqwest::Client;
use serde::Deserialize;
use serde::Serialize;

/// The body of a GraphQL request, read and parsed as any backend has to.
#[derive(Deserialize)]
pub(crate) struct GraphqlRequest<'a> {
    #[serde(borrow)]
    pub(crate) query: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Post<'a> {
    id: i64,
    #[serde(rename = "userId")]
    user_id: i64,
    #[serde(borrow)]
    title: Option<Cow<'a, str>>,
}

#[derive(Deserialize, Serialize)]
struct User<'a> {
    id: i64,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    email: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
struct Answer<'a> {
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    posts: Vec<JoinedPost<'a>>,
}

#[derive(Serialize)]
struct JoinedPost<'a> {
    id: i64,
    #[serde(rename = "userId")]
    user_id: i64,
    title: Option<&'a str>,
    user: Option<&'a User<'a>>,
}

/// The upstream as this backend calls it.
pub(crate) struct Joiner {
    client: Client,
    upstream: String,
}

type Failed = Box<dyn Error + Send + Sync>;

impl Joiner {
    pub(crate) fn new(upstream: &str) -> Result<Joiner, Failed> {
        Ok(Joiner {
            client: Client::builder().no_proxy().build()?,
            upstream: upstream.to_owned(),
        })
    }

    async fn get(&self, path: &str) -> Result<Bytes, reqwest::Error> {
        let url = format!("{}{path}", self.upstream);
        let response = self.client.get(url).send().await?.error_for_status()?;
        response.bytes().await
    }

    /// The whole answer.
    pub(crate) async fn join(&self) -> Result<Vec<u8>, Failed> {
        let body = self.get("/posts").await?;
        let posts: Vec<Post<'_>> = serde_json::from_slice(&body)?;
        let mut ids: Vec<i64> = Vec::new();
        for post in &posts {
            if !ids.contains(&post.user_id) {
                ids.push(post.user_id);
            }
        }
        let calls = ids
            .iter()
            .map(async |id| self.get(&format!("/users/{id}")).await);
        let bodies = try_join_all(calls).await?;
        let mut users: HashMap<i64, User<'_>> = HashMap::with_capacity(ids.len());
        for (id, body) in ids.iter().zip(&bodies) {
            users.insert(*id, serde_json::from_slice(body)?);
        }
        let posts = posts.iter().map(|post| JoinedPost {
            id: post.id,
            user_id: post.user_id,
            title: post.title.as_deref(),
            user: users.get(&post.user_id),
        });
        let data = Data {
            posts: posts.collect(),
        };
        Ok(serde_json::to_vec(&Answer { data })?)
    }
}

pub(crate) async fn serve(upstream: &str) -> Result<(), Box<dyn Error>> {
    let joiner = Joiner::new(upstream).map_err(|error| error.to_string())?;
    let router = Router::new()
        .route("/graphql", post(answer))
        .with_state(Arc::new(joiner));
    Ok(crate::listen::serve(router).await?)
}

async fn answer(State(joiner): State<Arc<Joiner>>, body: Bytes) -> Response {
    if !is_request(&body) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    match joiner.join().await {
        Ok(answer) => json(Bytes::from(answer)),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

pub(crate) fn is_request(body: &[u8]) -> bool {
    serde_json::from_slice::<GraphqlRequest<'_>>(body)
        .is_ok_and(|request| !request.query.is_empty())
}

pub(crate) fn json(body: Bytes) -> Response {
    let kind = HeaderValue::from_static("application/json; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}
