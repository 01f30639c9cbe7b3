//! A cache in memory, bounded by the bytes that its entries hold.
//!
//! An entry knows its weight and how long it is useful ([`Stored`]). The expiry here only frees memory: the caller of
//! [`Store::get`] decides by its own clock whether an entry is fresh, so that tests can set the time.

use std::fmt;
use std::marker::PhantomData;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::ops::compute::Op;
use moka::sync::Cache;

use super::key::{Key, KeyHasher};

/// An entry of a store: an `Arc`, or something as cheap to clone.
pub trait Stored: Clone + Send + Sync + 'static {
    /// About the bytes that it holds.
    fn weight(&self) -> usize;

    /// How long it may be useful.
    fn useful_for(&self) -> Duration;
}

/// Entries by [`Key`].
pub struct Store<V> {
    entries: Cache<Key, V, KeyHasher>,
}

impl<V: Stored> Store<V> {
    /// An empty store of about `max_bytes`; it evicts the entries that are used least.
    pub fn new(name: &str, max_bytes: u64) -> Store<V> {
        let entries = Cache::builder()
            .name(name)
            .max_capacity(max_bytes)
            .weigher(|_: &Key, value: &V| {
                let weight = value.weight() + size_of::<Key>();
                u32::try_from(weight).unwrap_or(u32::MAX)
            })
            .expire_after(EntryExpiry(PhantomData))
            .build_with_hasher(KeyHasher::default());
        Store { entries }
    }

    /// The entry, if there is one.
    pub fn get(&self, key: &Key) -> Option<V> {
        self.entries.get(key)
    }

    /// Adds an entry, or replaces it.
    pub fn insert(&self, key: Key, value: V) {
        self.entries.insert(key, value);
    }

    /// Updates the weight of an entry, if it is still the same one. That restarts its expiry, so it may be held a
    /// little longer than it is useful.
    pub fn update_weight(&self, key: &Key, is_this: impl FnOnce(&V) -> bool) {
        let entry = self.entries.entry_by_ref(key);
        entry.and_compute_with(|entry| match entry {
            Some(entry) if is_this(entry.value()) => Op::Put(entry.into_value()),
            _ => Op::Nop,
        });
    }

    /// Removes an entry.
    pub fn remove(&self, key: &Key) {
        self.entries.invalidate(key);
    }

    /// Removes all entries.
    pub fn clear(&self) {
        self.entries.invalidate_all();
    }

    /// The number of entries and their weight, at the last housekeeping.
    pub fn size(&self) -> StoreSize {
        StoreSize {
            entries: self.entries.entry_count(),
            bytes: self.entries.weighted_size(),
        }
    }

    /// Does the housekeeping that otherwise happens in the background.
    pub fn settle(&self) {
        self.entries.run_pending_tasks();
    }
}

impl<V> fmt::Debug for Store<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}

/// What a store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreSize {
    /// Entries.
    pub entries: u64,
    /// Their weight in bytes.
    pub bytes: u64,
}

/// Expires an entry when it is no longer useful.
struct EntryExpiry<V>(PhantomData<fn() -> V>);

impl<V: Stored> Expiry<Key, V> for EntryExpiry<V> {
    fn expire_after_create(&self, _: &Key, value: &V, _: Instant) -> Option<Duration> {
        Some(value.useful_for())
    }

    fn expire_after_update(
        &self,
        _: &Key,
        value: &V,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(value.useful_for())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::cache::key::OperationKey;

    #[derive(Clone)]
    struct Blob(Arc<[u8]>, Duration);

    impl Stored for Blob {
        fn weight(&self) -> usize {
            self.0.len()
        }

        fn useful_for(&self) -> Duration {
            self.1
        }
    }

    fn key(number: usize) -> Key {
        OperationKey::new(&number.to_string(), None).into()
    }

    /// Weighs what the test sets.
    #[derive(Clone)]
    struct Growing(Arc<std::sync::atomic::AtomicUsize>);

    impl Stored for Growing {
        fn weight(&self) -> usize {
            self.0.load(std::sync::atomic::Ordering::Relaxed)
        }

        fn useful_for(&self) -> Duration {
            Duration::from_secs(60)
        }
    }

    #[test]
    fn an_entry_that_has_grown_counts_for_more_unless_it_is_another() {
        let store = Store::new("test", 10_000);
        let (entry, other) = (Growing(Arc::default()), Growing(Arc::default()));
        store.insert(key(1), entry.clone());
        store.settle();
        let before = store.size().bytes;
        entry.0.store(1000, std::sync::atomic::Ordering::Relaxed);
        store.update_weight(&key(1), |stored| Arc::ptr_eq(&stored.0, &other.0));
        store.settle();
        assert_eq!(store.size().bytes, before);
        store.update_weight(&key(1), |stored| Arc::ptr_eq(&stored.0, &entry.0));
        store.update_weight(&key(2), |_| true);
        store.settle();
        assert_eq!(store.size().bytes, before + 1000);
        assert_eq!(store.size().entries, 1);
        // Too large by now to be kept at all.
        entry.0.store(20_000, std::sync::atomic::Ordering::Relaxed);
        store.update_weight(&key(1), |_| true);
        store.settle();
        assert!(store.size().bytes <= 10_000);
    }

    #[test]
    fn stays_within_its_bytes() {
        let store = Store::new("test", 10_000);
        for number in 0..1000 {
            let blob = Blob(Arc::from(vec![0; 1000]), Duration::from_secs(60));
            store.insert(key(number), blob);
        }
        store.settle();
        let size = store.size();
        assert!(size.bytes <= 10_000, "{size:?}");
        assert!(size.entries >= 5, "{size:?}");
    }

    #[test]
    fn lets_go_of_what_is_of_no_use() {
        let store = Store::new("test", 10_000);
        store.insert(key(1), Blob(Arc::from([]), Duration::ZERO));
        assert!(store.get(&key(1)).is_none());
        store.insert(key(1), Blob(Arc::from([]), Duration::from_secs(60)));
        assert!(store.get(&key(1)).is_some());
        store.remove(&key(1));
        assert!(store.get(&key(1)).is_none());
    }
}
