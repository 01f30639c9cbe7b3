//! A backend of the caches that several gateways share. Each answer needs a wait, and it can fail.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use sangam::cache::entries::{Answer, BackendError, Entries, StoreSize};
use sangam::cache::epoch::{Counter, Epochs};
use sangam::cache::key::Key;
use sangam::cache::stored_response::StoredResponse;
use sangam::cache::{Backend, Document};

/// What the gateways share.
#[derive(Debug, Default)]
pub(crate) struct SharedBackend {
    documents: Arc<Mutex<HashMap<Key, Arc<Document>>>>,
    responses: Arc<Mutex<HashMap<Key, Arc<StoredResponse>>>>,
    texts: Arc<Mutex<HashMap<Key, Arc<str>>>>,
    counters: Arc<Mutex<HashMap<String, u64>>>,
    connection: Arc<Connection>,
}

#[derive(Debug, Default)]
struct Connection {
    fails: AtomicBool,
    lookups: AtomicUsize,
}

impl Connection {
    /// The answer of `ask`, after other tasks have run.
    fn later<T: Send + 'static>(
        self: &Arc<Self>,
        ask: impl FnOnce() -> T + Send + 'static,
    ) -> Answer<T> {
        let connection = Arc::clone(self);
        Answer::Later(Box::pin(async move {
            tokio::task::yield_now().await;
            connection.check()?;
            Ok(ask())
        }))
    }

    fn check(&self) -> Result<(), BackendError> {
        match self.fails.load(Ordering::SeqCst) {
            true => Err(BackendError("no connection".to_owned())),
            false => Ok(()),
        }
    }
}

impl SharedBackend {
    /// Whether all answers are errors from now on.
    pub(crate) fn fail(&self, fails: bool) {
        self.connection.fails.store(fails, Ordering::SeqCst);
    }

    /// The number of lookups that were answered since the last call of this method.
    pub(crate) fn lookups(&self) -> usize {
        self.connection.lookups.swap(0, Ordering::SeqCst)
    }
}

impl Backend for SharedBackend {
    fn documents(&self, _: u64) -> Arc<dyn Entries<Arc<Document>>> {
        Arc::new(SharedEntries {
            entries: Arc::clone(&self.documents),
            connection: Arc::clone(&self.connection),
        })
    }

    fn responses(&self, max_bytes: u64) -> Arc<dyn Entries<Arc<StoredResponse>>> {
        let entries = match max_bytes {
            0 => Arc::default(),
            _ => Arc::clone(&self.responses),
        };
        Arc::new(SharedEntries {
            entries,
            connection: Arc::clone(&self.connection),
        })
    }

    fn texts(&self, _: u64) -> Arc<dyn Entries<Arc<str>>> {
        Arc::new(SharedEntries {
            entries: Arc::clone(&self.texts),
            connection: Arc::clone(&self.connection),
        })
    }

    fn epochs(&self) -> Arc<dyn Epochs> {
        Arc::new(SharedEpochs {
            counters: Arc::clone(&self.counters),
            connection: Arc::clone(&self.connection),
        })
    }
}

#[derive(Debug)]
struct SharedEntries<V> {
    entries: Arc<Mutex<HashMap<Key, V>>>,
    connection: Arc<Connection>,
}

impl<V: Clone + Send + std::fmt::Debug + 'static> Entries<V> for SharedEntries<V> {
    fn get(&self, key: &Key) -> Answer<Option<V>> {
        let (entries, key) = (Arc::clone(&self.entries), *key);
        let connection = Arc::clone(&self.connection);
        self.connection.later(move || {
            connection.lookups.fetch_add(1, Ordering::SeqCst);
            entries.lock().unwrap().get(&key).cloned()
        })
    }

    fn get_all(&self, keys: &[Key]) -> Answer<Vec<Option<V>>> {
        let (entries, keys) = (Arc::clone(&self.entries), keys.to_vec());
        let connection = Arc::clone(&self.connection);
        self.connection.later(move || {
            connection.lookups.fetch_add(1, Ordering::SeqCst);
            let entries = entries.lock().unwrap();
            keys.iter().map(|key| entries.get(key).cloned()).collect()
        })
    }

    fn put(&self, key: Key, value: V) -> Answer<()> {
        let entries = Arc::clone(&self.entries);
        let connection = Arc::clone(&self.connection);
        Answer::Later(Box::pin(async move {
            connection.check()?;
            // Stored before the wait, so that the next lookup of a test finds it.
            entries.lock().unwrap().insert(key, value);
            tokio::task::yield_now().await;
            Ok(())
        }))
    }

    fn update_weight(&self, _: &Key, _: &V) {}

    fn remove(&self, key: &Key, _: &V) {
        self.entries.lock().unwrap().remove(key);
    }

    fn size(&self) -> StoreSize {
        StoreSize::default()
    }
}

#[derive(Debug)]
struct SharedEpochs {
    counters: Arc<Mutex<HashMap<String, u64>>>,
    connection: Arc<Connection>,
}

impl Epochs for SharedEpochs {
    fn advance(&self, counters: &[Counter]) -> Answer<()> {
        for counter in counters {
            counter.advance();
            let mut shared = self.counters.lock().unwrap();
            let value = shared.entry(counter.name().to_owned()).or_default();
            *value += 1;
            counter.raise_to(*value);
        }
        self.connection.later(|| ())
    }

    fn refresh(&self, counters: Vec<Counter>) -> Answer<()> {
        let shared = Arc::clone(&self.counters);
        self.connection.later(move || {
            let shared = shared.lock().unwrap();
            for counter in counters {
                counter.raise_to(shared.get(counter.name()).copied().unwrap_or_default());
            }
        })
    }
}
