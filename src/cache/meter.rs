//! What the caches count for whoever watches the gateway. The table of all metrics, with their help texts, is
//! `observe`'s; here they are only counted, through handles that are looked up once.

use metrics::{Counter, Histogram, counter, histogram};

use super::documents::CacheState;
use crate::source::SourceErrorKind;

const FETCHES: &str = "sangam_fetches_total";
const FETCH_SECONDS: &str = "sangam_fetch_seconds";
const FETCH_BYTES: &str = "sangam_fetch_bytes_total";
const LOOKUPS: &str = "sangam_cache_lookups_total";

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

    pub(super) fn failed(&self, kind: SourceErrorKind) {
        let outcome = match kind {
            SourceErrorKind::Unreachable => "unreachable",
            SourceErrorKind::Timeout => "timeout",
            SourceErrorKind::TooLarge => "too_large",
            SourceErrorKind::BadAnswer => "bad_answer",
            SourceErrorKind::Busy => "busy",
            SourceErrorKind::Internal => "internal",
        };
        counter!(FETCHES, "connector" => self.connector.clone(), "outcome" => outcome).increment(1);
    }
}

impl std::fmt::Debug for FetchMeter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FetchMeter")
    }
}

/// Counts the looks into one cache.
pub(super) struct LookupMeter {
    hit: Counter,
    miss: Counter,
    shared: Counter,
    bypass: Counter,
}

impl LookupMeter {
    pub(super) fn new(cache: &'static str) -> LookupMeter {
        let of = |state| counter!(LOOKUPS, "cache" => cache, "state" => state);
        LookupMeter {
            hit: of("hit"),
            miss: of("miss"),
            shared: of("shared"),
            bypass: of("bypass"),
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

impl std::fmt::Debug for LookupMeter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LookupMeter")
    }
}
