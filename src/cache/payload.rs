//! A payload of a response, as it is sent to clients and stored.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
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
    /// Bytes of the compressed bodies.
    bytes: AtomicUsize,
    compressed: [OnceLock<Bytes>; ContentCoding::ALL.len()],
    /// The text of a server-sent event with the body.
    pub event: OnceLock<Bytes>,
    /// The entity tags of the body, by content coding.
    pub tags: OnceLock<Box<[HeaderValue; ContentCoding::ALL.len()]>>,
}

impl PayloadMemo {
    /// The compressed body, if it is kept.
    pub fn compressed(&self, coding: ContentCoding) -> Option<Bytes> {
        self.compressed[coding.index()].get().cloned()
    }

    /// Keeps a compressed body if all of them have at most `room` bytes with it, and returns it, or the same body that was
    /// kept in the meantime. JSON in all codings is shorter than itself; what hardly gets shorter is not kept in each.
    pub fn keep(&self, coding: ContentCoding, body: Bytes, room: usize) -> Bytes {
        let length = body.len();
        let with = |bytes: usize| bytes.checked_add(length).filter(|sum| *sum <= room);
        if self.bytes.fetch_update(Relaxed, Relaxed, with).is_err() {
            return body;
        }
        let cell = &self.compressed[coding.index()];
        if cell.set(body.clone()).is_err() {
            self.bytes.fetch_sub(length, Relaxed);
        }
        cell.get().cloned().unwrap_or(body)
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
