//! The Local Government Directory.

use axum::Router;

/// Its part of `sangam.toml`.
pub const SETTINGS: &str = r#"base_url = "{url}/lgdws""#;

/// The service, in its initial state.
pub fn router() -> Router {
    Router::new()
}
