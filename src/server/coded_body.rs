//! Gives a response its body, compressed as it was negotiated.

use http::header::{CONTENT_ENCODING, ETAG};

use super::response::HttpResponse;
use super::{compression, etag};
use crate::gateway::{ContentCoding, Payload};

/// The response with its body in a coding; uncompressed if compressing fails.
pub(super) async fn with_body(
    mut http: HttpResponse,
    payload: &Payload,
    coding: ContentCoding,
) -> HttpResponse {
    *http.body_mut() = match compression::body(payload, coding).await {
        Some(body) => body,
        None => {
            http.headers_mut().remove(CONTENT_ENCODING);
            if let Some(tag) = http.headers_mut().get_mut(ETAG) {
                *tag = etag::of(payload, ContentCoding::Identity);
            }
            payload.body.clone()
        }
    };
    http
}
