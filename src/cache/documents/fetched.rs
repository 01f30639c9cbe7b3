//! A document with its cache state, as the executor gets it.

use std::sync::Arc;
use std::time::Duration;

use super::super::cache_state::CacheState;
use super::super::call_report::CallReport;
use super::super::clock::Timestamp;
use super::super::entry::Document;
use super::super::key::Key;
use crate::connector::SchemaLifetime;

/// A document with its age and cache state.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The document.
    pub document: Arc<Document>,
    /// Where it came from.
    pub state: CacheState,
    /// Its key, if it was found in the cache.
    pub(in crate::cache) key: Option<Key>,
    /// Its age.
    pub age: Duration,
    /// How much longer it may be used, by its own lifetime and by the lifetime that the schema gives; `None`: only for
    /// this request.
    pub fresh_for: Option<Duration>,
    /// The same in a client's own cache.
    pub private_fresh_for: Duration,
    /// The outcome of the call that it is from, unless it was found in the cache.
    pub report: Option<Arc<CallReport>>,
}

impl Fetched {
    /// `lifetime` is the one that the schema gives. The document may have been fetched for a field with a longer one.
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
        let fresh_for = document.fresh_for(now).map(|lifetime| lifetime.min(left));
        Fetched {
            age: document.age(now),
            fresh_for: fresh_for.filter(|left| !left.is_zero()),
            private_fresh_for: document.private_fresh_for(now).min(left),
            document,
            state,
            key: None,
            report: None,
        }
    }

    /// Sets the key under which it was found.
    pub(super) fn under(self, key: Key) -> Fetched {
        Fetched {
            key: Some(key),
            ..self
        }
    }

    /// Sets the report of the call that it is from.
    pub(super) fn reported_by(self, report: Option<Arc<CallReport>>) -> Fetched {
        Fetched { report, ..self }
    }

    /// Whether it was found in the cache, so that it is likely to be read again.
    pub fn is_cached(&self) -> bool {
        self.key.is_some()
    }
}
