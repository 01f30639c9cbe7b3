//! A file of 1 GB, for which no memory is needed: `/recording` says where it is, `/content` sends it, and `/keep` counts the
//! bytes that it gets.

use std::convert::Infallible;
use std::io;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};

use super::{Calls, cache_control, json};

/// The bytes of the file.
pub(crate) const LENGTH: usize = 1_000_000_000;

/// The bytes of one piece of it.
const PIECE: usize = 100_000;

/// The content of the file: one piece in memory, which is sent over and over.
pub(crate) fn content() -> impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
    stream::repeat(Bytes::from(vec![b'x'; PIECE]))
        .take(LENGTH / PIECE)
        .map(Ok)
}

pub(super) async fn serve() -> io::Result<()> {
    let calls = Calls::default();
    let router = Router::new()
        .route("/recording", get(recording))
        .route("/content", get(send))
        .route("/keep", post(keep))
        .with_state(calls.clone());
    sangam_harness::listen::serve(calls.beside(router)).await
}

async fn recording(State(calls): State<Calls>) -> Response {
    calls.count();
    let body = Bytes::from_static(br#"{"content":"content"}"#);
    json(body, cache_control("no-store"))
}

async fn send(State(calls): State<Calls>) -> Response {
    calls.count();
    let headers = [
        (header::CONTENT_TYPE, "video/mp4".to_owned()),
        (header::CONTENT_LENGTH, LENGTH.to_string()),
    ];
    (headers, Body::from_stream(content())).into_response()
}

async fn keep(State(calls): State<Calls>, body: Body) -> Response {
    calls.count();
    let mut length = 0;
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(piece) => length += piece.len(),
            Err(_) => return StatusCode::BAD_REQUEST.into_response(),
        }
    }
    let body = Bytes::from(format!("{{\"length\":{length}}}"));
    json(body, cache_control("no-store"))
}
