//! Single flight: one computation for all requests that want the same result at the same time.
//!
//! A *flight* is a computation under a key, usually a call to an upstream. A *waiter* is a request that waits for its
//! result. When 50 requests miss the same document, the first one starts a flight, the other 49 join it, and all 50 get
//! the result of one call.
//!
//! [`Flights::join_since`] takes the lock of the key's shard and does one of four things, in this order:
//!
//! 1. If a flight of the key is new enough, it returns a waiter for it.
//! 2. If results are stored, and a flight may have ended since the caller looked into the cache, it returns [`NotJoined::Look`]: the result may
//!    be stored by now, so the caller looks once more and tries again.
//! 3. If [`MAX_FLIGHTS_PER_KEY`] flights are running, and all are too old, it returns [`NotJoined::Crowded`]: the
//!    caller waits for one to end and tries again.
//! 4. Otherwise it starts a flight and returns the first waiter.
//!
//! A caller that looks into a cache in memory, and so has the answer at once, takes a mark before ([`Flights::mark`]), and is
//! asked to look only if a flight has ended in between.
//!
//! The caller looks without the lock, because a lookup may wait for another system. Each shard counts the flights that
//! have ended. [`NotJoined::Look`] has that number, the caller passes it to the next attempt, and if it is still the
//! same, no result was stored in between. A flight of another key in the shard can cause a needless look, which is
//! harmless.
//!
//! A flight is a task of its own: the request that started it may leave (its client disconnects, or its deadline
//! passes) without ending it for the others. A flight whose result is not stored ends when the last of them has left. When
//! the task panics or is cancelled, its waiters get [`Lost`]; none waits forever. The caller decides with the key which
//! requests may share a flight, and how old it may be.
//!
//! A flight has the epoch in which it started, and a request only joins flights of its own epoch or a later one: a
//! mutation advances the epoch, and a read that begins after it must not get what was read before. That alone would
//! start a flight for each mutation. The limit per key bounds the calls by how long each takes, not by how often the
//! epoch advances.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use smallvec::SmallVec;
use tokio::sync::watch;

use crate::observe::scope;

/// The running flights, by key.
#[derive(Debug)]
pub(crate) struct Flights<K, T> {
    shards: Box<[Mutex<Shard<K, T>>]>,
    hasher: ahash::RandomState,
    next: AtomicU64,
    /// The number of flights of all shards that have ended.
    ended: AtomicU64,
}

#[derive(Debug)]
struct Shard<K, T> {
    running: HashMap<K, SmallVec<[Flight<T>; 1]>, ahash::RandomState>,
    /// The number of flights that have ended.
    ended: u64,
}

impl<K, T> Default for Shard<K, T> {
    fn default() -> Shard<K, T> {
        Shard {
            running: HashMap::default(),
            ended: 0,
        }
    }
}

impl<K: Hash + Eq, T> Shard<K, T> {
    fn waiter(&self, key: &K, terms: &FlightTerms) -> Option<Waiter<T>> {
        let running = self.running.get(key)?;
        // The newest is the last.
        let flight = running.iter().rfind(|flight| flight.may_be_joined(terms))?;
        Some(flight.waiter())
    }

    /// Waits for the oldest flight of a key, if as many as allowed are running.
    fn crowded(&self, key: &K) -> Option<Crowded<T>> {
        let running = self.running.get(key)?;
        let oldest = running.first()?;
        (running.len() >= MAX_FLIGHTS_PER_KEY).then(|| Crowded(oldest.waiter()))
    }

    fn remove(&mut self, key: &K, id: u64) {
        let Some(entries) = self.running.get_mut(key) else {
            return;
        };
        entries.retain(|entry| entry.id != id);
        if entries.is_empty() {
            self.running.remove(key);
        }
    }
}

/// The number of flights that had ended before a look into the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlightMark {
    /// Of the shard, when [`Flights::join_since`] asked to look.
    OfShard(u64),
    /// Of all shards, when [`Flights::mark`] was called. It does not take the lock of a shard.
    OfAll(u64),
}

