//! Single flight: one computation for all who want the same thing at the same time.
//!
//! A flight is a task of its own. Whoever started it may leave (a client that disconnects, a deadline) without ending
//! it for the others; whoever waits gets an error, never a wait without end, when the task panics or is cancelled.
//! Which requests may share a flight is decided by the key, and so by whoever makes it.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::observe::scope;

/// The flights under way, by key.
#[derive(Debug)]
pub struct Flights<K, T> {
    shards: Box<[Mutex<Shard<K, T>>]>,
    hasher: ahash::RandomState,
    next: AtomicU64,
}

type Shard<K, T> = HashMap<K, Entry<T>, ahash::RandomState>;

#[derive(Debug)]
struct Entry<T> {
    id: u64,
    result: watch::Receiver<Option<T>>,
}

/// The flight ended without a result: its task panicked or was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the task ended without a result")]
pub struct Lost;

/// A seat in a flight.
#[derive(Debug)]
pub struct Seat<T> {
    /// Nobody had started it before.
    pub first: bool,
    result: watch::Receiver<Option<T>>,
}

impl<T: Clone> Seat<T> {
    /// Waits for the result.
    ///
    /// # Errors
    /// [`Lost`]
    pub async fn land(mut self) -> Result<T, Lost> {
        let landed = self.result.wait_for(Option::is_some).await;
        match landed {
            Ok(result) => result.clone().ok_or(Lost),
            Err(_) => Err(Lost),
        }
    }
}

/// What [`Flights::join`] found.
#[derive(Debug)]
pub enum Joined<T> {
    /// No flight was needed.
    There(T),
    /// A flight.
    Seat(Seat<T>),
}

/// Takes a flight off the board when it ends, however it ends.
struct Landing<K: Hash + Eq, T> {
    flights: Arc<Flights<K, T>>,
    key: K,
    id: u64,
}

impl<K: Hash + Eq, T> Drop for Landing<K, T> {
    fn drop(&mut self) {
        let mut shard = self.flights.shard(&self.key);
        if shard
            .get(&self.key)
            .is_some_and(|entry| entry.id == self.id)
        {
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
        self.shards
            .iter()
            .map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).len())
            .sum()
    }
}

impl<K, T> Flights<K, T>
where
    K: Hash + Eq + Clone + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Takes a seat in the flight with this key, and starts it if there is none.
    ///
    /// Before a flight is started, `there` is asked once more whether the result exists by now: a flight may have ended
    /// between the caller's look into the cache and this. For that to hold, a flight's future must have put its result
    /// where `there` looks before it ends.
    pub fn join<F>(
        self: &Arc<Self>,
        key: K,
        there: impl FnOnce() -> Option<T>,
        start: impl FnOnce() -> F,
    ) -> Joined<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut shard = self.shard(&key);
        if let Some(entry) = shard.get(&key) {
            return Joined::Seat(Seat {
                first: false,
                result: entry.result.clone(),
            });
        }
        if let Some(result) = there() {
            return Joined::There(result);
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, result) = watch::channel(None);
        let entry = Entry {
            id,
            result: result.clone(),
        };
        shard.insert(key.clone(), entry);
        drop(shard);
        let landing = Landing {
            flights: Arc::clone(self),
            key,
            id,
        };
        let flight = start();
        let task = async move {
            let landing = landing;
            let result = flight.await;
            // Off the board first: whoever comes after finds the result where it was put, or starts anew.
            drop(landing);
            sender.send_replace(Some(result));
        };
        // In nobody's span: it may outlive whoever started it, and a span ends with the last that holds it.
        scope::spawn(task);
        Joined::Seat(Seat {
            first: true,
            result,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use tokio::sync::Notify;

    use super::*;

    fn seat<T>(joined: Joined<T>) -> Seat<T> {
        match joined {
            Joined::Seat(seat) => seat,
            Joined::There(_) => panic!("no flight was needed"),
        }
    }

    #[tokio::test]
    async fn one_computation_for_all() {
        let flights = Flights::new();
        let runs = Arc::new(AtomicUsize::new(0));
        let gate = Arc::new(Notify::new());
        let seats: Vec<_> = (0..50)
            .map(|_| {
                let (runs, gate) = (runs.clone(), gate.clone());
                seat(flights.join(
                    7,
                    || None,
                    || async move {
                        gate.notified().await;
                        runs.fetch_add(1, Ordering::SeqCst)
                    },
                ))
            })
            .collect();
        assert_eq!(seats.iter().filter(|seat| seat.first).count(), 1);
        gate.notify_one();
        for seat in seats {
            assert_eq!(seat.land().await, Ok(0));
        }
        assert_eq!(flights.under_way(), 0);
    }

    #[tokio::test]
    async fn the_first_may_leave() {
        let flights = Flights::new();
        let gate = Arc::new(Notify::new());
        let wait = gate.clone();
        let first = seat(flights.join(
            7,
            || None,
            || async move {
                wait.notified().await;
                42
            },
        ));
        let second = seat(flights.join(7, || None, || async { 0 }));
        assert!(!second.first);
        drop(first);
        gate.notify_one();
        assert_eq!(second.land().await, Ok(42));
    }

    #[tokio::test]
    async fn a_panic_reaches_everyone_as_an_error() {
        let flights: Arc<Flights<u8, ()>> = Flights::new();
        let gate = Arc::new(Notify::new());
        let wait = gate.clone();
        let first = seat(flights.join(
            7,
            || None,
            || async move {
                wait.notified().await;
                panic!("a bug")
            },
        ));
        let second = seat(flights.join(7, || None, || async {}));
        gate.notify_one();
        assert_eq!(first.land().await, Err(Lost));
        assert_eq!(second.land().await, Err(Lost));
        assert_eq!(flights.under_way(), 0);
        // The next one starts anew.
        assert!(seat(flights.join(7, || None, || async {})).first);
    }

    #[test]
    fn a_cancelled_task_reaches_everyone_as_an_error() {
        let flights: Arc<Flights<u8, ()>> = Flights::new();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let waiting = {
            let _context = runtime.enter();
            seat(flights.join(7, || None, std::future::pending::<()>))
        };
        runtime.shutdown_background();
        let other = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        assert_eq!(other.block_on(waiting.land()), Err(Lost));
        assert_eq!(flights.under_way(), 0);
    }

    #[tokio::test]
    async fn what_is_there_by_now_needs_no_flight() {
        let flights: Arc<Flights<u8, u8>> = Flights::new();
        let joined = flights.join(7, || Some(1), || async { 2 });
        assert!(matches!(joined, Joined::There(1)));
        assert_eq!(flights.under_way(), 0);
    }
}
