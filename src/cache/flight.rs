//! Single flight: one computation for all requests that want the same result at the same time.
//!
//! A *flight* is a computation under a key, usually a call to an upstream. A *waiter* is a request that waits for its
//! result. When 50 requests miss the same document, the first one starts a flight, the other 49 join it, and all 50 get
//! the result of one call.
//!
//! [`Flights::join_since`] takes the lock of the key's shard and does one of four things, in this order:
//!
//! 1. If a flight of the key is new enough, it returns a waiter for it.
//! 2. If a flight may have ended since the caller looked into the cache, it returns [`NotJoined::Look`]: the result may
//!    be stored by now, so the caller looks once more and tries again.
//! 3. If [`MAX_FLIGHTS_PER_KEY`] flights are running, and all are too old, it returns [`NotJoined::Crowded`]: the
//!    caller waits for one to end and tries again.
//! 4. Otherwise it starts a flight and returns the first waiter.
//!
//! The caller looks without the lock, because a lookup may wait for another system. Each shard counts the flights that
//! have ended. [`NotJoined::Look`] has that number, the caller passes it to the next attempt, and if it is still the
//! same, no result was stored in between. A flight of another key in the shard can cause a needless look, which is
//! harmless.
//!
//! A flight is a task of its own: the request that started it may leave (its client disconnects, or its deadline
//! passes) without ending it for the others. When the task panics or is cancelled, its waiters get [`Lost`]; none waits
//! forever. The caller decides with the key which requests may share a flight.
//!
//! A flight has the epoch in which it started, and a request only joins flights of its own epoch or a later one: a
//! mutation advances the epoch, and a read that begins after it must not get what was read before. That alone would
//! start a flight for each mutation. The limit per key bounds the calls by how long each takes, not by how often the
//! epoch advances.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smallvec::SmallVec;
use tokio::sync::watch;

use crate::observe::scope;