/// The maximum number of running flights of one key, each with another epoch.
pub(crate) const MAX_FLIGHTS_PER_KEY: usize = 2;

/// Which flights a caller may join, and what holds for the one that it starts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FlightTerms {
    /// The epoch: an earlier flight is not joined.
    pub(crate) epoch: u64,
    /// A flight that began before is not joined.
    pub(crate) not_before: Option<Instant>,
    /// Whether the flight stores its result where the caller looks. If not, it ends when no request waits for it any more.
    pub(crate) is_stored: bool,
    /// If it is stored, the mark after which the caller has looked for the result; `None` if it has not.
    pub(crate) looked: Option<FlightMark>,
}

#[derive(Debug)]
struct Flight<T> {
    id: u64,
    epoch: u64,
    began: Instant,
    result: Arc<watch::Sender<Option<T>>>,
}

impl<T> Flight<T> {
    fn waiter(&self) -> Waiter<T> {
        Waiter {
            first: false,
            result: self.result.subscribe(),
        }
    }

    fn may_be_joined(&self, terms: &FlightTerms) -> bool {
        let is_recent = terms
            .not_before
            .is_none_or(|earliest| self.began >= earliest);
        self.epoch >= terms.epoch && is_recent
    }
}

/// The flight ended without a result: its task panicked or was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the task ended without a result")]
pub(crate) struct Lost;

/// Waits for the result of a flight.
#[derive(Debug)]
pub(crate) struct Waiter<T> {
    /// This waiter has started the flight.
    pub(crate) first: bool,
    result: watch::Receiver<Option<T>>,
}

impl<T: Clone> Waiter<T> {
    /// Waits for the result.
    ///
    /// # Errors
    /// [`Lost`]
    pub(crate) async fn wait(mut self) -> Result<T, Lost> {
        let ended = self.result.wait_for(Option::is_some).await;
        match ended {
            Ok(result) => result.clone().ok_or(Lost),
            Err(_) => Err(Lost),
        }
    }
}

/// Why [`Flights::join_since`] returned no waiter.
#[derive(Debug)]
pub(crate) enum NotJoined<T, E> {
    /// Look into the cache, and try again with this mark if it has no result.
    Look(FlightMark),
    /// As many flights as allowed are running, and none is new enough.
    Crowded(Crowded<T>),
    /// No flight could be joined, and `start` refused to start one, for this reason.
    NotStarted(E),
}

/// As many flights of a key as allowed are running, and all are too old.
#[derive(Debug)]
pub(crate) struct Crowded<T>(Waiter<T>);

impl<T: Clone> Crowded<T> {
    /// Waits until one of the flights has ended, with or without a result.
    pub(crate) async fn wait(self) {
        let _ = self.0.wait().await;
    }
}

/// Removes a flight from the map when it ends, with or without a result.
struct FlightGuard<K: Hash + Eq, T> {
    flights: Arc<Flights<K, T>>,
    key: K,
    id: u64,
}

impl<K: Hash + Eq, T> Drop for FlightGuard<K, T> {
    fn drop(&mut self) {
        let mut shard = self.flights.shard(&self.key);
        shard.ended += 1;
        // Its result is stored: who sees the new number finds it.
        self.flights.ended.fetch_add(1, Ordering::Release);
        shard.remove(&self.key, self.id);
    }
}

impl<K: Hash + Eq, T> FlightGuard<K, T> {
    /// Runs the flight until it ends, or until no request waits for it; then there is no result.
    async fn run_while_awaited(
        &self,
        sender: &watch::Sender<Option<T>>,
        flight: impl Future<Output = T>,
    ) -> Option<T> {
        let mut flight = pin!(flight);
        loop {
            tokio::select! {
                biased;
                result = &mut flight => return Some(result),
                () = sender.closed() => {
                    if self.is_removed_if_abandoned(sender) {
                        return None;
                    }
                }
            }
        }
    }

