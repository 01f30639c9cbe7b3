//! Single flight: one computation for all who want the same thing at the same time.
//!
//! A flight is a task of its own. The request that started it may leave (its client disconnects, a deadline) without ending
//! it for the others; those that wait get an error, never a wait without end, when the task panics or is cancelled.
//! Which requests may share a flight is decided by the key, and so by the caller that makes it.
//!
//! A flight has an epoch, and a request joins only flights of its own epoch or a later one. However often the epoch
//! moves on, at most [`MAX_FLIGHTS_PER_KEY`] flights of one key are under way: a request that may join none of them waits until one has
//! ended. So the computations that a moving epoch causes are bounded by how long each takes, not by how often it moves.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smallvec::SmallVec;
use tokio::sync::watch;

use crate::observe::scope;

/// The flights under way, by key.
#[derive(Debug)]
pub struct Flights<K, T> {
    shards: Box<[Mutex<Shard<K, T>>]>,
    hasher: ahash::RandomState,
    next: AtomicU64,
}

type Shard<K, T> = HashMap<K, SmallVec<[Flight<T>; 1]>, ahash::RandomState>;

/// Flights of one key that may be under way at the same time, each of another epoch.
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

/// A seat in a flight.
#[derive(Debug)]
pub struct Waiter<T> {
    /// This call has started it.
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

/// What [`Flights::join`] found.
#[derive(Debug)]
pub enum Joined<T> {
    /// No flight was needed.
    Exists(T),
    /// A flight.
    Waiter(Waiter<T>),
}

/// Why [`Flights::join_since`] gave no seat.
#[derive(Debug)]
pub enum NotJoined<T, E> {
    /// There are as many flights as may be, and none is new enough.
    Crowded(Crowded<T>),
    /// There is none that could be joined, and this is why none was started.
    NotStarted(E),
}

/// All flights of a key are too old to be joined, and there are as many as may be.
#[derive(Debug)]
pub struct Crowded<T>(Waiter<T>);

impl<T: Clone> Crowded<T> {
    /// Waits until one of the flights has ended, however it ends.
    pub async fn wait(self) {
        let _ = self.0.wait().await;
    }
}

/// Takes a flight off the board when it ends, however it ends.
struct FlightGuard<K: Hash + Eq, T> {
    flights: Arc<Flights<K, T>>,
    key: K,
    id: u64,
}

impl<K: Hash + Eq, T> Drop for FlightGuard<K, T> {
    fn drop(&mut self) {
        let mut shard = self.flights.shard(&self.key);
        let Some(entries) = shard.get_mut(&self.key) else {
            return;
        };
        entries.retain(|entry| entry.id != self.id);
        if entries.is_empty() {
            shard.remove(&self.key);
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
        // A panic under the lock leaves the map as it was: every change is one call.
        self.shards[index]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are under way.
    pub fn under_way(&self) -> usize {
        let count = |shard: &Mutex<Shard<K, T>>| -> usize {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.values().map(|entries| entries.len()).sum()
        };
        self.shards.iter().map(count).sum()
    }
}

impl<K, T> Flights<K, T>
where
    K: Hash + Eq + Clone + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Takes a seat in the flight with this key, and starts it if there is none. For keys without epochs.
    ///
    /// See [`join_since`](Self::join_since).
    pub fn join<F>(
        self: &Arc<Self>,
        key: K,
        existing: impl FnOnce() -> Option<T>,
        start: impl FnOnce() -> F,
    ) -> Joined<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        match self.join_since(key, 0, existing, || Ok::<F, Infallible>(start())) {
            Ok(joined) => joined,
            // Does not happen: no flight is older than epoch 0.
            Err(NotJoined::Crowded(Crowded(waiter))) => Joined::Waiter(waiter),
        }
    }

