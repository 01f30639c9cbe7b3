//! HTTP responses. Turns a [`GraphqlResponse`] into an HTTP response: status, media type and the headers for caches.

use bytes::Bytes;
use http::header::{AGE, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, VARY};
use http::{HeaderValue, Response, StatusCode};

use super::compression::Negotiated;
use super::media::MediaType;
use crate::gateway::{GraphqlResponse, RequestOutcome, ResponseCachePolicy};

/// An HTTP response whose body is complete before it is sent.
pub(super) type HttpResponse = Response<Bytes>;

/// Builds the HTTP response, without its body.
pub(super) fn http_response(
    response: &GraphqlResponse,
    media: MediaType,
    negotiated: Negotiated,
) -> HttpResponse {
    let mut http_response = HttpResponse::new(Bytes::new());
    *http_response.status_mut() = status(response.outcome, media);
    let headers = http_response.headers_mut();
    headers.reserve(8);
    if let Some(name) = negotiated.coding.name() {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    headers.insert(CONTENT_TYPE, media.header());
    if response.outcome == RequestOutcome::MethodNotAllowed {
        headers.insert(ALLOW, HeaderValue::from_static("POST"));
    }
    if response.outcome == RequestOutcome::Busy {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    headers.insert(
        CACHE_CONTROL,
        cache_control(response.cache, response.outcome),
    );
    if let (Some(age), Some(_)) = (response.cache.age, response.cache.max_age) {
        headers.insert(AGE, HeaderValue::from(age));
    }
    headers.insert(VARY, vary(&response.vary, negotiated.varies));
    http_response
}

fn status(outcome: RequestOutcome, media: MediaType) -> StatusCode {
    match (outcome, media) {
        (RequestOutcome::Executed, _) | (RequestOutcome::Refused, MediaType::Json) => {
            StatusCode::OK
        }
        (RequestOutcome::Refused, MediaType::GraphqlResponse) | (RequestOutcome::Malformed, _) => {
            StatusCode::BAD_REQUEST
        }
        // Whatever the media type: clients look into the body, and a proxy must not make it an error page.
        (RequestOutcome::NotPersisted, _) => StatusCode::OK,
        (RequestOutcome::MethodNotAllowed, _) => StatusCode::METHOD_NOT_ALLOWED,
        (RequestOutcome::Busy, _) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// `max-age` counts from when the response was created, so it is the remaining lifetime plus the age. If clients may use
/// the response for less time than shared caches, `s-maxage` has the time of these.
fn cache_control(policy: ResponseCachePolicy, outcome: RequestOutcome) -> HeaderValue {
    let fresh = policy.max_age.filter(|left| *left > 0);
    let Some(left) = fresh.filter(|_| outcome == RequestOutcome::Executed) else {
        return HeaderValue::from_static("no-store");
    };
    let scope = if policy.private { "private" } else { "public" };
    let own = policy.private_max_age.map_or(left, |own| own.min(left));
    if policy.private && own == 0 {
        return HeaderValue::from_static("no-store");
    }
    let age = policy.age.unwrap_or(0);
    // With nothing left, it is not fresh at any age.
    let of_client = if own == 0 { 0 } else { own.saturating_add(age) };
    let mut text = String::with_capacity(64);
    text.push_str(scope);
    text.push_str(", max-age=");
    text.push_str(itoa::Buffer::new().format(of_client));
    if own < left && !policy.private {
        text.push_str(", s-maxage=");
        text.push_str(itoa::Buffer::new().format(left.saturating_add(age)));
    }
    if policy.must_revalidate {
        text.push_str(", must-revalidate");
    }
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("no-store"))
}

/// The request headers that the response depends on. The CORS layer adds `Origin` itself.
fn vary(names: &[String], encoding: bool) -> HeaderValue {
    let base = match encoding {
        true => "accept, accept-encoding",
        false => "accept",
    };
    if names.is_empty() {
        return HeaderValue::from_static(base);
    }
    let mut text = String::from(base);
    let is_in_base = |name: &str| name == "accept" || (encoding && name == "accept-encoding");
    for name in names.iter().filter(|name| !is_in_base(name)) {
        text.push_str(", ");
        text.push_str(name);
    }
    // Header names are valid values. If one were not, `*` keeps shared caches from reusing the response.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("*"))
}
