//! Storage of cached entries, as the caches see it: what an entry and the storage of entries must do.
//!
//! Storage in this process answers at once, storage in another system after a wait. [`Answer`] has both cases, so that a
//! hit in memory allocates nothing and needs no future. A lookup never fails for a caller: an answer that is an error or
//! comes too late counts as a miss.

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::key::Key;

/// An entry: an `Arc`, or something as cheap to clone.
pub trait Stored: Clone + Send + Sync + 'static {
    /// The bytes that it holds, with the counters of its `Arc`.
    fn weight(&self) -> usize;

    /// How long it may be useful.
    fn useful_for(&self) -> Duration;

    /// Whether both are the same entry, not only equal ones.
    fn is_same(&self, other: &Self) -> bool;
}

/// The bytes that the memory of this process holds for an entry beside the entry itself and its key: its place in the table,
/// in the order of use and among the timers. Counted with an allocator that counts (`benches/allocations.rs`).
pub(super) const PLACE: usize = 360;

/// The counters of an `Arc`.
pub(super) const ARC: usize = 16;

/// Entries of one kind by [`Key`].
pub trait Entries<V>: fmt::Debug + Send + Sync {
    /// The entry, if there is one.
    fn get(&self, key: &Key) -> Answer<Option<V>>;

    /// The entries of several keys, in the order of the keys.
    fn get_all(&self, keys: &[Key]) -> Answer<Vec<Option<V>>>;

    /// Whether an entry of about this weight is worth storing: there is room for it, or it was wanted before. Counts that it
    /// is wanted. It is asked before an entry is made, so that one which is not kept costs nothing.
    fn wants(&self, _: &Key, _weight: usize) -> bool {
        true
    }

    /// Says that an entry was found, and may no longer be used. One that takes its place is worth storing.
    fn is_stale(&self, _: &Key) {}

    /// Adds an entry, or replaces it. When the answer is there, later lookups find it.
    fn put(&self, key: Key, value: V) -> Answer<()>;

    /// Updates the weight of an entry, if it is still this one and its weight is counted here.
    fn update_weight(&self, key: &Key, value: &V);

    /// Removes an entry, if it is still this one. Storage that cannot compare removes any.
    fn remove(&self, key: &Key, value: &V);

    /// The number of entries and their weight, as far as they are counted here.
    fn size(&self) -> StoreSize;
}

/// What entries hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreSize {
    /// Entries.
    pub entries: u64,
    /// Their weight in bytes.
    pub bytes: u64,
    /// The greatest weight that they may have; about.
    pub max_bytes: u64,
}

/// An answer that is there at once, or after a wait. A future that is dropped before it is polled has done nothing.
pub enum Answer<T> {
    /// It is there.
    Now(T),
    /// The caller has to wait for it.
    Later(BoxFuture<'static, Result<T, BackendError>>),
}

/// Why a backend has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BackendError(pub String);

/// The longest wait for a backend. It is short, because the call that an entry would save is often faster.
const LONGEST_WAIT: Duration = Duration::from_millis(250);

impl<T> Answer<T> {
    /// The answer; `None` if it is an error or is not there in time.
    pub(super) async fn wait(self) -> Option<T> {
        let answer = match self {
            Answer::Now(answer) => return Some(answer),
            Answer::Later(answer) => answer,
        };
        match tokio::time::timeout(LONGEST_WAIT, answer).await {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(error)) => {
                tracing::debug!(%error, "the backend of the cache failed");
                None
            }
            Err(_) => {
                tracing::debug!("the backend of the cache gave no result within {LONGEST_WAIT:?}");
                None
            }
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Answer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Answer::Now(answer) => f.debug_tuple("Now").field(answer).finish(),
            Answer::Later(_) => f.write_str("Later"),
        }
    }
}
