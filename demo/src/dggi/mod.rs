//! The District Good Governance Index: a KPI service with an API key.
//!
//! Catalogues are read with GET, figures with POST. Every number is a string as it was entered or printed (`"19.21%,"`,
//! `"1,24,356"`, `"+0.0312"`, `"NA"`, `""`). Districts are identified by the department's own spelling or by their code, depending
//! on the operation. Failures have an HTTP status and their own envelope.

mod answer;
mod catalogue;
mod figures;
mod index;
mod operations;
mod reports;
mod rows;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Router, middleware};

/// Its part of `sangam.toml`.
pub const SETTINGS: &str = r#"
base_url = "{url}/api/v1"
config = { api_key = { sample = "sample-dggi-key" } }
"#;

/// The key that the stand-in accepts: a sample.
const API_KEY: &str = "sample-dggi-key";

/// The service, in its initial state.
pub fn router() -> Router {
    let operations = Router::new()
        .route("/sectors", get(operations::sectors))
        .route("/sectors/{code}", get(operations::sector))
        .route("/editions", get(operations::editions))
        .route("/editions/{code}", get(operations::edition))
        .route("/indicators", get(operations::indicators))
        .route("/indicators/{code}", get(operations::indicator))
        .route("/indicators/{code}/report", post(reports::of_indicator))
        .route("/sectors/{code}/report", post(reports::of_sector))
        .route("/datapoints/{code}", get(operations::data_point))
        .route("/scores", post(operations::scores))
        .route("/scorecards", post(operations::scorecards))
        .route("/history", post(operations::history))
        .route("/movers", post(operations::movers))
        .route("/totals", post(operations::totals))
        .route("/datapoints", post(operations::data_points))
        .layer(middleware::from_fn(signed_in));
    Router::new().nest("/api/v1", operations)
}

/// Refuses requests without the key.
async fn signed_in(request: Request, next: Next) -> Response {
    match request.headers().get("x-api-key") {
        Some(key) if key == API_KEY => next.run(request).await,
        _ => answer::refusal(),
    }
}
