//! Counters for the metrics of the caches. `observe` has the table of all metrics; here are the handles, which are
//! looked up once.

use metrics::{Counter, Histogram, counter, histogram};
use moka::notification::RemovalCause;

use super::cache_state::CacheState;
use crate::errors::ErrorKind;
use crate::observe::metrics::{
    CACHE_EVICTIONS, CACHE_LOOKUPS as LOOKUPS, CACHE_REFUSALS, CACHE_STALE, FETCH_BYTES,
    FETCH_SECONDS, FETCHES,
};

/// Counts the calls to one connector.
pub(super) struct FetchMeter {
    connector: String,
    pub(super) ok: Counter,
    pub(super) seconds: Histogram,
    pub(super) bytes: Counter,
}

impl FetchMeter {
    pub(super) fn new(connector: &str) -> FetchMeter {
        let connector = connector.to_owned();
        FetchMeter {
            ok: counter!(FETCHES, "connector" => connector.clone(), "outcome" => "ok"),
            seconds: histogram!(FETCH_SECONDS, "connector" => connector.clone()),
            bytes: counter!(FETCH_BYTES, "connector" => connector.clone()),
            connector,
        }
    }

    pub(super) fn failed(&self, kind: ErrorKind) {
        let outcome = kind.as_str();
        counter!(FETCHES, "connector" => self.connector.clone(), "outcome" => outcome).increment(1);
    }
}

impl std::fmt::Debug for FetchMeter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FetchMeter")
    }
}

/// Counts the lookups in one cache.
pub(super) struct LookupMeter {
    hit: Counter,
    miss: Counter,
    shared: Counter,
    bypass: Counter,
    stale: Counter,
}

impl LookupMeter {
    pub(super) fn new(cache: &'static str) -> LookupMeter {
        let of = |state| counter!(LOOKUPS, "cache" => cache, "state" => state);
        LookupMeter {
            hit: of("hit"),
            miss: of("miss"),
            shared: of("shared"),
            bypass: of("bypass"),
            stale: counter!(CACHE_STALE, "cache" => cache),
        }
    }

    pub(super) fn count(&self, state: CacheState) {
        match state {
            CacheState::Hit => &self.hit,
            CacheState::Miss => &self.miss,
            CacheState::Shared => &self.shared,
            CacheState::Bypass => &self.bypass,
        }
        .increment(1);
    }
}

impl LookupMeter {
    /// Counts an entry that was found, but cannot be used.
    pub(super) fn stale(&self) {
        self.stale.increment(1);
    }
}

/// Counts the entries that one cache gives up.
pub(super) struct EvictionMeter {
    size: Counter,
    expired: Counter,
    removed: Counter,
}

impl EvictionMeter {
    pub(super) fn new(cache: &'static str) -> EvictionMeter {
        let of = |reason| counter!(CACHE_EVICTIONS, "cache" => cache, "reason" => reason);
        EvictionMeter {
            size: of("size"),
            expired: of("expired"),
            removed: of("removed"),
        }
    }

    pub(super) fn count(&self, cause: RemovalCause) {
        match cause {
            RemovalCause::Size => self.size.increment(1),
            RemovalCause::Expired => self.expired.increment(1),
            RemovalCause::Explicit => self.removed.increment(1),
            // By a newer version, or by itself with another weight.
            RemovalCause::Replaced => {}
        }
    }
}

/// Counts the entries that one cache has not stored.
#[derive(Debug)]
pub(super) struct RefusalMeter(Counter);

impl RefusalMeter {
    pub(super) fn new(cache: &'static str) -> RefusalMeter {
        RefusalMeter(counter!(CACHE_REFUSALS, "cache" => cache))
    }

    pub(super) fn count(&self) {
        self.0.increment(1);
    }
}

impl std::fmt::Debug for LookupMeter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LookupMeter")
    }
}