/// The running flights, by key.
#[derive(Debug)]
pub struct Flights<K, T> {
    shards: Box<[Mutex<Shard<K, T>>]>,
    hasher: ahash::RandomState,
    next: AtomicU64,
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

/// The number of flights that had ended when [`Flights::join_since`] asked to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlightMark(u64);

/// The maximum number of running flights of one key, each with another epoch.
pub const MAX_FLIGHTS_PER_KEY: usize = 2;

#[derive(Debug)]
struct Flight<T> {
    id: u64,
    epoch: u64,
    result: watch::Receiver<Option<T>>,
}

/// The flight ended without a result: its task panicked or was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the task ended without a result")]
pub struct Lost;

/// Waits for the result of a flight.
#[derive(Debug)]
pub struct Waiter<T> {
    /// This waiter has started the flight.
    pub first: bool,
    result: watch::Receiver<Option<T>>,
}

impl<T: Clone> Waiter<T> {
    /// Waits for the result.
    ///
    /// # Errors
    /// [`Lost`]
    pub async fn wait(mut self) -> Result<T, Lost> {
        let ended = self.result.wait_for(Option::is_some).await;
        match ended {
            Ok(result) => result.clone().ok_or(Lost),
            Err(_) => Err(Lost),
        }
    }
}

/// Why [`Flights::join_since`] returned no waiter.
#[derive(Debug)]
pub enum NotJoined<T, E> {
    /// Look into the cache, and try again with this mark if it has no result.
    Look(FlightMark),
    /// As many flights as allowed are running, and none is new enough.
    Crowded(Crowded<T>),
    /// No flight could be joined, and `start` refused to start one, for this reason.
    NotStarted(E),
}

/// As many flights of a key as allowed are running, and all are too old.
#[derive(Debug)]
pub struct Crowded<T>(Waiter<T>);

impl<T: Clone> Crowded<T> {
    /// Waits until one of the flights has ended, with or without a result.
    pub async fn wait(self) {
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
        let Some(entries) = shard.running.get_mut(&self.key) else {
            return;
        };
        entries.retain(|entry| entry.id != self.id);
        if entries.is_empty() {
            shard.running.remove(&self.key);
        }
    }
}

impl<K, T> Flights<K, T>
where
    K: Hash + Eq,
{
    /// No flights yet.
    pub fn new() -> Arc<Flights<K, T>> {
        const SHARDS: usize = 32;
        Arc::new(Flights {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: ahash::RandomState::new(),
            next: AtomicU64::new(0),
        })
    }

    fn shard(&self, key: &K) -> MutexGuard<'_, Shard<K, T>> {
        let index = self.hasher.hash_one(key) as usize % self.shards.len();
        // A panic under the lock leaves the shard valid: every change is one call.
        self.shards[index]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of running flights.
    pub fn under_way(&self) -> usize {
        let count = |shard: &Mutex<Shard<K, T>>| -> usize {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.running.values().map(|entries| entries.len()).sum()
        };
        self.shards.iter().map(count).sum()
    }
}

impl<K, T> Flights<K, T>
where
    K: Hash + Eq + Clone + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Joins a flight with this key and this epoch or a later one, or starts one.
    ///
    /// `looked` is the mark after which the caller has looked for the result in the cache; `None` at first. A flight's
    /// future must store its result where the caller looks before it ends.
    ///
    /// `start` is called only if a flight is needed, under a lock, and may refuse.
    ///
    /// # Errors
    /// [`NotJoined::Look`], [`NotJoined::Crowded`]: do that, and try again. [`NotJoined::NotStarted`]: `start` refused.
    pub fn join_since<F, E>(
        self: &Arc<Self>,
        key: K,
        epoch: u64,
        looked: Option<FlightMark>,
        start: impl FnOnce() -> Result<F, E>,
    ) -> Result<Waiter<T>, NotJoined<T, E>>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut shard = self.shard(&key);
        let running = shard.running.get(&key).map_or(&[][..], |entries| entries);
        let waiter = |entry: &Flight<T>| Waiter {
            first: false,
            result: entry.result.clone(),
        };
        if let Some(entry) = running.iter().find(|entry| entry.epoch >= epoch) {
            return Ok(waiter(entry));
        }
        let mark = FlightMark(shard.ended);
        if looked != Some(mark) {
            return Err(NotJoined::Look(mark));
        }
        if let Some(oldest) = running
            .first()
            .filter(|_| running.len() >= MAX_FLIGHTS_PER_KEY)
        {
            return Err(NotJoined::Crowded(Crowded(waiter(oldest))));
        }
        let flight = start().map_err(NotJoined::NotStarted)?;
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, result) = watch::channel(None);
        let entry = Flight {
            id,
            epoch,
            result: result.clone(),
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
            let result = flight.await;
            // Remove the flight before its waiters wake: a later request finds the stored result, or starts a new
            // flight.
            drop(guard);
            sender.send_replace(Some(result));
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
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::AtomicUsize;

    use tokio::sync::Notify;

    use super::*;

    /// Joins a flight, or starts one; nothing is ever stored.
    fn join_or<T, F, E>(
        flights: &Arc<Flights<u8, T>>,
        epoch: u64,
        start: impl FnOnce() -> Result<F, E>,
    ) -> Result<Waiter<T>, NotJoined<T, E>>
    where
        T: Clone + Send + Sync + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let no_start = || -> Result<F, E> { panic!("started without a look") };
        match flights.join_since(7, epoch, None, no_start) {
            Err(NotJoined::Look(mark)) => flights.join_since(7, epoch, Some(mark), start),
            joined => joined,
        }
    }

    fn join<T, F>(flights: &Arc<Flights<u8, T>>, start: impl FnOnce() -> F) -> Waiter<T>
    where
        T: Clone + Send + Sync + std::fmt::Debug + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        join_or(flights, 0, || Ok::<_, Infallible>(start())).unwrap()
    }

    #[tokio::test]
    async fn one_computation_for_all() {
        let flights = Flights::new();
        let runs = Arc::new(AtomicUsize::new(0));
        let gate = Arc::new(Notify::new());
        let waiters: Vec<_> = (0..50)
            .map(|_| {
                let (runs, gate) = (runs.clone(), gate.clone());
                join(&flights, || async move {
                    gate.notified().await;
                    runs.fetch_add(1, Ordering::SeqCst)
                })
            })
            .collect();
        assert_eq!(waiters.iter().filter(|waiter| waiter.first).count(), 1);
        gate.notify_one();
        for waiter in waiters {
            assert_eq!(waiter.wait().await, Ok(0));
        }
        assert_eq!(flights.under_way(), 0);
    }

    #[tokio::test]
    async fn the_first_may_leave() {
        let flights = Flights::new();
        let gate = Arc::new(Notify::new());
        let wait = gate.clone();
        let first = join(&flights, || async move {
            wait.notified().await;
            42
        });
        let second = join(&flights, || async { 0 });
        assert!(!second.first);
        drop(first);
        gate.notify_one();
        assert_eq!(second.wait().await, Ok(42));
    }

    #[tokio::test]
    async fn a_panic_reaches_everyone_as_an_error() {
        let flights: Arc<Flights<u8, ()>> = Flights::new();
        let gate = Arc::new(Notify::new());
        let wait = gate.clone();
        let first = join(&flights, || async move {
            wait.notified().await;
            panic!("a bug")
        });
        let second = join(&flights, || async {});
        gate.notify_one();
        assert_eq!(first.wait().await, Err(Lost));
        assert_eq!(second.wait().await, Err(Lost));
        assert_eq!(flights.under_way(), 0);
        // The next one starts another flight.
        assert!(join(&flights, || async {}).first);
    }

    #[test]
    fn a_cancelled_task_reaches_everyone_as_an_error() {
        let flights: Arc<Flights<u8, ()>> = Flights::new();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let waiting = {
            let _context = runtime.enter();
            join(&flights, std::future::pending::<()>)
        };
        runtime.shutdown_background();
        let other = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        assert_eq!(other.block_on(waiting.wait()), Err(Lost));
        assert_eq!(flights.under_way(), 0);
    }

    #[tokio::test]
    async fn however_often_the_epoch_moves_few_flights_are_under_way() {
        let flights: Arc<Flights<u8, u64>> = Flights::new();
        let gates: Vec<_> = (0..10).map(|_| Arc::new(Notify::new())).collect();
        let join_in = |epoch: u64| {
            let gate = gates[epoch as usize].clone();
            let flight = async move {
                gate.notified().await;
                epoch
            };
            join_or(&flights, epoch, || Ok::<_, Infallible>(flight))
        };
        let first = join_in(1).unwrap();
        let second = join_in(2).unwrap();
        assert!(first.first && second.first);
        // Older requests join the newer flight or their own; newer ones wait.
        assert!(!join_in(1).unwrap().first);
        let NotJoined::Crowded(crowded) = join_in(3).unwrap_err() else {
            panic!("too many flights");
        };
        for epoch in 4..9 {
            join_in(epoch).unwrap_err();
        }
        assert_eq!(flights.under_way(), MAX_FLIGHTS_PER_KEY);
        gates[1].notify_one();
        crowded.wait().await;
        assert_eq!(first.wait().await, Ok(1));
        let last = join_in(9).unwrap();
        assert!(last.first);
        // All who waited meanwhile share it.
        let shared = join_in(3).unwrap();
        assert!(!shared.first);
        gates[2].notify_one();
        gates[9].notify_one();
        assert_eq!(second.wait().await, Ok(2));
        assert_eq!((last.wait().await, shared.wait().await), (Ok(9), Ok(9)));
        assert_eq!(flights.under_way(), 0);
    }

    #[tokio::test]
    async fn a_flight_that_is_refused_leaves_nothing_behind() {
        let flights: Arc<Flights<u8, u8>> = Flights::new();
        let refuse = || Err::<std::future::Ready<u8>, _>("no");
        let refused = join_or(&flights, 0, refuse).unwrap_err();
        assert!(matches!(refused, NotJoined::NotStarted("no")));
        assert_eq!(flights.under_way(), 0);
        // One that is under way is joined without being asked.
        let first = join(&flights, || async { 1 });
        let second = join_or(&flights, 0, refuse).unwrap();
        assert!(first.first && !second.first);
        assert_eq!(second.wait().await, Ok(1));
    }

    #[tokio::test]
    async fn who_looked_before_a_flight_ended_looks_again() {
        let flights: Arc<Flights<u8, u8>> = Flights::new();
        let start = || Ok::<_, Infallible>(async { 1 });
        let NotJoined::Look(before) = flights.join_since(7, 0, None, start).unwrap_err() else {
            panic!("no look was required");
        };
        let meanwhile = flights.join_since(7, 0, Some(before), start).unwrap();
        assert_eq!(meanwhile.wait().await, Ok(1));
        let NotJoined::Look(after) = flights.join_since(7, 0, Some(before), start).unwrap_err()
        else {
            panic!("no look was required");
        };
        assert_ne!(before, after);
        assert_eq!(flights.under_way(), 0);
        assert!(flights.join_since(7, 0, Some(after), start).unwrap().first);
    }
}
