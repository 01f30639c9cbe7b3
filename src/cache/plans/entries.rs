//! The compiled operations that are stored, by what clients send for them.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use hashbrown::Equivalent;
use moka::sync::Cache;

use super::super::demand::Demand;
use super::super::entries::{ARC, PLACE};
use super::super::meter::EvictionMeter;

/// The weight of an entry.
pub trait Weighs {
    /// About the bytes that it holds.
    fn weight(&self) -> usize;
}

/// The compiled operations.
pub(super) struct PlanEntries<T> {
    pub(super) by_operation: Cache<PlanKey, Arc<T>, ahash::RandomState>,
    demand: Arc<Demand>,
    hasher: ahash::RandomState,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct PlanKey {
    pub(super) text: Arc<str>,
    /// The hash of the text, if it is what clients send.
    pub(super) sha256: Option<[u8; 32]>,
    pub(super) name: Option<Arc<str>>,
}

/// What a client has sent for an operation.
#[derive(Clone, Copy)]
pub(super) enum Sent<'a> {
    Text(&'a str),
    Sha256(&'a [u8; 32]),
}

/// A borrowed [`PlanKey`].
#[derive(Clone, Copy)]
pub(super) struct PlanKeyRef<'a> {
    pub(super) sent: Sent<'a>,
    pub(super) name: Option<&'a str>,
}

impl Hash for PlanKeyRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.sent {
            Sent::Text(text) => text.hash(state),
            Sent::Sha256(hash) => hash.hash(state),
        }
        self.name.hash(state);
    }
}

impl Hash for PlanKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let sent = PlanKeyRef {
            sent: match &self.sha256 {
                Some(hash) => Sent::Sha256(hash),
                None => Sent::Text(&self.text),
            },
            name: self.name.as_deref(),
        };
        sent.hash(state);
    }
}

impl Equivalent<PlanKey> for PlanKeyRef<'_> {
    fn equivalent(&self, key: &PlanKey) -> bool {
        let is_same = match self.sent {
            Sent::Text(text) => key.sha256.is_none() && *text == *key.text,
            Sent::Sha256(hash) => key.sha256.as_ref() == Some(hash),
        };
        is_same && self.name == key.name.as_deref()
    }
}

impl<T> Clone for PlanEntries<T> {
    fn clone(&self) -> PlanEntries<T> {
        PlanEntries {
            by_operation: self.by_operation.clone(),
            demand: Arc::clone(&self.demand),
            hasher: self.hasher.clone(),
        }
    }
}

impl<T: Weighs + Send + Sync + 'static> PlanEntries<T> {
    pub(super) fn new(max_bytes: u64) -> PlanEntries<T> {
        /// About the weight of a plan.
        const USUAL: u64 = 16 * 1024;
        let hasher = ahash::RandomState::new();
        let evictions = EvictionMeter::new("plan");
        let by_operation = Cache::builder()
            .name("plan")
            .max_capacity(max_bytes)
            .weigher(|operation: &PlanKey, compiled: &Arc<T>| {
                let weight = weight(operation, &**compiled);
                u32::try_from(weight).unwrap_or(u32::MAX)
            })
            .eviction_listener(move |_, _, cause| evictions.count(cause))
            .build_with_hasher(hasher.clone());
        PlanEntries {
            by_operation,
            demand: Arc::new(Demand::new("plan", max_bytes, USUAL)),
            hasher,
        }
    }

    /// The compiled operation, if it is stored.
    pub(super) fn get<Q>(&self, operation: &Q) -> Option<Arc<T>>
    where
        Q: Hash + Equivalent<PlanKey> + ?Sized,
    {
        self.by_operation.get(operation)
    }

    /// Stores an operation, unless there is no room for it and it was not wanted before.
    pub(super) fn store(&self, operation: PlanKey, compiled: &Arc<T>) {
        let entries = &self.by_operation;
        let hash = self.hasher.hash_one(&operation);
        let weight = weight(&operation, &**compiled) as u64;
        let used = entries.weighted_size();
        if self.demand.wants(hash, weight, used) {
            entries.insert(operation, Arc::clone(compiled));
        }
    }
}

/// The weight of an entry.
fn weight(operation: &PlanKey, compiled: &impl Weighs) -> usize {
    let key = size_of::<PlanKey>() + ARC + operation.text.len();
    let name = operation.name.as_deref().map_or(0, |name| ARC + name.len());
    PLACE + key + name + ARC + compiled.weight()
}
