//! A document on its way to the executor, and where it came from.

use std::sync::Arc;
use std::time::Duration;

use super::super::clock::Timestamp;
use super::super::entry::Document;
use super::super::key::Key;
use crate::connector::SchemaLifetime;

/// How a document came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CacheState {
    /// From the cache.
    Hit,
    /// From the upstream, by this call, which may be stored.
    Miss,
    /// From the upstream, by another request's call.
    Shared,
    /// From the upstream, past all caches.
    Bypass,
}

impl CacheState {
    /// A word for logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            CacheState::Hit => "hit",
            CacheState::Miss => "miss",
            CacheState::Shared => "shared",
            CacheState::Bypass => "bypass",
        }
    }
}

/// A document, and where it came from.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The document.
    pub document: Arc<Document>,
    /// How it came.
    pub state: CacheState,
    /// Under which it is kept, where it was found there.
    pub(in crate::cache) key: Option<Key>,
    /// How old it is.
    pub age: Duration,
    /// How much longer it may be used, by its own lifetime and by that which the reader's schema gives; `None`: for this
    /// request only. Whether a mapping could use it is the executor's to know.
    pub fresh_for: Option<Duration>,
}

impl Fetched {
    /// `lifetime` is what the reader's schema gives. The document may have been fetched for a field that allows more.
    pub(super) fn new(
        document: Arc<Document>,
        state: CacheState,
        now: Timestamp,
        lifetime: Option<SchemaLifetime>,
    ) -> Fetched {
        let left = lifetime.map_or(Duration::MAX, |lifetime| {
            let since = now.since(document.received_at);
            lifetime.max_age.saturating_sub(since)
        });
        let fresh_for = document.fresh_for(now).map(|own| own.min(left));
        Fetched {
            age: document.age(now),
            fresh_for: fresh_for.filter(|left| !left.is_zero()),
            document,
            state,
            key: None,
        }
    }

    /// Found under this key.
    pub(super) fn under(self, key: Key) -> Fetched {
        Fetched {
            key: Some(key),
            ..self
        }
    }

    /// Whether it was found among what is kept, so that it may well be read again.
    pub fn is_cached(&self) -> bool {
        self.key.is_some()
    }
}
