//! One connector as the caches see it: its driver, its mutation epoch, and what happened to its calls.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::bulkhead::{Wait, Waiting};
use super::clock::Timestamp;
use super::documents::CacheState;
use super::entry::StoredHeaders;
use super::key::{EndpointKey, EndpointKeyParts};
use super::meter::FetchMeter;
use super::refusals::Refusals;
use crate::source::{Source, SourceErrorKind};

/// Counts the mutations that may have changed what an endpoint answers: those of its whole connector, and those that say
/// which fields they change. Both only grow, so that their sum stays the same only where both do.
#[derive(Debug, Clone)]
pub struct Epoch {
    connector: Arc<AtomicU64>,
    field: Arc<AtomicU64>,
}

impl Epoch {
    /// The count now. What was read under another one may not show a mutation's effect, and is not used.
    pub fn now(&self) -> u64 {
        let (connector, field) = (&self.connector, &self.field);
        connector.load(Ordering::SeqCst) + field.load(Ordering::SeqCst)
    }

    /// Whether both count the same.
    pub fn is(&self, other: &Epoch) -> bool {
        Arc::ptr_eq(&self.connector, &other.connector) && Arc::ptr_eq(&self.field, &other.field)
    }
}

/// What outlives a change of configuration: the epochs and the figures of one connector.
#[derive(Debug)]
pub struct UpstreamState {
    epoch: Arc<AtomicU64>,
    /// Of fields and types with connects, by `Type.field` or `Type`.
    fields: Mutex<HashMap<String, Arc<AtomicU64>>>,
    figures: Figures,
    meter: FetchMeter,
    waiting: Waiting,
    refusals: Refusals,
    name: Box<str>,
}

impl UpstreamState {
    pub(super) fn new(name: &str) -> UpstreamState {
        UpstreamState {
            epoch: Arc::default(),
            fields: Mutex::default(),
            figures: Figures::default(),
            meter: FetchMeter::new(name),
            waiting: Waiting::default(),
            refusals: Refusals::default(),
            name: name.into(),
        }
    }

    /// The connector's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The refusals that no line of the log has counted.
    pub(super) fn refusals(&self) -> &Refusals {
        &self.refusals
    }

    /// The requests that wait for it.
    pub(super) fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    /// Requests with a call of their own that runs or is queued, whether they still wait for it or not.
    pub fn calling(&self) -> usize {
        self.waiting.now(Wait::Call)
    }

    /// Requests that wait for a call that another request has begun.
    pub fn joining(&self) -> usize {
        self.waiting.now(Wait::Join)
    }

    /// Counts a call that was refused before it was made, which says nothing about the department.
    pub(super) fn refused(&self) {
        self.meter.failed(SourceErrorKind::Busy);
    }

    /// Notes a call that was answered.
    pub(super) fn answered(&self, at: Timestamp, took: Duration, bytes: usize) {
        self.figures.success(at, took, bytes);
        self.meter.ok.increment(1);
        self.meter.seconds.record(took.as_secs_f64());
        self.meter.bytes.increment(bytes as u64);
    }

    /// Notes a call that was not.
    pub(super) fn failed(&self, at: Timestamp, took: Duration, kind: SourceErrorKind) {
        self.figures.failure(at, kind);
        self.meter.seconds.record(took.as_secs_f64());
        self.meter.failed(kind);
    }

