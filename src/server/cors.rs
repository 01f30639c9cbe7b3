//! CORS from the settings: which origins may send requests from a browser.

use http::{HeaderName, HeaderValue, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::start_error::StartError;
use crate::config::Cors;

/// The CORS layer; `None` when the settings allow no origin.
pub(super) fn layer(settings: &Cors) -> Result<Option<CorsLayer>, StartError> {
    if settings.origins.is_empty() {
        return Ok(None);
    }
    let origins = if settings.origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(each(&settings.origins, "cors.origins", |text| {
            HeaderValue::from_str(text).ok()
        })?)
    };
    let headers: Vec<HeaderName> =
        each(&settings.headers, "cors.headers", |text| text.parse().ok())?;
    Ok(Some(
        CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([Method::GET, Method::POST])
            .allow_headers(headers)
            .expose_headers([HeaderName::from_static("x-request-id")])
            .allow_credentials(settings.credentials)
            .max_age(settings.max_age),
    ))
}

fn each<T>(
    texts: &[String],
    setting: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, StartError> {
    let parsed = texts.iter().map(|text| {
        parse(text).ok_or_else(|| StartError::new(format!("{setting}: {text:?} cannot be one")))
    });
    parsed.collect()
}
