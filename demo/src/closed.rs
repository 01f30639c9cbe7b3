//! What a stand-in answers when its committed data are wrong.

use axum::Router;
use axum::http::StatusCode;

/// A system that opens, or one that says to everybody why it could not.
pub(crate) fn unless_open(opened: Result<Router, String>) -> Router {
    opened.unwrap_or_else(|problem| {
        let text = format!("The stand-in's data are wrong: {problem}\n");
        Router::new().fallback(move || async move { (StatusCode::INTERNAL_SERVER_ERROR, text) })
    })
}