    fn is_removed_if_abandoned(&self, sender: &watch::Sender<Option<T>>) -> bool {
        let mut shard = self.flights.shard(&self.key);
        // Another request may have joined since: that happens under this lock.
        let is_abandoned = sender.receiver_count() == 0;
        if is_abandoned {
            shard.remove(&self.key, self.id);
        }
        is_abandoned
    }
}

impl<K, T> Flights<K, T>
where
    K: Hash + Eq,
{
    /// No flights yet.
    pub(crate) fn new() -> Arc<Flights<K, T>> {
        const SHARDS: usize = 32;
        Arc::new(Flights {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: ahash::RandomState::new(),
            next: AtomicU64::new(0),
            ended: AtomicU64::new(0),
        })
    }

    /// For a look into the cache that comes after this call, and ends at once.
    pub(crate) fn mark(&self) -> FlightMark {
        FlightMark::OfAll(self.ended.load(Ordering::Acquire))
    }

    fn shard(&self, key: &K) -> MutexGuard<'_, Shard<K, T>> {
        let index = self.hasher.hash_one(key) as usize % self.shards.len();
        // A panic under the lock leaves the shard valid: every change is one call.
        self.shards[index]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of running flights.
    #[cfg(test)]
    pub(crate) fn running(&self) -> usize {
        let count = |shard: &Mutex<Shard<K, T>>| -> usize {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.running.values().map(|entries| entries.len()).sum()
        };
        self.shards.iter().map(count).sum()
    }
}

impl<K, T> Flights<K, T>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Joins a flight with this key on these terms, if there is one.
    pub(crate) fn join(&self, key: &K, terms: &FlightTerms) -> Option<Waiter<T>> {
        self.shard(key).waiter(key, terms)
    }

    /// Joins a flight with this key on these terms, or starts one. If its result is stored, that is done before its future
    /// ends.
    ///
    /// `start` is called only if a flight is needed, under a lock, and may refuse.
    ///
    /// # Errors
    /// [`NotJoined::Look`], [`NotJoined::Crowded`]: do that, and try again. [`NotJoined::NotStarted`]: `start` refused.
    pub(crate) fn join_since<F, E>(
        self: &Arc<Self>,
        key: K,
        terms: FlightTerms,
        start: impl FnOnce() -> Result<F, E>,
    ) -> Result<Waiter<T>, NotJoined<T, E>>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut shard = self.shard(&key);
        if let Some(waiter) = shard.waiter(&key, &terms) {
            return Ok(waiter);
        }
        let mark = FlightMark::OfShard(shard.ended);
        let has_looked = match terms.looked {
            Some(FlightMark::OfAll(_)) => terms.looked == Some(self.mark()),
            looked => looked == Some(mark),
        };
        if terms.is_stored && !has_looked {
            return Err(NotJoined::Look(mark));
        }
        if let Some(crowded) = shard.crowded(&key) {
            return Err(NotJoined::Crowded(crowded));
        }
        let flight = start().map_err(NotJoined::NotStarted)?;
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, result) = watch::channel(None);
        let sender = Arc::new(sender);
        let entry = Flight {
            id,
            epoch: terms.epoch,
            began: Instant::now(),
            result: Arc::clone(&sender),
        };
        shard.running.entry(key.clone()).or_default().push(entry);
        drop(shard);
        let guard = FlightGuard {
            flights: Arc::clone(self),
            key,
            id,
        };
        let task = async move {
            let guard = guard;
            let result = match terms.is_stored {
                true => Some(flight.await),
                false => guard.run_while_awaited(&sender, flight).await,
            };
            // Remove the flight before its waiters wake: a later request finds the stored result, or starts a new
            // flight.
            drop(guard);
            if result.is_some() {
                sender.send_replace(result);
            }
        };
        // Without the request's span: the flight may outlive the request, and would keep its span open.
        scope::spawn_detached(task);
        Ok(Waiter {
            first: true,
            result,
        })
    }
}

#[cfg(test)]
#[path = "flight_tests.rs"]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
