//! The response of a stand-in whose data files are invalid.

use axum::Router;
use axum::http::StatusCode;

/// The router of a system; if its data are invalid, a router that responds to every request with the reason.
pub(crate) fn unless_open(opened: Result<Router, String>) -> Router {
    opened.unwrap_or_else(|problem| {
        let text = format!("The stand-in's data are wrong: {problem}\n");
        Router::new().fallback(move || async move { (StatusCode::INTERNAL_SERVER_ERROR, text) })
    })
}
