//! The backend in the memory of this process: it answers at once. Its entries are bounded by the bytes that they hold.
//!
//! A full backend stores only what was wanted before ([`Demand`]). Of that it keeps what is used most: the cache compares how
//! often a new entry and those in its place were looked up.
//!
//! An entry knows its weight and how long it is useful ([`Stored`]). The expiry here only frees memory: the caller of
//! [`Entries::get`] decides by its own clock whether an entry is fresh, so that tests can set the time.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::notification::RemovalCause;
use moka::ops::compute::Op;
use moka::sync::Cache;

use super::demand::Demand;
use super::entries::{ARC, Answer, Entries, PLACE, StoreSize, Stored};
use super::epoch::{Counter, Epochs};
use super::key::{Key, KeyHasher};
use super::meter::EvictionMeter;

/// Entries in memory.
pub(super) struct MemoryEntries<V> {
    entries: Cache<Key, V, KeyHasher>,
    demand: Arc<Demand>,
}

/// The weight of an entry with its place and its key.
fn total(weight: usize) -> u64 {
    (weight + PLACE + ARC + size_of::<Key>()) as u64
}

impl<V: Stored> MemoryEntries<V> {
    /// Room for about `max_bytes`; the entries that are used least are evicted.
    pub(super) fn new(cache: &'static str, max_bytes: u64) -> MemoryEntries<V> {
        /// About the weight of the entries that are many.
        const USUAL: u64 = 1024;
        let evictions = EvictionMeter::new(cache);
        let demand = Arc::new(Demand::new(cache, max_bytes, USUAL));
        let of_expired = Arc::clone(&demand);
        let entries = Cache::builder()
            .name(cache)
            .max_capacity(max_bytes)
            .weigher(|_: &Key, value: &V| u32::try_from(total(value.weight())).unwrap_or(u32::MAX))
            .expire_after(EntryExpiry(PhantomData))
            .eviction_listener(move |key, _, cause| {
                if cause == RemovalCause::Expired {
                    of_expired.lost(key.short());
                }
                evictions.count(cause);
            })
            .build_with_hasher(KeyHasher::default());
        MemoryEntries { entries, demand }
    }
}

impl<V: Stored> Entries<V> for MemoryEntries<V> {
    fn get(&self, key: &Key) -> Answer<Option<V>> {
        Answer::Now(self.entries.get(key))
    }

    fn get_all(&self, keys: &[Key]) -> Answer<Vec<Option<V>>> {
        Answer::Now(keys.iter().map(|key| self.entries.get(key)).collect())
    }

    fn wants(&self, key: &Key, weight: usize) -> bool {
        let used = self.entries.weighted_size();
        self.demand.wants(key.short(), total(weight), used)
    }

    fn is_stale(&self, key: &Key) {
        self.demand.lost(key.short());
    }

    fn put(&self, key: Key, value: V) -> Answer<()> {
        self.entries.insert(key, value);
        Answer::Now(())
    }

    /// That restarts the expiry of the entry, so it may be held a little longer than it is useful.
    fn update_weight(&self, key: &Key, value: &V) {
        let entry = self.entries.entry_by_ref(key);
        entry.and_compute_with(|entry| match entry {
            Some(entry) if entry.value().is_same(value) => Op::Put(entry.into_value()),
            _ => Op::Nop,
        });
    }

    fn remove(&self, key: &Key, value: &V) {
        let is_same = |stored: V| stored.is_same(value);
        if self.entries.get(key).is_some_and(is_same) {
            self.entries.invalidate(key);
        }
    }

    /// After some housekeeping.
    fn size(&self) -> StoreSize {
        self.entries.run_pending_tasks();
        StoreSize {
            entries: self.entries.entry_count(),
            bytes: self.entries.weighted_size(),
            max_bytes: self.entries.policy().max_capacity().unwrap_or(u64::MAX),
        }
    }
}

impl<V> fmt::Debug for MemoryEntries<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryEntries")
    }
}

/// Epochs that no other process shares: the view of this process is the number itself.
#[derive(Debug)]
pub(super) struct MemoryEpochs;

impl Epochs for MemoryEpochs {
    fn advance(&self, counters: &[Counter]) -> Answer<()> {
        counters.iter().for_each(Counter::advance);
        Answer::Now(())
    }

    fn refresh(&self, _: Vec<Counter>) -> Answer<()> {
        Answer::Now(())
    }
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

        fn is_same(&self, other: &Blob) -> bool {
            Arc::ptr_eq(&self.0, &other.0)
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

        fn is_same(&self, other: &Growing) -> bool {
            Arc::ptr_eq(&self.0, &other.0)
        }
    }

    fn settle<V: Stored>(store: &MemoryEntries<V>) {
        store.entries.run_pending_tasks();
    }

