//! What both sides call. An upstream counts its calls, and tells their number under `/calls`. Its answers are made
//! beforehand: it must cost little, as it shares the machine with what is measured.

mod data;
mod departments;
mod files;
mod growth;
pub(crate) mod large;
mod posts;
mod selection;
mod services;
mod users;

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;

pub(crate) use self::departments::Addresses;
pub(crate) use self::files::{LENGTH, content};

/// Runs the upstream of this name, until the process is ended.
pub(crate) async fn serve(name: &str) -> Result<(), Box<dyn Error>> {
    match name {
        "posts" => posts::serve().await?,
        "services" => services::serve().await?,
        "large" => large::serve().await?,
        "users" => users::serve().await?,
        "files" => files::serve().await?,
        "departments" => departments::serve().await?,
        "growth" => growth::serve().await?,
        _ => return Err(format!("there is no upstream {name}").into()),
    }
    Ok(())
}

/// How many calls there were.
#[derive(Clone, Default)]
struct Calls(Arc<AtomicU64>);

impl Calls {
    fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// `/calls`, beside what is counted.
    fn beside(self, router: Router) -> Router {
        let tell = async move || self.0.load(Ordering::Relaxed).to_string();
        router.route("/calls", get(tell))
    }
}

/// Whether an answer may be kept: the first part of a path says it.
fn cache_control(keeping: &str) -> HeaderValue {
    match keeping {
        "kept" => HeaderValue::from_static("max-age=3600"),
        _ => HeaderValue::from_static("no-store"),
    }
}

fn json(body: Bytes, cache_control: HeaderValue) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        ),
        (header::CACHE_CONTROL, cache_control),
    ];
    (headers, body).into_response()
}

/// What a GraphQL service says to a request that it does not execute.
fn refuse(why: &str) -> Response {
    let body = serde_json::json!({ "errors": [{ "message": why }] }).to_string();
    (StatusCode::BAD_REQUEST, body).into_response()
}
