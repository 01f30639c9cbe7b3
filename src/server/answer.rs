//! From a [`GraphqlResponse`] to an HTTP answer: its status, its media type, how long it may be kept and by whom.

use axum::body::Body;
use axum::response::Response;
use http::header::{AGE, ALLOW, CACHE_CONTROL, CONTENT_TYPE, VARY};
use http::{HeaderValue, StatusCode};

use super::media::Media;
use crate::gateway::{GraphqlResponse, Outcome, ResponseCachePolicy};

/// Writes the answer.
pub(super) fn answer(response: GraphqlResponse, media: Media) -> Response {
    let mut answer = Response::new(Body::from(response.body));
    *answer.status_mut() = status(response.outcome, media);
    let headers = answer.headers_mut();
    headers.reserve(6);
    headers.insert(CONTENT_TYPE, media.header());
    if response.outcome == Outcome::MutationNotAllowed {
        headers.insert(ALLOW, HeaderValue::from_static("POST"));
    }
    headers.insert(
        CACHE_CONTROL,
        cache_control(response.cache, response.outcome),
    );
    if let (Some(age), Some(_)) = (response.cache.age, response.cache.max_age) {
        headers.insert(AGE, HeaderValue::from(age));
    }
    headers.insert(VARY, vary(&response.vary));
    answer
}

fn status(outcome: Outcome, media: Media) -> StatusCode {
    match (outcome, media) {
        (Outcome::Executed, _) | (Outcome::Refused, Media::Json) => StatusCode::OK,
        (Outcome::Refused, Media::GraphqlResponse) => StatusCode::BAD_REQUEST,
        (Outcome::MutationNotAllowed, _) => StatusCode::METHOD_NOT_ALLOWED,
    }
}

/// `max-age` counts from when the answer was made, so it holds the age as well as what is left.
fn cache_control(policy: ResponseCachePolicy, outcome: Outcome) -> HeaderValue {
    let fresh = policy.max_age.filter(|left| *left > 0);
    let Some(left) = fresh.filter(|_| outcome == Outcome::Executed) else {
        return HeaderValue::from_static("no-store");
    };
    let scope = if policy.private { "private" } else { "public" };
    let lifetime = left.saturating_add(policy.age.unwrap_or(0));
    let mut text = String::with_capacity(40);
    text.push_str(scope);
    text.push_str(", max-age=");
    text.push_str(itoa::Buffer::new().format(lifetime));
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("no-store"))
}

/// The layers for compression and CORS add the headers that they read themselves.
fn vary(names: &[String]) -> HeaderValue {
    if names.is_empty() {
        return HeaderValue::from_static("accept");
    }
    let mut text = String::from("accept");
    for name in names.iter().filter(|name| *name != "accept") {
        text.push_str(", ");
        text.push_str(name);
    }
    // Names of headers are valid values; if one were not, any answer differs from any other.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("*"))
}
