//! The cache of compiled operations, by operation text.
//!
//! The text itself is the key, not a hash of it: comparing texts is faster than a hash without collisions, and no text
//! can get the plan of another one. If the client sends a SHA-256 instead of the text, that is the key, and the text is not
//! read. Variables, headers and guards are not in the key: one plan serves all of them. Each generation of the gateway has
//! its own cache.
//!
//! An operation is compiled once for all requests that want it at the same time. A flight of a document is a task of
//! its own; a compilation is a future that its waiters share. When the last waiter leaves, it is dropped, and leaves
//! the queue for a thread.

mod entries;

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};

pub use self::entries::Weighs;
use self::entries::{PlanEntries, PlanKey, PlanKeyRef, Sent};
use super::cache_state::CacheState;
use super::entries::StoreSize;
use super::meter::LookupMeter;

/// Compiled operations. `T` is the result of compiling, also for an invalid operation: if a client repeats it, it is
/// not compiled again. `E` is why an operation was not compiled at all; it does not depend on the operation and is not
/// stored.
pub struct Plans<T, E> {
    entries: PlanEntries<T>,
    under_way: Arc<UnderWay<T, E>>,
    lookups: LookupMeter,
}

type Compiling<T, E> = BoxFuture<'static, Result<Arc<T>, E>>;

/// Compilations by operation, each with a number that distinguishes it from an earlier one of the same operation.
type Numbered<T, E> = HashMap<PlanKey, (u64, WeakShared<Compiling<T, E>>)>;

/// The state of an operation that was not found in the cache at first.
enum Availability<T, E> {
    /// It has been compiled in the meantime.
    Compiled(Arc<T>),
    /// It is being compiled.
    Compiling(Shared<Compiling<T, E>>),
}

/// Compilations that have waiters.
struct UnderWay<T, E> {
    by_operation: Mutex<Numbered<T, E>>,
}

/// What an operation was compiled from.
#[derive(Debug, Clone)]
pub struct PlanOrigin {
    /// Its text.
    pub text: Arc<str>,
    /// The hash of the text, if clients send that.
    pub sha256: Option<[u8; 32]>,
    /// The name that clients sent.
    pub name: Option<Arc<str>>,
}

/// An operation to compile, and the cache for the result.
pub struct Compilation<T> {
    operation: PlanKey,
    entries: PlanEntries<T>,
}

impl<T: Weighs + Send + Sync + 'static> Compilation<T> {
    /// The operation's text.
    pub fn text(&self) -> &Arc<str> {
        &self.operation.text
    }

    /// The operation's name, if the client sent one.
    pub fn name(&self) -> Option<&str> {
        self.operation.name.as_deref()
    }

    /// Stores the compiled operation for later requests, if it is worth that, and returns it for those that wait.
    pub fn store(self, compiled: T) -> Arc<T> {
        let compiled = Arc::new(compiled);
        self.entries.store(self.operation, &compiled);
        compiled
    }
}

/// Removes a compilation from the map when it ends or is dropped.
struct CompilationGuard<T, E> {
    under_way: Arc<UnderWay<T, E>>,
    operation: PlanKey,
    id: u64,
}

impl<T, E> Drop for CompilationGuard<T, E> {
    fn drop(&mut self) {
        let mut all = self.under_way.lock();
        if all
            .get(&self.operation)
            .is_some_and(|(id, _)| *id == self.id)
        {
            all.remove(&self.operation);
        }
    }
}

impl<T, E> UnderWay<T, E> {
    fn lock(&self) -> MutexGuard<'_, Numbered<T, E>> {
        // A panic under the lock leaves the map valid: every change is one call.
        self.by_operation
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T, E> Plans<T, E>
where
    T: Weighs + Send + Sync + 'static,
    E: Clone + Send + Sync + 'static,
{
    /// An empty cache of about `max_bytes`, texts included; it evicts the operations that are used least.
    pub fn new(max_bytes: u64) -> Plans<T, E> {
        let under_way = UnderWay {
            by_operation: Mutex::default(),
        };
        Plans {
            entries: PlanEntries::new(max_bytes),
            under_way: Arc::new(under_way),
            lookups: LookupMeter::new("plan"),
        }
    }

    /// Counts a lookup that was not necessary, because the caller has the compiled operation.
    pub fn count_hit(&self) {
        self.lookups.count(CacheState::Hit);
    }

    /// The compiled operation, if there is one.
    pub fn get(&self, text: &str, name: Option<&str>) -> Option<Arc<T>> {
        let sent = Sent::Text(text);
        self.entries.get(&PlanKeyRef { sent, name })
    }

    /// Stores an operation that was compiled without a request for it.
    pub fn put(&self, text: &str, name: Option<&str>, compiled: T) {
        let operation = PlanKey {
            text: text.into(),
            sha256: None,
            name: name.map(Arc::from),
        };
        self.entries
            .by_operation
            .insert(operation, Arc::new(compiled));
    }

    /// The compiled operation of the text with this SHA-256, if there is one that was compiled for the hash.
    pub fn get_hashed(&self, hash: &[u8; 32], name: Option<&str>) -> Option<Arc<T>> {
        let sent = Sent::Sha256(hash);
        let compiled = self.entries.get(&PlanKeyRef { sent, name });
        if compiled.is_some() {
            self.lookups.count(CacheState::Hit);
        }
        compiled
    }

    /// All compiled operations, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (PlanOrigin, Arc<T>)> + '_ {
        let entries = self.entries.by_operation.iter();
        entries.map(|(key, compiled)| {
            let origin = PlanOrigin {
                text: Arc::clone(&key.text),
                sha256: key.sha256,
                name: key.name.clone(),
            };
            (origin, compiled)
        })
    }

