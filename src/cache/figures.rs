//! The counters of one connector, which its health is read from.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::cache_state::CacheState;
use super::clock::Timestamp;
use super::latency::Latency;
use crate::errors::ErrorKind;

/// Counters of one connector since the process began.
#[derive(Debug, Default)]
pub struct Figures {
    hits: AtomicU64,
    misses: AtomicU64,
    shared: AtomicU64,
    bypassed: AtomicU64,
    calls: AtomicU64,
    failures: AtomicU64,
    bytes: AtomicU64,
    last_success: AtomicU64,
    failing: AtomicBool,
    last_failure: Mutex<Option<LastFailure>>,
    latency: Latency,
}

/// The last call that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastFailure {
    /// When it failed.
    pub at: Timestamp,
    /// Why it failed.
    pub kind: ErrorKind,
}

/// [`Figures`] at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// Reads of cached documents.
    pub hits: u64,
    /// Reads that made a call, whose document may be stored.
    pub misses: u64,
    /// Reads that waited for the call of another request.
    pub shared: u64,
    /// Reads that may not be cached, and mutations.
    pub bypassed: u64,
    /// Calls sent.
    pub calls: u64,
    /// Calls without a response, and with one that is no success or cannot be read. A response that says that an object
    /// does not exist, or that the request is invalid, does not count.
    pub failures: u64,
    /// Bytes of bodies received.
    pub bytes: u64,
    /// When the last response was received that is no failure.
    pub last_success: Option<Timestamp>,
    /// The last failure.
    pub last_failure: Option<LastFailure>,
    /// Whether the last call failed.
    pub failing: bool,
    /// The median time of a call; `None` before the first response. At most a quarter too long.
    pub p50: Option<Duration>,
    /// The 95th percentile of the time of a call.
    pub p95: Option<Duration>,
}

impl Snapshot {
    /// The ratio of reads without a call of their own to all reads that may be cached; `None` before the first read.
    pub fn hit_ratio(&self) -> Option<f64> {
        let served = self.hits + self.shared;
        let all = served + self.misses;
        (all > 0).then(|| served as f64 / all as f64)
    }
}

impl Figures {
    /// Counts where a document came from.
    pub(super) fn served(&self, state: CacheState) {
        let counter = match state {
            CacheState::Hit => &self.hits,
            CacheState::Miss => &self.misses,
            CacheState::Shared => &self.shared,
            CacheState::Bypass => &self.bypassed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a call, with the bytes of its response if it has one.
    pub(super) fn call(&self, took: Duration, bytes: Option<usize>) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if let Some(bytes) = bytes {
            self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
            self.latency.record(took);
        }
    }

    /// Counts a success.
    pub(super) fn success(&self, at: Timestamp) {
        self.last_success.store(at.0, Ordering::Relaxed);
        if self.failing.load(Ordering::Relaxed) {
            self.failing.store(false, Ordering::Relaxed);
        }
    }

    /// Counts a failure.
    pub(super) fn failure(&self, at: Timestamp, kind: ErrorKind) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        self.failing.store(true, Ordering::Relaxed);
        let mut last = self
            .last_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *last = Some(LastFailure { at, kind });
    }

    /// The figures now.
    pub fn snapshot(&self) -> Snapshot {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let last_success = read(&self.last_success);
        let last_failure = *self
            .last_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Snapshot {
            hits: read(&self.hits),
            misses: read(&self.misses),
            shared: read(&self.shared),
            bypassed: read(&self.bypassed),
            calls: read(&self.calls),
            failures: read(&self.failures),
            bytes: read(&self.bytes),
            last_success: (last_success > 0).then_some(Timestamp(last_success)),
            last_failure,
            failing: self.failing.load(Ordering::Relaxed),
            p50: self.latency.quantile(0.50),
            p95: self.latency.quantile(0.95),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn figures_add_up() {
        let figures = Figures::default();
        assert_eq!(figures.snapshot().hit_ratio(), None);
        figures.hits.store(3, Ordering::Relaxed);
        figures.misses.store(1, Ordering::Relaxed);
        figures.call(Duration::from_millis(1), None);
        figures.failure(Timestamp(5), ErrorKind::Timeout);
        assert!(figures.snapshot().failing);
        figures.call(Duration::from_millis(1), Some(10));
        figures.success(Timestamp(9));
        let snapshot = figures.snapshot();
        assert_eq!(snapshot.hit_ratio(), Some(0.75));
        assert_eq!((snapshot.calls, snapshot.failures), (2, 1));
        assert!(!snapshot.failing);
        let kind = ErrorKind::Timeout;
        assert_eq!(
            snapshot.last_failure,
            Some(LastFailure {
                at: Timestamp(5),
                kind
            })
        );
    }
}
