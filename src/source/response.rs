//! The response of an upstream, in the form that all wire protocols share.
//!
//! A driver hands out a *document*: one JSON text, whatever the format on the wire. The caches, the projections and the
//! memos read that text by spans, so that a number or a string goes from the upstream's body to the client's response
//! without a copy for each row; a reader behind a trait object would cost a call for each value. So a driver of JSON
//! returns the bytes that it received, and a driver of another format writes its document once for each call.

use std::time::{Duration, SystemTime};

use ::http::HeaderMap;
use bytes::Bytes;

use super::envelope::Envelope;
use crate::errors::ErrorKind;

/// The response of an upstream, a success or not.
#[derive(Debug, Clone)]
pub struct UpstreamResponse {
    /// Whether the upstream calls it a success.
    pub outcome: Outcome,
    /// The content: one JSON text; `null` if there is none.
    pub document: Bytes,
    /// How many bytes of content were received, without compression.
    pub received: usize,
    /// What mappings can read beside the document.
    pub envelope: Envelope,
    /// What the upstream says about how long the document may be kept.
    pub caching: CacheFacts,
    /// When a busy upstream accepts requests again.
    pub retry_after: Option<RetryAfter>,
}

impl UpstreamResponse {
    /// A success with this JSON text, about which the upstream says nothing else.
    pub fn new(document: Bytes) -> UpstreamResponse {
        UpstreamResponse {
            outcome: Outcome::Success,
            received: document.len(),
            document,
            envelope: Envelope::new(None, HeaderMap::new()),
            caching: CacheFacts::default(),
            retry_after: None,
        }
    }
}

/// What the upstream says about its own success. A connector's `isSuccess` may disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it was asked.
    Success,
    /// It refused the request, and has provably changed nothing.
    Refused(ErrorKind),
    /// It failed, and may have changed something.
    Failed(ErrorKind),
}

impl Outcome {
    /// The kind of failure; `None` for a success.
    pub fn failure(self) -> Option<ErrorKind> {
        match self {
            Outcome::Success => None,
            Outcome::Refused(kind) | Outcome::Failed(kind) => Some(kind),
        }
    }
}

/// When a busy upstream accepts requests again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// After so many seconds.
    Seconds(u64),
    /// From this time on.
    At(SystemTime),
}

/// What an upstream says about how long its response may be kept, in the terms of HTTP caching (RFC 9111). A driver of
/// another wire fills in what it knows; the default says nothing, so that only the schema can give a lifetime.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CacheFacts {
    /// It is a part of a document, or the response to a conditional request.
    pub partial: bool,
    /// It may be another one for every request: `Vary: *`.
    pub varies_on_anything: bool,
    /// It may not be stored.
    pub no_store: bool,
    /// It may not be used without revalidation.
    pub no_cache: bool,
    /// It is for one client only.
    pub private: bool,
    /// Shared caches may store it although the request had credentials (RFC 9111, section 3.5).
    pub public: bool,
    /// It may not be used when it is stale, whatever the two `stale` fields say.
    pub must_revalidate: bool,
    /// How long it is fresh.
    pub lifetime: Option<GivenLifetime>,
    /// How long it is fresh in a client's own cache, if `lifetime` is for shared caches only.
    pub private_lifetime: Option<GivenLifetime>,
    /// How long it may be served when it is stale, while a new document is fetched (RFC 5861).
    pub stale_while_revalidate: Duration,
    /// How long it may be served when it is stale and no new document can be fetched (RFC 5861).
    pub stale_if_error: Duration,
    /// How long ago a cache on the way has received it.
    pub age: Option<Duration>,
    /// When the upstream has made it.
    pub date: Option<SystemTime>,
}

/// How long an upstream calls its response fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GivenLifetime {
    /// Up to this age.
    For(Duration),
    /// Up to this time.
    Until(SystemTime),
    /// Not at all.
    Over,
}
