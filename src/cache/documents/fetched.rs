//! A document with its cache state, as the executor gets it.

use std::sync::Arc;

use super::super::cache_state::CacheState;
use super::super::call_report::CallReport;
use super::super::clock::Timestamp;
use super::super::endpoint::Endpoint;
use super::super::entry::Document;
use super::super::key::Key;
use crate::connector::SchemaLifetime;
use crate::source::UpstreamResponse;

/// A document with its times and cache state. The times need no clock when a response is made of the document.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The document.
    pub document: Arc<Document>,
    /// Where it came from.
    pub state: CacheState,
    /// Its key, if it was found in the cache.
    pub(in crate::cache) key: Option<Key>,
    /// When its age was zero.
    pub born: Timestamp,
    /// Until when it may be used, by its own lifetime and by the lifetime that the schema gives; `None`: only for this
    /// request.
    pub fresh_until: Option<Timestamp>,
    /// The same in a client's own cache, if that is less.
    pub private_fresh_until: Option<Timestamp>,
    /// Whether another request for the same may use what is made of it.
    pub may_be_shared: bool,
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
        let by_schema =
            lifetime.map(|lifetime| document.received_at.min(now).plus(lifetime.max_age));
        let limited = |until: Timestamp| by_schema.map_or(until, |longest| until.min(longest));
        let fresh_until = document.fresh_until(now).map(limited);
        Fetched {
            born: document.born(now),
            fresh_until: fresh_until.filter(|until| now < *until),
            private_fresh_until: document.private_fresh_until(now).map(limited),
            document,
            state,
            key: None,
            may_be_shared: true,
            report: None,
        }
    }

    /// An event of a subscription, which an upstream sent without being asked. It is stored nowhere.
    pub fn of_event(answer: UpstreamResponse, endpoint: &Endpoint, now: Timestamp) -> Fetched {
        let epoch = endpoint.epoch().now();
        let document = Document::new(answer, endpoint.stored_headers(), now, epoch);
        Fetched::new(Arc::new(document), CacheState::Bypass, now, None)
    }

    /// Sets the key under which it was found.
    pub(super) fn under(self, key: Key) -> Fetched {
        Fetched {
            key: Some(key),
            ..self
        }
    }

    /// Sets whether another request may use what is made of it.
    pub(super) fn shared_if(self, may_be_shared: bool) -> Fetched {
        Fetched {
            may_be_shared,
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
