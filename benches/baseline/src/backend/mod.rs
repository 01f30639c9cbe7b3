//! Backends written by hand, one file per query: what a developer would write for this query and nothing else.
//!
//! Each parses the request's body, has a client with pooled connections, and uses typed structs that borrow from the received
//! bytes. Like the gateway by default, it logs failures and no successful requests.

mod client;
mod district;
mod federation;
mod greet;
mod join;
mod kept;
pub(crate) mod large;
mod memory;
mod posts;
mod text;
mod titles;

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;

use crate::graphql;

/// Why there is no response.
pub(crate) type Failed = Box<dyn Error + Send + Sync>;

/// Responds to its one query.
trait Backend: Send + Sync + 'static {
    /// The whole response.
    fn answer(&self) -> impl Future<Output = Result<Bytes, Failed>> + Send;
}

/// Runs the backend of this name against an upstream, until the process ends.
pub(crate) async fn serve(name: &str, upstream: &str) -> Result<(), Failed> {
    match name {
        "join" => listen(join::Join::new(upstream)?).await,
        "titles" => listen(titles::Titles::new(upstream)?).await,
        "greet" => listen(greet::Greet).await,
        "federation" => listen(federation::Federation::new(upstream)?).await,
        "large" => listen(large::Large::new(upstream)?).await,
        "kept" => listen(kept::Kept::new(upstream)?).await,
        "memory" => listen(memory::Memory::new(upstream).await?).await,
        "district" => listen(district::District::new(upstream).await?).await,
        _ => Err(format!("there is no backend {name}").into()),
    }
}

async fn listen<B: Backend>(backend: B) -> Result<(), Failed> {
    let router = Router::new()
        .route("/graphql", post(answer::<B>))
        .with_state(Arc::new(backend));
    Ok(sangam_harness::listen::serve(router).await?)
}

async fn answer<B: Backend>(State(backend): State<Arc<B>>, body: Bytes) -> Response {
    if !graphql::is_request(&body) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    match backend.answer().await {
        Ok(answer) => graphql::json(answer),
        Err(error) => {
            eprintln!("{error}");
            StatusCode::BAD_GATEWAY.into_response()
        }
    }
}
