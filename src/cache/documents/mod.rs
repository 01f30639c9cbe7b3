//! The way from the executor to an upstream. It turns a rendered request into a document: from the cache, from a
//! running call of another request, or from the upstream.
//!
//! The path of one call:
//!
//! 1. The executor gives an [`UpstreamCall`] to [`Documents::fetch`] ([`reading`]), or representations of entities to
//!    [`Documents::entities`] ([`entities`]), which looks for each entity by itself and fetches the others.
//! 2. [`reading`] looks into the [backend](super::backend). If it has nothing usable, it joins the flight of the same
//!    request or starts one; a call that may not be cached is sent at once. The client's request is counted at its
//!    connector while it waits ([`bulkhead`](super::bulkhead)).
//! 3. [`calling`] sends the request, computes how long the document may be used, and stores it.
//! 4. Before it stores the document, [`verdict`] asks the caller whether it is a success that can be read to its end.
//! 5. The result is a [`Fetched`] ([`fetched`]): the document, its age, and where it came from.
//!
//! A mutation takes another path ([`mutating`]): it is sent without the caches, and advances the epoch when it ends.
//!
//! Invariants:
//!
//! - A read never uses a document that is older than the last mutation that this gateway sent to the connector and that
//!   has ended. Documents and flights have the connector's epoch. A mutation advances it when it ends, and when its
//!   client stops waiting, unless it was provably refused
//!   ([`Outcome::Refused`](crate::source::Outcome::Refused)). A mutation
//!   that declares which fields it changes advances only the epochs of these fields. Reads that begin before a mutation
//!   has ended count as reads before it.
//! - However frequent mutations are, at most [`flight::MAX_FLIGHTS_PER_KEY`](super::flight::MAX_FLIGHTS_PER_KEY) calls
//!   for one document run at a time.
//! - Nothing is stored without the caller's [`Verdict`]. A document of one subject is not given to another one: the
//!   subject is in the key.
//! - A document that may be cached is shared by all reads that want it. One that may not be cached is shared by the reads
//!   that want it while its call is under way, if [`sharing`](super::sharing) allows it: whether it does may be known only
//!   after the response, and then all but the first call the upstream themselves.
//! - A request that waits for an upstream counts towards the limit of its connector; a request that waits for another
//!   request's call is counted separately ([`bulkhead`](super::bulkhead)).
//! - A mutation runs as a task of its own: if its client disconnects, the upstream must still get the whole request,
//!   and the epoch must advance when it has taken effect.

mod calling;
mod entities;
mod fetched;
mod lookup;
mod mutating;
mod reading;
mod verdict;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

pub use self::entities::{EntitiesCall, EntitySelection, FetchedEntities, Representation};
pub use self::fetched::Fetched;
use self::lookup::FlightOutcome;
pub use self::reading::{LookedUp, PendingRead};
pub use self::verdict::Verdict;
use super::backend::{Backend, MemoryBackend};
use super::bulkhead::Admissions;
use super::clock::{Clock, SystemClock, Timestamp};
use super::connector::{CachedConnector, SharedConnectorState};
use super::endpoint::Endpoint;
use super::entries::{Entries, StoreSize};
use super::entry::Document;
use super::epoch::Epochs;
use super::figures::Snapshot;
use super::flight::Flights;
use super::key::{Key, Subject};
use super::meter::LookupMeter;
use super::waiting::WaitingLimits;
use crate::connector::{Request, SchemaLifetime};
use crate::source::CallOptions;

/// One call.
#[derive(Debug)]
pub struct UpstreamCall<'a> {
    /// The endpoint to call.
    pub endpoint: &'a Arc<Endpoint>,
    /// The rendered request.
    pub request: Request,
    /// The bounds of the call.
    pub options: CallOptions,
    /// What caches may do.
    pub policy: Policy,
    /// The connectors that the client's request waits for.
    pub admissions: &'a Admissions,
}

/// What caches may do with a call.
#[derive(Debug, Clone, Copy)]
pub enum Policy {
    /// A call that changes something: caches take no part, and documents from before it are not used after it.
    Mutation,
    /// A read that must see the current state of the upstream, such as a lookup below a mutation.
    Uncached,
    /// A read.
    Read {
        /// The lifetime that the schema gives; `None`: the upstream's headers decide.
        lifetime: Option<SchemaLifetime>,
        /// Whose credentials or headers the request has. Without a subject, private documents are not stored.
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
    entries: Arc<dyn Entries<Arc<Document>>>,
    epochs: Arc<dyn Epochs>,
    flights: Arc<Flights<Key, FlightOutcome>>,
    clock: Arc<dyn Clock>,
    lookups: LookupMeter,
    entity_lookups: LookupMeter,
    connectors: Mutex<HashMap<String, Arc<SharedConnectorState>>>,
}

impl Documents {
    /// An empty cache of at most about `max_bytes`.
    pub fn new(max_bytes: u64) -> Documents {
        Documents::with_backend(&MemoryBackend, max_bytes)
    }

    /// The documents of a backend, of which at most about `max_bytes` are held in this process.
    pub fn with_backend(backend: &dyn Backend, max_bytes: u64) -> Documents {
        Documents::with_clock(backend, max_bytes, Arc::new(SystemClock))
    }

    /// The same with another clock.
    pub fn with_clock(backend: &dyn Backend, max_bytes: u64, clock: Arc<dyn Clock>) -> Documents {
        Documents {
            shared: Arc::new(Inner {
                entries: backend.documents(max_bytes),
                epochs: backend.epochs(),
                flights: Flights::new(),
                clock,
                lookups: LookupMeter::new("document"),
                entity_lookups: LookupMeter::new("entity"),
                connectors: Mutex::default(),
            }),
        }
    }

    /// A connector. Connectors of the same name share epoch and figures, so that a new configuration
    /// can replace the old one while that still executes requests.
    pub fn connector(&self, name: &str) -> Arc<CachedConnector> {
        self.bounded_connector(name, WaitingLimits::NONE)
    }

    /// The same with limits: if so many requests wait for it, the calls of further requests are refused.
    pub fn bounded_connector(&self, name: &str, limits: WaitingLimits) -> Arc<CachedConnector> {
        let mut connectors = self
            .shared
            .connectors
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let state = connectors.entry(name.to_owned()).or_insert_with(|| {
            let epochs = Arc::clone(&self.shared.epochs);
            Arc::new(SharedConnectorState::new(name, epochs))
        });
        let state = Arc::clone(state);
        CachedConnector::new(name, state, limits)
    }

    /// The figures of all connectors, by name.
    pub fn figures(&self) -> Vec<(String, Snapshot)> {
        let connectors = self
            .shared
            .connectors
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut figures: Vec<_> = connectors
            .iter()
            .map(|(name, state)| (name.clone(), state.figures().snapshot()))
            .collect();
        figures.sort_by(|a, b| a.0.cmp(&b.0));
        figures
    }

    /// Updates the weight of a cached document, after its memo has grown.
    pub fn update_weight(&self, fetched: &Fetched) {
        if let Some(key) = &fetched.key {
            self.shared.entries.update_weight(key, &fetched.document);
        }
    }

    /// Removes a cached document, after it turned out that it cannot be used.
    pub fn forget(&self, fetched: &Fetched) {
        if let Some(key) = &fetched.key {
            self.shared.entries.remove(key, &fetched.document);
        }
    }

    /// The number of entries, and their weight.
    pub fn size(&self) -> StoreSize {
        self.shared.entries.size()
    }

    /// The clock that ages are measured by.
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }
}

#[cfg(test)]
mod tests;
