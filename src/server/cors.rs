//! CORS from the settings: which origins may send requests from a browser.

use http::header::{AGE, ETAG, RETRY_AFTER};
use http::{HeaderName, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::config::{AllowedOrigin, Cors};

/// The CORS layer; `None` when the settings allow no origin.
pub(super) fn layer(settings: &Cors) -> Option<CorsLayer> {
    if settings.origins.is_empty() {
        return None;
    }
    let origins = if settings.origins.contains(&AllowedOrigin::Any) {
        AllowOrigin::any()
    } else {
        let allowed = settings.origins.clone();
        AllowOrigin::predicate(move |origin, _| {
            allowed.iter().any(|one| one.allows(origin.as_bytes()))
        })
    };
    // Pages may read other headers of our responses without being allowed to, such as Cache-Control.
    let exposed = [
        AGE,
        ETAG,
        RETRY_AFTER,
        HeaderName::from_static("x-request-id"),
    ];
    Some(
        CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([Method::GET, Method::POST])
            .allow_headers(settings.headers.clone())
            .expose_headers(exposed)
            .allow_credentials(settings.credentials)
            .max_age(settings.max_age),
    )
}
