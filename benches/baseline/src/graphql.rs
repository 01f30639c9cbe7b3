//! GraphQL over HTTP, as far as a backend for one query needs it.

use std::borrow::Cow;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// The body of a GraphQL request, read and parsed as any backend has to.
#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    query: Cow<'a, str>,
}

/// `{"data": …}`.
#[derive(Serialize)]
pub(crate) struct Answer<T> {
    pub(crate) data: T,
}

/// `{"posts": …}`.
#[derive(Serialize)]
pub(crate) struct Posts<T> {
    pub(crate) posts: T,
}

pub(crate) fn is_request(body: &[u8]) -> bool {
    serde_json::from_slice::<Request<'_>>(body).is_ok_and(|request| !request.query.is_empty())
}

pub(crate) fn json(body: Bytes) -> Response {
    let kind = HeaderValue::from_static("application/json; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}