    /// Takes a seat in a flight with this key of this epoch or a later one, and starts one if there is none.
    ///
    /// Before a flight is started, `existing` is asked once more whether the result exists by now: a flight may have ended
    /// between the caller's look into the cache and this. For that to hold, a flight's future must have put its result
    /// where `existing` looks before it ends.
    ///
    /// `start` is asked only where a flight is needed, and may refuse. It must not wait.
    ///
    /// # Errors
    /// [`NotJoined::Crowded`]: wait, and ask again. [`NotJoined::NotStarted`]: what `start` has said.
    pub fn join_since<F, E>(
        self: &Arc<Self>,
        key: K,
        epoch: u64,
        existing: impl FnOnce() -> Option<T>,
        start: impl FnOnce() -> Result<F, E>,
    ) -> Result<Joined<T>, NotJoined<T, E>>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut shard = self.shard(&key);
        let under_way = shard.get(&key).map_or(&[][..], |entries| entries);
        let waiter = |entry: &Flight<T>| Waiter {
            first: false,
            result: entry.result.clone(),
        };
        if let Some(entry) = under_way.iter().find(|entry| entry.epoch >= epoch) {
            return Ok(Joined::Waiter(waiter(entry)));
        }
        if let Some(result) = existing() {
            return Ok(Joined::Exists(result));
        }
        if let Some(oldest) = under_way
            .first()
            .filter(|_| under_way.len() >= MAX_FLIGHTS_PER_KEY)
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
        shard.entry(key.clone()).or_default().push(entry);
        drop(shard);
        let guard = FlightGuard {
            flights: Arc::clone(self),
            key,
            id,
        };
        let task = async move {
            let guard = guard;
            let result = flight.await;
            // Off the board first: a later request finds the result where it was put, or starts another flight.
            drop(guard);
            sender.send_replace(Some(result));
        };
        // In no span: it may outlive the request that started it, and a span ends with the last that holds it.
        scope::spawn_detached(task);
        Ok(Joined::Waiter(Waiter {
            first: true,
            result,
        }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use tokio::sync::Notify;

    use super::*;

    fn waiter<T>(joined: Joined<T>) -> Waiter<T> {
        match joined {
            Joined::Waiter(waiter) => waiter,
            Joined::Exists(_) => panic!("no flight was needed"),
        }
    }

    #[tokio::test]
    async fn one_computation_for_all() {
        let flights = Flights::new();
        let runs = Arc::new(AtomicUsize::new(0));
        let gate = Arc::new(Notify::new());
        let waiters: Vec<_> = (0..50)
            .map(|_| {
                let (runs, gate) = (runs.clone(), gate.clone());
                waiter(flights.join(
                    7,
                    || None,
                    || async move {
                        gate.notified().await;
                        runs.fetch_add(1, Ordering::SeqCst)
                    },
                ))
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
        let first = waiter(flights.join(
            7,
            || None,
            || async move {
                wait.notified().await;
                42
            },
        ));
        let second = waiter(flights.join(7, || None, || async { 0 }));
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
        let first = waiter(flights.join(
            7,
            || None,
            || async move {
                wait.notified().await;
                panic!("a bug")
            },
        ));
        let second = waiter(flights.join(7, || None, || async {}));
        gate.notify_one();
        assert_eq!(first.wait().await, Err(Lost));
        assert_eq!(second.wait().await, Err(Lost));
        assert_eq!(flights.under_way(), 0);
        // The next one starts another flight.
        assert!(waiter(flights.join(7, || None, || async {})).first);
    }

    #[test]
    fn a_cancelled_task_reaches_everyone_as_an_error() {
        let flights: Arc<Flights<u8, ()>> = Flights::new();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let waiting = {
            let _context = runtime.enter();
            waiter(flights.join(7, || None, std::future::pending::<()>))
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
        let join = |epoch: u64| {
            let gate = gates[epoch as usize].clone();
            let flight = async move {
                gate.notified().await;
                epoch
            };
            flights.join_since(7, epoch, || None, || Ok::<_, Infallible>(flight))
        };
        let first = waiter(join(1).unwrap());
        let second = waiter(join(2).unwrap());
        assert!(first.first && second.first);
        // Older requests join the newer flight or their own; newer ones wait.
        assert!(!waiter(join(1).unwrap()).first);
        let NotJoined::Crowded(crowded) = join(3).unwrap_err();
        for epoch in 4..9 {
            join(epoch).unwrap_err();
        }
        assert_eq!(flights.under_way(), MAX_FLIGHTS_PER_KEY);
        gates[1].notify_one();
        crowded.wait().await;
        assert_eq!(first.wait().await, Ok(1));
        let last = waiter(join(9).unwrap());
        assert!(last.first);
        // All who waited meanwhile share it.
        let shared = waiter(join(3).unwrap());
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
        let refused = flights.join_since(7, 0, || None, refuse).unwrap_err();
        assert!(matches!(refused, NotJoined::NotStarted("no")));
        assert_eq!(flights.under_way(), 0);
        // One that is under way is joined without being asked.
        let first = waiter(flights.join(7, || None, || async { 1 }));
        let second = waiter(flights.join_since(7, 0, || None, refuse).unwrap());
        assert!(first.first && !second.first);
        assert_eq!(second.wait().await, Ok(1));
    }

    #[tokio::test]
    async fn what_is_there_by_now_needs_no_flight() {
        let flights: Arc<Flights<u8, u8>> = Flights::new();
        let joined = flights.join(7, || Some(1), || async { 2 });
        assert!(matches!(joined, Joined::Exists(1)));
        assert_eq!(flights.under_way(), 0);
    }
}
