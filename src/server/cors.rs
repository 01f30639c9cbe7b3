//! CORS from the settings: which origins may send requests from a browser.

use http::header::{
    ACCEPT_RANGES, AGE, CONTENT_DISPOSITION, CONTENT_RANGE, ETAG, IF_RANGE, RANGE, RETRY_AFTER,
};
use http::{HeaderName, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::operations::PARTIAL;
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

/// The CORS layer of files. Every page may read one: the URL is secret, and so is the permission; a page that has it was given it
/// by one that could read the response with it. Browsers send no cookies to it.
pub(super) fn files_layer(settings: &Cors) -> CorsLayer {
    let headers = settings.headers.iter().cloned();
    CorsLayer::new()
        .allow_origin(AllowOrigin::any())
        .allow_methods([Method::GET, Method::HEAD])
        .allow_headers(headers.chain([RANGE, IF_RANGE]).collect::<Vec<_>>())
        .expose_headers(exposed())
        .max_age(settings.max_age)
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
fn exposed() -> [HeaderName; 8] {
    [
        ACCEPT_RANGES,
        AGE,
        CONTENT_DISPOSITION,
        CONTENT_RANGE,
        ETAG,
        RETRY_AFTER,
        PARTIAL,
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
