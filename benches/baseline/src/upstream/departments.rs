//! The stand-ins of the seven departments, as `make demo` starts them, but without delay.
//!
//! One thing is added: answers that say nothing about caching get an hour. Only the grievances' service needs it (the
//! schema gives all others their lifetimes); without, its answers would be asked for with every request, and a row that
//! is about documents from the cache would measure that service.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::http::HeaderValue;
use axum::http::header;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use sangam_demo::Options;
use sangam_demo::Standin;
use sangam_demo::departments;
use sangam_demo::start_with;

/// Where each department answers, by its name: `/addresses`.
pub(crate) type Addresses = BTreeMap<String, String>;

pub(super) async fn serve() -> Result<(), Box<dyn Error>> {
    let mut standins: Vec<Standin> = Vec::new();
    let mut settings = String::new();
    for department in departments() {
        let router = (department.router)().layer(map_response(with_lifetime));
        let options = Options {
            record: false,
            ..Options::default()
        };
        let standin = start_with(department.name, router, options).await?;
        settings.push_str(&department.settings(&standin.url()));
        settings.push('\n');
        standins.push(standin);
    }
    let addresses: Addresses = standins
        .iter()
        .map(|standin| (standin.name().to_owned(), standin.url()))
        .collect();
    let standins = Arc::new(standins);
    let calls = async move || {
        let calls: u64 = standins.iter().map(Standin::call_count).sum();
        calls.to_string()
    };
    let router = Router::new()
        .route("/calls", get(calls))
        .route("/settings", get(async move || settings))
        .route("/addresses", get(async move || Json(addresses)));
    Ok(crate::listen::serve(router).await?)
}

async fn with_lifetime(mut response: Response) -> Response {
    let headers = response.headers_mut();
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("max-age=3600"),
        );
    }
    response
}