    fn get<V: Stored>(store: &MemoryEntries<V>, key: &Key) -> Option<V> {
        match store.get(key) {
            Answer::Now(found) => found,
            Answer::Later(_) => panic!("memory does not wait"),
        }
    }

    #[test]
    fn an_entry_that_has_grown_counts_for_more_unless_it_is_another() {
        let store = MemoryEntries::new("test", 10_000);
        let (entry, other) = (Growing(Arc::default()), Growing(Arc::default()));
        store.put(key(1), entry.clone());
        settle(&store);
        let before = store.size().bytes;
        entry.0.store(1000, std::sync::atomic::Ordering::Relaxed);
        store.update_weight(&key(1), &other);
        settle(&store);
        assert_eq!(store.size().bytes, before);
        store.update_weight(&key(1), &entry);
        store.update_weight(&key(2), &entry);
        settle(&store);
        assert_eq!(store.size().bytes, before + 1000);
        assert_eq!(store.size().entries, 1);
        // Too large by now to be kept at all.
        entry.0.store(20_000, std::sync::atomic::Ordering::Relaxed);
        store.update_weight(&key(1), &entry);
        settle(&store);
        assert!(store.size().bytes <= 10_000);
    }

    #[test]
    fn stays_within_its_bytes() {
        let store = MemoryEntries::new("test", 10_000);
        for number in 0..1000 {
            let blob = Blob(Arc::from(vec![0; 1000]), Duration::from_secs(60));
            store.put(key(number), blob);
        }
        settle(&store);
        let size = store.size();
        assert!(size.bytes <= 10_000, "{size:?}");
        assert!(size.entries >= 5, "{size:?}");
    }

    /// Looks for an entry, and stores it if the store wants it. Whether it was there.
    fn look(store: &MemoryEntries<Blob>, number: usize) -> bool {
        if get(store, &key(number)).is_some() {
            return true;
        }
        if store.wants(&key(number), 1000) {
            let blob = Blob(Arc::from(vec![0; 1000]), Duration::from_secs(60));
            store.put(key(number), blob);
        }
        false
    }

    fn full(entries: u64) -> MemoryEntries<Blob> {
        let store = MemoryEntries::new("test", entries * total(1000));
        (0..entries as usize).for_each(|number| {
            assert!(
                !look(&store, number),
                "every entry is wanted while there is room"
            );
        });
        settle(&store);
        assert_eq!(store.size().entries, entries);
        store
    }

    #[test]
    fn an_empty_store_wants_everything_at_once() {
        let store = full(100);
        let found = (0..100).filter(|number| look(&store, *number));
        assert_eq!(found.count(), 100);
    }

    #[test]
    fn what_is_used_survives_a_million_others() {
        let store = full(1000);
        let mut found = 0;
        let mut looked = 0;
        for number in 0..1_000_000 {
            look(&store, 1_000_000 + number);
            if number % 20 == 0 {
                looked += 1;
                found += usize::from(look(&store, number / 20 % 800));
            }
        }
        assert!(found * 100 >= looked * 95, "{found} of {looked}");
        assert!(store.size().bytes <= store.size().max_bytes);
    }

    #[test]
    fn what_becomes_popular_is_stored_after_a_few_requests() {
        let store = full(1000);
        for number in 1000..1100 {
            assert!(!look(&store, number) && !look(&store, number));
            settle(&store);
            assert!(look(&store, number), "{number}");
        }
        assert_eq!(store.size().entries, 1000);
    }

    #[test]
    fn what_replaces_another_version_is_wanted() {
        let store = full(1000);
        // Long enough for its count to be forgotten.
        (0..10_000).for_each(|number| {
            look(&store, 1_000_000 + number);
        });
        store.is_stale(&key(900));
        assert!(store.wants(&key(900), 1000));
        assert!(!store.wants(&key(2_000_000), 1000));
    }

    #[test]
    fn what_is_too_large_is_never_wanted() {
        let store = MemoryEntries::<Blob>::new("test", 10_000);
        assert!(store.wants(&key(1), 9_000));
        assert!(!store.wants(&key(2), 10_000));
        let none = MemoryEntries::<Blob>::new("test", 0);
        assert!(!none.wants(&key(1), 0));
    }

    #[test]
    fn lets_go_of_what_is_of_no_use() {
        let store = MemoryEntries::new("test", 10_000);
        store.put(key(1), Blob(Arc::from([]), Duration::ZERO));
        assert!(get(&store, &key(1)).is_none());
        let (blob, other) = (Arc::from([1]), Blob(Arc::from([2]), Duration::ZERO));
        let blob = Blob(blob, Duration::from_secs(60));
        store.put(key(1), blob.clone());
        store.remove(&key(1), &other);
        assert!(get(&store, &key(1)).is_some());
        store.remove(&key(1), &blob);
        assert!(get(&store, &key(1)).is_none());
    }
}
