//! The queries that are watched.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::watch;

use super::super::refusal::Refusal;
use super::generation::QueryGeneration;
use super::query::{Serving, WatchedQuery};
use super::room::Room;
use super::state::{Checked, State};
use super::task;
use crate::cache::ResponseKey;
use crate::priority;

/// The watched queries of all generations.
#[derive(Clone)]
pub(in super::super) struct Watches(Arc<Inner>);

struct Inner {
    serving: watch::Sender<Serving>,
    /// Those that further watchers may join.
    joinable: Mutex<HashMap<WatchKey, Weak<Watch>>>,
    queries: AtomicUsize,
    watchers: AtomicUsize,
    room: Arc<Room>,
}

/// What watchers of one query have in common: the key of its response, and the throttle in milliseconds. An address identifies
/// a generation as long as it is used, and whatever watches a query uses its generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct WatchKey {
    pub(super) response: ResponseKey,
    pub(super) throttle: u128,
    pub(super) generation: usize,
}

/// A watched query, as long as it has watchers: these hold it.
pub(super) struct Watch {
    pub(super) query: Arc<WatchedQuery>,
    pub(super) state: watch::Receiver<Option<State>>,
    pub(super) checked: watch::Receiver<Option<Checked>>,
    key: Option<WatchKey>,
    shared: Arc<Inner>,
}

/// A client that watches, which is counted.
pub(super) struct Counted(Arc<Inner>);

impl Watches {
    pub(in super::super) fn new() -> Watches {
        Watches(Arc::new(Inner {
            serving: watch::Sender::new(None),
            joinable: Mutex::default(),
            queries: AtomicUsize::new(0),
            watchers: AtomicUsize::new(0),
            room: Arc::default(),
        }))
    }

    /// From now on this generation executes what is watched.
    pub(in super::super) fn serve(&self, generation: Weak<dyn QueryGeneration>) {
        self.0.serving.send_replace(Some(generation));
    }

    /// The generation that serves; `None` if queries cannot be watched.
    pub(super) fn serving(&self) -> Option<Arc<dyn QueryGeneration>> {
        self.0.serving.borrow().as_ref()?.upgrade()
    }

    /// The number of watched queries, of watchers, and of the bytes that are held for them.
    pub(in super::super) fn load(&self) -> (usize, usize, usize) {
        let load = |count: &AtomicUsize| count.load(Ordering::Relaxed);
        let shared = &self.0;
        (
            load(&shared.queries),
            load(&shared.watchers),
            shared.room.bytes(),
        )
    }

    /// Counts a client that watches.
    pub(super) fn count(&self) -> Counted {
        self.0.watchers.fetch_add(1, Ordering::Relaxed);
        Counted(Arc::clone(&self.0))
    }

    /// Watches a query: joins those who watch the same, or begins if fewer than `most` are watched. Without a key, it is not
    /// shared.
    pub(super) fn join(
        &self,
        key: Option<WatchKey>,
        most: usize,
        query: impl FnOnce() -> WatchedQuery,
    ) -> Result<Arc<Watch>, Refusal> {
        // Dropped after the lock: the end of a watched query takes it.
        let known;
        let mut joinable = self.0.joinable();
        known = key.and_then(|key| joinable.get(&key)?.upgrade());
        if let Some(watch) = &known
            && watch.goes_on()
        {
            return Ok(Arc::clone(watch));
        }
        let one_more = |count: usize| (count < most).then_some(count + 1);
        self.0
            .queries
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
            .map_err(|_| too_many(most))?;
        let watch = Arc::new(self.begin(key, query()));
        if let Some(key) = key {
            joinable.insert(key, Arc::downgrade(&watch));
        }
        Ok(watch)
    }

    /// Begins to execute a query for its watchers.
    fn begin(&self, key: Option<WatchKey>, query: WatchedQuery) -> Watch {
        let query = Arc::new(query);
        let (state, states) = watch::channel(None);
        let (checked, checks) = watch::channel(None);
        let serving = self.0.serving.subscribe();
        let (own, room) = (Arc::clone(&query), Arc::clone(&self.0.room));
        // Not in the scope of the request that begins it, which ends before.
        priority::spawn(task::run(own, serving, room, state, checked));
        Watch {
            query,
            state: states,
            checked: checks,
            key,
            shared: Arc::clone(&self.0),
        }
    }
}

impl Inner {
    fn joinable(&self) -> MutexGuard<'_, HashMap<WatchKey, Weak<Watch>>> {
        self.joinable.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// Whether its task still runs.
    fn goes_on(&self) -> bool {
        self.state.has_changed().is_ok()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.queries.fetch_sub(1, Ordering::Relaxed);
        let Some(key) = &self.key else {
            return;
        };
        let mut joinable = self.shared.joinable();
        // Another one may have taken its place.
        let is_this = |watch: &Weak<Watch>| std::ptr::eq(watch.as_ptr(), self);
        if joinable.get(key).is_some_and(is_this) {
            joinable.remove(key);
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.watchers.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Watches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (queries, watchers, _) = self.load();
        write!(f, "Watches({queries} queries, {watchers} watchers)")
    }
}

fn too_many(most: usize) -> Refusal {
    let message = format!(
        "As many different live queries are watched as may be ({most}, live.operations); send the query without @live, or \
         try again later"
    );
    Refusal::overloaded(&message)
}