    /// Notes how a document came.
    pub(super) fn served(&self, state: CacheState) {
        let counter = match state {
            CacheState::Hit => &self.figures.hits,
            CacheState::Miss => &self.figures.misses,
            CacheState::Shared => &self.figures.shared,
            CacheState::Bypass => &self.figures.bypassed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts the mutations that have ended, or whose client waits for them no more, but for those that were provably
    /// refused and those that say which fields they change.
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Marks the end of a mutation: nothing that was read before is used after.
    pub fn advance_epoch(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
    }

    /// The same for a mutation that changes what these fields answer, and nothing else; of the whole connector where none
    /// is named.
    pub fn advance(&self, fields: &[String]) {
        if fields.is_empty() {
            return self.advance_epoch();
        }
        for field in fields {
            self.field(field).fetch_add(1, Ordering::SeqCst);
        }
    }

    fn field(&self, field: &str) -> Arc<AtomicU64> {
        let mut fields = self.fields.lock().unwrap_or_else(PoisonError::into_inner);
        match fields.get(field) {
            Some(known) => Arc::clone(known),
            None => Arc::clone(fields.entry(field.to_owned()).or_default()),
        }
    }

    /// What happened so far.
    pub fn figures(&self) -> &Figures {
        &self.figures
    }
}

/// One connector under one configuration.
#[derive(Debug)]
pub struct Upstream {
    name: Arc<str>,
    driver: Arc<dyn Source>,
    state: Arc<UpstreamState>,
    in_flight: usize,
}

impl Upstream {
    pub(super) fn new(
        name: &str,
        driver: Arc<dyn Source>,
        state: Arc<UpstreamState>,
        in_flight: usize,
    ) -> Arc<Upstream> {
        Arc::new(Upstream {
            name: name.into(),
            driver,
            state,
            in_flight,
        })
    }

    /// How many requests may wait for calls of their own at the same time.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// The connector's name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Its driver.
    pub fn driver(&self) -> &Arc<dyn Source> {
        &self.driver
    }

    /// Its epoch and figures.
    pub fn state(&self) -> &Arc<UpstreamState> {
        &self.state
    }

    /// One way to fetch from it. Make it once and use it for every call: it remembers how the upstream answers.
    pub fn endpoint(
        self: &Arc<Self>,
        coordinate: &str,
        stored_headers: StoredHeaders,
        acceptance: &str,
    ) -> Arc<Endpoint> {
        self.endpoint_that_changes(&[], coordinate, stored_headers, acceptance)
    }

    /// The same for mutations that change what these fields answer (`Type.field`, or `Type` for what is fetched for a
    /// type), and nothing else.
    pub fn endpoint_that_changes(
        self: &Arc<Self>,
        fields: &[String],
        coordinate: &str,
        stored_headers: StoredHeaders,
        acceptance: &str,
    ) -> Arc<Endpoint> {
        let parts = EndpointKeyParts {
            service: &self.name,
            coordinate,
            stored_headers: &stored_headers,
            acceptance,
        };
        let epoch = Epoch {
            connector: Arc::clone(&self.state.epoch),
            field: self.state.field(field_of(coordinate)),
        };
        Arc::new(Endpoint {
            key: parts.key(),
            epoch,
            changes: fields.into(),
            upstream: Arc::clone(self),
            coordinate: coordinate.into(),
            stored_headers,
            unstorable: AtomicU8::new(0),
        })
    }
}

/// One way to fetch: one `@connect`, or a GraphQL service.
#[derive(Debug)]
pub struct Endpoint {
    pub(super) key: EndpointKey,
    epoch: Epoch,
    /// The fields that a mutation by it changes; all of the connector where there are none.
    changes: Arc<[String]>,
    upstream: Arc<Upstream>,
    coordinate: Arc<str>,
    stored_headers: StoredHeaders,
    /// Answers in a row that gave no lifetime of their own.
    unstorable: AtomicU8,
}

impl Endpoint {
    /// After so many answers in a row without a lifetime, calls are not kept waiting for each other's answers any more.
    const LEARNT: u8 = 3;

    /// The connector.
    pub fn upstream(&self) -> &Arc<Upstream> {
        &self.upstream
    }

    /// Counts the mutations that may have changed what it answers.
    pub fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    /// The fields that a mutation by it changes; all of the connector where there are none.
    pub(super) fn changes(&self) -> &Arc<[String]> {
        &self.changes
    }

    /// `service:Type.field[n]`, or what stands for it.
    pub fn coordinate(&self) -> &Arc<str> {
        &self.coordinate
    }

    /// The response headers that stay with its documents.
    pub fn stored_headers(&self) -> &StoredHeaders {
        &self.stored_headers
    }

    /// For keys of entities.
    pub fn key(&self) -> &EndpointKey {
        &self.key
    }

    /// Remembers whether an answer's own headers allowed to store it.
    pub(super) fn learn(&self, storable: bool) {
        if storable {
            self.unstorable.store(0, Ordering::Relaxed);
        } else if self.unstorable.load(Ordering::Relaxed) < Self::LEARNT {
            self.unstorable.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// False when the upstream's headers have not allowed to store anything lately.
    pub fn may_be_storable(&self) -> bool {
        self.unstorable.load(Ordering::Relaxed) < Self::LEARNT
    }
}

/// `Type.field` of `service:Type.field[n]`.
fn field_of(coordinate: &str) -> &str {
    let own = coordinate
        .split_once(':')
        .map_or(coordinate, |(_, own)| own);
    own.split_once('[').map_or(own, |(field, _)| field)
}

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

/// The last time that a call had no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastFailure {
    /// When.
    pub at: Timestamp,
    /// In what way.
    pub kind: SourceErrorKind,
}

/// [`Figures`] at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// Reads answered from the cache.
    pub hits: u64,
    /// Reads that were not in the cache, and made a call.
    pub misses: u64,
    /// Reads that took part in another one's call.
    pub shared: u64,
    /// Reads that may not be cached, and mutations.
    pub bypassed: u64,
    /// Calls sent.
    pub calls: u64,
    /// Calls without an answer; an answer with a failing status is one.
    pub failures: u64,
    /// Bytes of bodies received.
    pub bytes: u64,
    /// When an answer last came in.
    pub last_success: Option<Timestamp>,
    /// The last failure.
    pub last_failure: Option<LastFailure>,
    /// The last call failed.
    pub failing: bool,
    /// The time within which half, and 95 of 100, of the answers came in; `None` before the first one. Accurate to a
    /// quarter.
    pub p50: Option<Duration>,
    /// See `p50`.
    pub p95: Option<Duration>,
}

impl Snapshot {
    /// Reads answered without a call of their own, of all that may be cached; `None` before the first.
    pub fn hit_ratio(&self) -> Option<f64> {
        let served = self.hits + self.shared;
        let all = served + self.misses;
        (all > 0).then(|| served as f64 / all as f64)
    }
}

impl Figures {
    fn success(&self, at: Timestamp, took: Duration, bytes: usize) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.last_success.store(at.0, Ordering::Relaxed);
        if self.failing.load(Ordering::Relaxed) {
            self.failing.store(false, Ordering::Relaxed);
        }
        self.latency.record(took);
    }

    fn failure(&self, at: Timestamp, kind: SourceErrorKind) {
        self.calls.fetch_add(1, Ordering::Relaxed);
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

/// How long answers took: counts in buckets that grow by a quarter of a power of two.
#[derive(Debug)]
struct Latency([AtomicU64; Latency::BUCKETS]);

impl Default for Latency {
    fn default() -> Latency {
        Latency(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl Latency {
    /// Four for each power of two microseconds up to 2^27 (two minutes).
    const BUCKETS: usize = 28 * 4;

    fn record(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(4);
        let power = micros.ilog2() as usize;
        let quarter = ((micros >> (power - 2)) & 3) as usize;
        let index = (power * 4 + quarter).min(Self::BUCKETS - 1);
        self.0[index].fetch_add(1, Ordering::Relaxed);
    }

    /// The upper end of the bucket in which the quantile lies.
    fn quantile(&self, quantile: f64) -> Option<Duration> {
        let counts: Vec<u64> = self.0.iter().map(|n| n.load(Ordering::Relaxed)).collect();
        let total: u64 = counts.iter().sum();
        if total == 0 {
            return None;
        }
        let wanted = (total as f64 * quantile).ceil() as u64;
        let mut seen = 0;
        let index = counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        })?;
        let (power, quarter) = (index / 4, index % 4);
        let upper = (1_u64 << power) / 4 * (quarter as u64 + 5);
        Some(Duration::from_micros(upper))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_near() {
        let latency = Latency::default();
        assert_eq!(latency.quantile(0.95), None);
        for millis in 1..=100 {
            latency.record(Duration::from_millis(millis));
        }
        for quantile in [0.5, 0.95] {
            let found = latency.quantile(quantile).unwrap().as_secs_f64() * 10.0;
            let ratio = found / quantile;
            assert!((1.0..1.25).contains(&ratio), "{quantile}: {found}");
        }
    }

    #[test]
    fn extremes_have_a_bucket() {
        let latency = Latency::default();
        latency.record(Duration::ZERO);
        latency.record(Duration::MAX);
        assert!(latency.quantile(0.1).unwrap() < Duration::from_micros(10));
        assert!(latency.quantile(1.0).unwrap() > Duration::from_secs(60));
    }

    #[test]
    fn figures_add_up() {
        let figures = Figures::default();
        assert_eq!(figures.snapshot().hit_ratio(), None);
        figures.hits.store(3, Ordering::Relaxed);
        figures.misses.store(1, Ordering::Relaxed);
        figures.failure(Timestamp(5), SourceErrorKind::Timeout);
        assert!(figures.snapshot().failing);
        figures.success(Timestamp(9), Duration::from_millis(1), 10);
        let snapshot = figures.snapshot();
        assert_eq!(snapshot.hit_ratio(), Some(0.75));
        assert_eq!((snapshot.calls, snapshot.failures), (2, 1));
        assert!(!snapshot.failing);
        let kind = SourceErrorKind::Timeout;
        assert_eq!(
            snapshot.last_failure,
            Some(LastFailure {
                at: Timestamp(5),
                kind
            })
        );
    }
}
