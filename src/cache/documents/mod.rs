//! The one way from the executor to an upstream: a rendered request becomes a document, from the cache, from another
//! request's call that is under way, or from the upstream.
//!
//! The path of one call:
//!
//! 1. The executor gives a [`UpstreamCall`] to [`Documents::fetch`] ([`reading`]), or representations of entities to
//!    [`Documents::entities`] ([`entities`]), which looks for each entity by itself and fetches the others.
//! 2. [`reading`] looks into the store. Where nothing usable is there, it joins the flight of the same request or starts
//!    one; what may not be cached is called for at once. Either way the client's request is counted at its connector for as
//!    long as it waits ([`bulkhead`](super::bulkhead)).
//! 3. [`calling`] sends the request, works out how long the answer may be kept, and stores it.
//! 4. In between, [`verdict`] has the answer judged: the caller says whether it is a success that was read to its end.
//! 5. What comes out is a [`Fetched`] ([`fetched`]): the document, its age, and where it came from.
//!
//! A mutation takes another path ([`mutating`]): it is sent as it is, and moves the epoch on when it ends.
//!
//! What holds on all of them:
//!
//! - What a read may use is never older than the last mutation that this gateway sent to the connector and that has
//!   ended by then: documents and flights carry the connector's epoch, and a mutation moves it on when it ends, and when
//!   its client stops waiting for it. Only one that was provably refused does not (see [`proves_refusal`](verdict::proves_refusal)), and one that
//!   says which fields it changes moves on the epochs of these. Until a mutation has ended, reads are answered as if they
//!   came before it.
//! - Mutations may come as often as they like: the calls for one document that they cause are bounded by
//!   [`flight::MAX_FLIGHTS_PER_KEY`](super::flight::MAX_FLIGHTS_PER_KEY) at a time.
//! - Nothing is stored before the caller has said that it may be (see [`Verdict`]), and nothing that is stored for one
//!   subject is given to another: the subject is in the key.
//! - What may not be cached is not shared. Where the schema gives a lifetime that is known beforehand; where only the
//!   upstream's headers can, concurrent readers wait for the first answer, and call themselves if it may not be shared.
//!   An endpoint whose answers gave no lifetime lately is not waited for.
//! - A request that waits for an upstream counts towards what its connector may hold up; one that waits for another
//!   request's call counts apart ([`bulkhead`](super::bulkhead)).
//! - A mutation runs as a task of its own: a client that leaves in the middle must not leave the department with half a
//!   request, nor the caches with what was read before it took effect.

mod calling;
mod entities;
mod fetched;
mod mutating;
mod reading;
mod verdict;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use self::calling::FlightOutcome;
pub use self::entities::{EntitiesCall, EntitySelection, FetchedEntities, Representation};
pub use self::fetched::{CacheState, Fetched};
pub use self::verdict::Verdict;
use super::bulkhead::Admissions;
use super::clock::{Clock, SystemClock, Timestamp};
use super::entry::Document;
use super::flight::Flights;
use super::key::{Key, Subject};
use super::meter::LookupMeter;
use super::store::{Store, StoreSize};
use super::upstream::{Endpoint, Snapshot, Upstream, UpstreamState};
use crate::connector::{Request, SchemaLifetime};
use crate::source::{CallOptions, Source};

/// One call.
#[derive(Debug)]
pub struct UpstreamCall<'a> {
    /// How it is fetched.
    pub endpoint: &'a Arc<Endpoint>,
    /// What is sent.
    pub request: Request,
    /// Within which bounds.
    pub options: CallOptions,
    /// What caches may do.
    pub policy: Policy,
    /// The connectors that the request waits for for which this call is made.
    pub admissions: &'a Admissions,
}

/// What caches may do with a call.
#[derive(Debug, Clone, Copy)]
pub enum Policy {
    /// A call that changes something: sent as it is, and what was read before is not used after.
    Mutation,
    /// A read that must see the upstream as it is now, such as a lookup under a mutation.
    Uncached,
    /// A read.
    Read {
        /// The lifetime that the schema gives; `None`: the upstream's headers decide.
        lifetime: Option<SchemaLifetime>,
        /// Whose credentials or headers the request carries. Without one, private answers are not stored.
        subject: Option<Subject>,
    },
}

/// All documents and entities of this process.
#[derive(Debug)]
pub struct Documents {
    shared: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store<Arc<Document>>,
    flights: Arc<Flights<Key, FlightOutcome>>,
    clock: Arc<dyn Clock>,
    lookups: LookupMeter,
    entity_lookups: LookupMeter,
    upstreams: Mutex<HashMap<String, Arc<UpstreamState>>>,
}

impl Documents {
    /// An empty cache of at most about `max_bytes`.
    pub fn new(max_bytes: u64) -> Documents {
        Documents::with_clock(max_bytes, Arc::new(SystemClock))
    }

    /// The same by another clock.
    pub fn with_clock(max_bytes: u64, clock: Arc<dyn Clock>) -> Documents {
        Documents {
            shared: Arc::new(Inner {
                store: Store::new("documents", max_bytes),
                flights: Flights::new(),
                clock,
                lookups: LookupMeter::new("document"),
                entity_lookups: LookupMeter::new("entity"),
                upstreams: Mutex::default(),
            }),
        }
    }

    /// A connector with its driver. A connector of the same name keeps its epoch and figures, so that a new
    /// configuration can take over while the old one still answers.
    pub fn upstream(&self, name: &str, driver: Arc<dyn Source>) -> Arc<Upstream> {
        self.bounded_upstream(name, driver, usize::MAX)
    }

    /// The same, for which at most `in_flight` requests wait for calls of their own at the same time: the calls of one
    /// more are refused.
    pub fn bounded_upstream(
        &self,
        name: &str,
        driver: Arc<dyn Source>,
        in_flight: usize,
    ) -> Arc<Upstream> {
        let mut upstreams = self
            .shared
            .upstreams
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let state = upstreams
            .entry(name.to_owned())
            .or_insert_with(|| Arc::new(UpstreamState::new(name)));
        let state = Arc::clone(state);
        Upstream::new(name, driver, state, in_flight)
    }

    /// The figures of every connector that was ever called for, by name.
    pub fn figures(&self) -> Vec<(String, Snapshot)> {
        let upstreams = self
            .shared
            .upstreams
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut figures: Vec<_> = upstreams
            .iter()
            .map(|(name, state)| (name.clone(), state.figures().snapshot()))
            .collect();
        figures.sort_by(|a, b| a.0.cmp(&b.0));
        figures
    }

    /// Weighs a kept document again: its reader has noted more about it.
    pub fn update_weight(&self, fetched: &Fetched) {
        if let Some(key) = &fetched.key {
            let is_this = |stored: &Arc<Document>| Arc::ptr_eq(stored, &fetched.document);
            self.shared.store.update_weight(key, is_this);
        }
    }

    /// Removes a kept document: its reader has found that it cannot be used.
    pub fn forget(&self, fetched: &Fetched) {
        let Some(key) = &fetched.key else { return };
        let is_this = |stored: Arc<Document>| Arc::ptr_eq(&stored, &fetched.document);
        if self.shared.store.get(key).is_some_and(is_this) {
            self.shared.store.remove(key);
        }
    }

    /// How much is stored.
    pub fn size(&self) -> StoreSize {
        self.shared.store.size()
    }

    /// Forgets everything that is stored.
    pub fn clear(&self) {
        self.shared.store.clear();
    }

    /// The clock that ages are measured by.
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }
}

#[cfg(test)]
mod tests;