    /// The compiled operation. If there is none, `start` returns a future that compiles it, which is polled once for
    /// all requests that want it at the same time. The future must do the work on other threads than those that serve
    /// requests, and must [store](Compilation::store) the result.
    ///
    /// # Errors
    /// Those of the future.
    pub async fn get_or_compile<F>(
        &self,
        text: &str,
        name: Option<&str>,
        start: impl FnOnce(Compilation<T>) -> F,
    ) -> Result<Arc<T>, E>
    where
        F: Future<Output = Result<Arc<T>, E>> + Send + 'static,
    {
        if let Some(compiled) = self.get(text, name) {
            self.lookups.count(CacheState::Hit);
            return Ok(compiled);
        }
        let operation = PlanKey {
            text: text.into(),
            sha256: None,
            name: name.map(Arc::from),
        };
        self.joined(operation, start).await
    }

    /// The same for a text that clients send by its SHA-256, which the caller has checked. [`Plans::get_hashed`] has not
    /// found it.
    ///
    /// # Errors
    /// Those of the future.
    pub async fn compile_hashed<F>(
        &self,
        (hash, text): (&[u8; 32], Arc<str>),
        name: Option<&str>,
        start: impl FnOnce(Compilation<T>) -> F,
    ) -> Result<Arc<T>, E>
    where
        F: Future<Output = Result<Arc<T>, E>> + Send + 'static,
    {
        let operation = PlanKey {
            text,
            sha256: Some(*hash),
            name: name.map(Arc::from),
        };
        self.joined(operation, start).await
    }

    async fn joined<F>(
        &self,
        operation: PlanKey,
        start: impl FnOnce(Compilation<T>) -> F,
    ) -> Result<Arc<T>, E>
    where
        F: Future<Output = Result<Arc<T>, E>> + Send + 'static,
    {
        let (state, compiling) = self.join(operation, start);
        self.lookups.count(state);
        match compiling {
            Availability::Compiled(compiled) => Ok(compiled),
            Availability::Compiling(compiling) => compiling.await,
        }
    }

    /// Joins the compilation of an operation, or starts one, unless it has been compiled in the meantime.
    fn join<F>(
        &self,
        operation: PlanKey,
        start: impl FnOnce(Compilation<T>) -> F,
    ) -> (CacheState, Availability<T, E>)
    where
        F: Future<Output = Result<Arc<T>, E>> + Send + 'static,
    {
        let mut all = self.under_way.lock();
        let mut id = 0;
        if let Some((last, compiling)) = all.get(&operation) {
            if let Some(compiling) = compiling.upgrade() {
                return (CacheState::Shared, Availability::Compiling(compiling));
            }
            // Dropped by its waiters, and about to be removed.
            id = last + 1;
        }
        // A compilation stores its result before it is removed: without one, look into the cache again.
        if let Some(compiled) = self.entries.get(&operation) {
            return (CacheState::Hit, Availability::Compiled(compiled));
        }
        let guard = CompilationGuard {
            under_way: Arc::clone(&self.under_way),
            operation: operation.clone(),
            id,
        };
        let started = start(Compilation {
            operation: operation.clone(),
            entries: self.entries.clone(),
        });
        let compiling = async move {
            let _guard = guard;
            started.await
        };
        let compiling = compiling.boxed().shared();
        if let Some(weak) = compiling.downgrade() {
            all.insert(operation, (id, weak));
        }
        (CacheState::Miss, Availability::Compiling(compiling))
    }

    /// The number of compiled operations, at the last housekeeping.
    pub fn len(&self) -> u64 {
        self.entries.by_operation.entry_count()
    }

    /// The bytes that they hold now.
    pub fn weight(&self) -> u64 {
        self.size().bytes
    }

    /// Their number, and the bytes that they hold now and may hold.
    pub fn size(&self) -> StoreSize {
        let entries = &self.entries.by_operation;
        entries.run_pending_tasks();
        StoreSize {
            entries: entries.entry_count(),
            bytes: entries.weighted_size(),
            max_bytes: entries.policy().max_capacity().unwrap_or(u64::MAX),
        }
    }

    /// True if there are none, at the last housekeeping.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T, E> fmt::Debug for Plans<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plans")
    }
}

#[cfg(test)]
#[path = "plans_tests.rs"]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
