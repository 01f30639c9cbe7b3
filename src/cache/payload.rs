//! A payload of a response, as it is sent to clients and stored.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

/// A part of a response that is sent at once: a JSON object with `data`, `errors` and `extensions`.
///
/// The response to a query or a mutation has one payload.
#[derive(Debug, Clone)]
pub struct Payload {
    /// The JSON text.
    pub body: Bytes,
    /// No other payload follows. Known with the payload, so that a response with one payload has a known length.
    pub is_last: bool,
    /// For a cached response, the cell that holds its compressed body. The server fills it when it first compresses it.
    pub compressed: Option<Arc<OnceLock<Bytes>>>,
}

impl Payload {
    /// The only payload of a response.
    pub fn only(body: Bytes) -> Payload {
        Payload {
            body,
            is_last: true,
            compressed: None,
        }
    }
}
