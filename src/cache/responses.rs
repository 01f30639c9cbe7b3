//! The cache of responses to clients, as the bytes that were sent: a hit parses and copies nothing. Only responses with
//! one payload are stored.

use std::sync::Arc;
use std::time::Duration;

use super::backend::{Backend, MemoryBackend};
use super::cache_state::CacheState;
use super::clock::{Clock, SystemClock};
use super::entries::{Answer, Entries, StoreSize};
use super::entry::compact;
use super::epoch::Epochs;
use super::key::ResponseKey;
use super::meter::LookupMeter;
use super::payload::Payload;
use super::provenance::Provenance;
use super::stored_response::{self, StoredResponse};
use crate::observe::scope;

/// Responses by [`ResponseKey`].
#[derive(Debug)]
pub struct Responses {
    entries: Arc<dyn Entries<Arc<StoredResponse>>>,
    epochs: Arc<dyn Epochs>,
    clock: Arc<dyn Clock>,
    lookups: LookupMeter,
}

/// A response from the cache.
#[derive(Debug, Clone)]
pub struct Served {
    /// Its only payload, with what was computed from its body.
    pub payload: Payload,
    /// Client request headers that it depends on, in lower case.
    pub vary: Arc<[String]>,
    /// How much longer it is fresh.
    pub fresh_for: Duration,
    /// The same in the client's own cache.
    pub private_fresh_for: Duration,
    /// Caches may not use it when it is stale.
    pub must_revalidate: bool,
    /// The age of its oldest part.
    pub age: Option<Duration>,
    /// For one subject only.
    pub private: bool,
}

impl Responses {
    /// An empty cache of at most about `max_bytes`.
    pub fn new(max_bytes: u64) -> Responses {
        Responses::with_backend(&MemoryBackend, max_bytes)
    }

    /// The responses of a backend, of which at most about `max_bytes` are held in this process.
    pub fn with_backend(backend: &dyn Backend, max_bytes: u64) -> Responses {
        Responses::with_clock(backend, max_bytes, Arc::new(SystemClock))
    }

    /// The same with another clock.
    pub fn with_clock(backend: &dyn Backend, max_bytes: u64, clock: Arc<dyn Clock>) -> Responses {
        Responses {
            entries: backend.responses(max_bytes),
            epochs: backend.epochs(),
            clock,
            lookups: LookupMeter::new("response"),
        }
    }

    /// A response that is fresh, and not older than the last mutation of a connector that it was read from.
    pub async fn get(&self, key: &ResponseKey) -> Option<Served> {
        let stored = match self.entries.get(&(*key).into()) {
            Answer::Now(stored) => stored,
            answer => self.current(answer).await,
        };
        let response = stored.and_then(|stored| {
            let usable = self.usable(&stored);
            if usable.is_none() {
                self.lookups.stale();
                self.entries.is_stale(&(*key).into());
            }
            usable
        });
        self.lookups.count(match response {
            Some(_) => CacheState::Hit,
            None => CacheState::Miss,
        });
        response
    }

    /// The same, if it is there without a wait. Only a hit counts as a lookup.
    pub fn get_now(&self, key: &ResponseKey) -> Option<Served> {
        let Answer::Now(stored) = self.entries.get(&(*key).into()) else {
            return None;
        };
        let served = self.usable(&*stored?)?;
        self.lookups.count(CacheState::Hit);
        Some(served)
    }

    /// Counts a lookup that has found nothing, after [`Responses::get_now`].
    pub fn missed(&self) {
        self.lookups.count(CacheState::Miss);
    }

    /// How much longer a response is fresh that is held in this process; `None` if there is none that may be used. It does
    /// not count as a lookup.
    pub fn fresh_for(&self, key: &ResponseKey) -> Option<Duration> {
        match self.entries.get(&(*key).into()) {
            Answer::Now(stored) => Some(self.usable(&*stored?)?.fresh_for),
            Answer::Later(_) => None,
        }
    }

    /// Waits for a response, and then for the epochs with which it is compared.
    async fn current(
        &self,
        answer: Answer<Option<Arc<StoredResponse>>>,
    ) -> Option<Arc<StoredResponse>> {
        let stored = answer.wait().await??;
        let counters = stored.provenance.counters();
        self.epochs.refresh(counters).wait().await?;
        Some(stored)
    }

    fn usable(&self, stored: &StoredResponse) -> Option<Served> {
        let now = self.clock.now();
        let fresh_for = stored.provenance.fresh_for(now)?;
        if !stored.provenance.is_current() {
            return None;
        }
        Some(Served {
            payload: stored.payload.clone(),
            vary: Arc::clone(&stored.vary),
            fresh_for,
            private_fresh_for: stored.provenance.private_fresh_for(now, fresh_for),
            must_revalidate: stored.provenance.must_revalidate(),
            age: stored.provenance.age(now),
            private: stored.provenance.is_private(),
        })
    }

    /// Stores a response by its first payload, if that is its only one, its provenance allows it, and it is worth storing.
    /// The stored one shares its memo.
    pub fn put(
        &self,
        key: ResponseKey,
        first: &Payload,
        vary: &Arc<[String]>,
        provenance: &Provenance,
    ) {
        let now = self.clock.now();
        if !first.is_last || provenance.fresh_for(now).is_none() || !provenance.is_current() {
            return;
        }
        let key = key.into();
        if !self
            .entries
            .wants(&key, stored_response::weight(&first.body))
        {
            return;
        }
        let response = StoredResponse {
            payload: Payload {
                body: compact(&first.body),
                is_last: true,
                memo: Some(first.memo.clone().unwrap_or_default()),
            },
            vary: Arc::clone(vary),
            provenance: provenance.clone(),
            stored_at: now,
        };
        // The client does not wait for it.
        if let answer @ Answer::Later(_) = self.entries.put(key, Arc::new(response)) {
            scope::spawn_detached(async {
                answer.wait().await;
            });
        }
    }

    /// The number of entries, and their weight.
    pub fn size(&self) -> StoreSize {
        self.entries.size()
    }
}

#[cfg(test)]
#[path = "responses_tests.rs"]
mod tests;
