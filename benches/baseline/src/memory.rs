//! The backend that has the answer in memory: it reads and parses the request, and sends bytes that it made when it
//! began.

use std::error::Error;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;

use crate::join::Joiner;
use crate::join::is_request;
use crate::join::json;

pub(crate) async fn serve(upstream: &str) -> Result<(), Box<dyn Error>> {
    let answer = async { Joiner::new(upstream)?.join().await };
    let bytes = answer.await.map_err(|error| error.to_string())?;
    let router = Router::new()
        .route("/graphql", post(answer_from_memory))
        .with_state(Bytes::from(bytes));
    Ok(crate::listen::serve(router).await?)
}

async fn answer_from_memory(State(answer): State<Bytes>, body: Bytes) -> Response {
    match is_request(&body) {
        true => json(answer),
        false => StatusCode::BAD_REQUEST.into_response(),
    }
}
