//! The cache of responses to clients, as the bytes that were sent: a hit parses and copies nothing. Only responses with
//! one payload are stored.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::clock::{Clock, SystemClock, Timestamp};
use super::documents::CacheState;
use super::key::ResponseKey;
use super::meter::LookupMeter;
use super::payload::Payload;
use super::provenance::Provenance;
use super::store::{Store, StoreSize, Stored};

/// Responses by [`ResponseKey`].
#[derive(Debug)]
pub struct Responses {
    store: Store<Arc<Response>>,
    clock: Arc<dyn Clock>,
    lookups: LookupMeter,
}

/// A stored response.
struct Response {
    payload: Payload,
    vary: Arc<[String]>,
    provenance: Provenance,
    stored_at: Timestamp,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({} bytes)", self.payload.body.len())
    }
}

impl Stored for Arc<Response> {
    fn weight(&self) -> usize {
        const FIXED: usize = 320;
        // The names in `vary` are shared by all responses of a plan. The compressed form of JSON takes less than half
        // of it.
        let length = self.payload.body.len();
        FIXED + length + length / 2
    }

    fn useful_for(&self) -> Duration {
        self.provenance
            .fresh_for(self.stored_at)
            .unwrap_or_default()
    }
}

/// A response from the cache.
#[derive(Debug, Clone)]
pub struct Served {
    /// Its only payload, with the cell for its compressed body.
    pub payload: Payload,
    /// Client request headers that it depends on, in lower case.
    pub vary: Arc<[String]>,
    /// How much longer it is fresh.
    pub fresh_for: Duration,
    /// The age of its oldest part.
    pub age: Option<Duration>,
    /// For one subject only.
    pub private: bool,
}

impl Responses {
    /// An empty cache of at most about `max_bytes`.
    pub fn new(max_bytes: u64) -> Responses {
        Responses::with_clock(max_bytes, Arc::new(SystemClock))
    }

    /// The same with another clock.
    pub fn with_clock(max_bytes: u64, clock: Arc<dyn Clock>) -> Responses {
        Responses {
            store: Store::new("responses", max_bytes),
            clock,
            lookups: LookupMeter::new("response"),
        }
    }

    /// A response that is fresh, and not older than the last mutation of a connector that it was read from.
    pub fn get(&self, key: &ResponseKey) -> Option<Served> {
        let response = self.find(key);
        self.lookups.count(match response {
            Some(_) => CacheState::Hit,
            None => CacheState::Miss,
        });
        response
    }

    fn find(&self, key: &ResponseKey) -> Option<Served> {
        let stored = self.store.get(&(*key).into())?;
        let now = self.clock.now();
        let fresh_for = stored.provenance.fresh_for(now)?;
        if !stored.provenance.is_current() {
            return None;
        }
        Some(Served {
            payload: stored.payload.clone(),
            vary: Arc::clone(&stored.vary),
            fresh_for,
            age: stored.provenance.age(now),
            private: stored.provenance.is_private(),
        })
    }

    /// Stores a response by its first payload, if that is its only one and its provenance allows it.
    pub fn put(
        &self,
        key: ResponseKey,
        first: &Payload,
        vary: Arc<[String]>,
        provenance: Provenance,
    ) {
        let now = self.clock.now();
        if !first.is_last || provenance.fresh_for(now).is_none() || !provenance.is_current() {
            return;
        }
        let response = Response {
            payload: Payload {
                compressed: Some(Arc::default()),
                ..first.clone()
            },
            vary,
            provenance,
            stored_at: now,
        };
        self.store.insert(key.into(), Arc::new(response));
    }

    /// The number of entries, and their weight.
    pub fn size(&self) -> StoreSize {
        self.store.size()
    }

    /// Removes all responses.
    pub fn clear(&self) {
        self.store.clear();
    }
}

#[cfg(test)]
#[path = "responses_tests.rs"]
mod tests;
