//! A payload of a response, as it is sent to clients and stored.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::HeaderValue;

use super::content_coding::ContentCoding;

/// A part of a response that is sent at once: a JSON object with `data`, `errors` and `extensions`.
///
/// The response to a query or a mutation has one payload.
#[derive(Debug, Clone)]
pub struct Payload {
    /// The JSON text.
    pub body: Bytes,
    /// No other payload follows. Known with the payload, so that a response with one payload has a known length.
    pub is_last: bool,
    /// For a cached response, what is computed from its body once.
    pub memo: Option<Arc<PayloadMemo>>,
}

/// What is computed from the body of a cached payload when a client first needs it. The server computes it.
#[derive(Debug, Default)]
pub struct PayloadMemo {
    compressed: [OnceLock<Bytes>; ContentCoding::ALL.len()],
    /// The entity tags of the body, by content coding.
    pub tags: OnceLock<Box<[HeaderValue; ContentCoding::ALL.len()]>>,
}

impl PayloadMemo {
    /// The body in a coding other than [`ContentCoding::Identity`].
    pub fn compressed(&self, coding: ContentCoding) -> &OnceLock<Bytes> {
        &self.compressed[coding.index()]
    }
}

impl Payload {
    /// The only payload of a response.
    pub fn only(body: Bytes) -> Payload {
        Payload {
            body,
            is_last: true,
            memo: None,
        }
    }
}
