//! CORS from the settings: which origins may send requests from a browser.

use http::header::{AGE, CONTENT_DISPOSITION, ETAG, RETRY_AFTER};
use http::{HeaderName, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::config::{AllowedOrigin, Cors};

/// The CORS layer of named operations that have other origins than the endpoint; browsers send no cookies to them. `None` for
/// no origins.
pub(super) fn operations_layer(allowed: &[AllowedOrigin], settings: &Cors) -> Option<CorsLayer> {
    let layer = CorsLayer::new()
        .allow_origin(origins(allowed)?)
        .allow_methods([Method::GET, Method::HEAD, Method::POST])
        .allow_headers(settings.headers.clone())
        .expose_headers(exposed())
        .max_age(settings.max_age);
    Some(layer)
}

/// These origins; `None` if there are none.
fn origins(allowed: &[AllowedOrigin]) -> Option<AllowOrigin> {
    if allowed.is_empty() {
        return None;
    }
    if allowed.contains(&AllowedOrigin::Any) {
        return Some(AllowOrigin::any());
    }
    let allowed = allowed.to_vec();
    Some(AllowOrigin::predicate(move |origin, _| {
        allowed.iter().any(|one| one.allows(origin.as_bytes()))
    }))
}

/// The headers of responses that pages may read, besides those that they always may, such as `Cache-Control` and `Last-Modified`.
fn exposed() -> [HeaderName; 5] {
    [
        AGE,
        CONTENT_DISPOSITION,
        ETAG,
        RETRY_AFTER,
        HeaderName::from_static("x-request-id"),
    ]
}

/// The CORS layer; `None` when the settings allow no origin.
pub(super) fn layer(settings: &Cors) -> Option<CorsLayer> {
    let origins = origins(&settings.origins)?;
    Some(
        CorsLayer::new()
            .allow_origin(origins)
            // PUT and DELETE are for event streams with several operations.
            .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
            .allow_headers(settings.headers.clone())
            .expose_headers(exposed())
            .allow_credentials(settings.credentials)
            .max_age(settings.max_age),
    )
}
