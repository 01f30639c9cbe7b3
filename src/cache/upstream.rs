//! One connector in the cache: its endpoints, its mutation epochs, and the counters of its calls.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::bulkhead::{Wait, Waiting, WaitingLimits};
use super::clock::Timestamp;
use super::documents::CacheState;
use super::key::{EndpointKey, EndpointKeyParts};
use super::meter::FetchMeter;
use super::refusals::Refusals;
use crate::source::{Source, SourceErrorKind, StoredHeaders};

/// The number of mutations that may have changed the documents of an endpoint: those of the whole connector, and those
/// that declare to change the endpoint's field. Both counters only grow, so their sum is unchanged only if both are.
#[derive(Debug, Clone)]
pub struct Epoch {
    connector: Arc<AtomicU64>,
    field: Arc<AtomicU64>,
}

impl Epoch {
    /// The current epoch. A document of another epoch may not show the effect of a mutation, and is not used.
    pub fn now(&self) -> u64 {
        let (connector, field) = (&self.connector, &self.field);
        connector.load(Ordering::SeqCst) + field.load(Ordering::SeqCst)
    }

    /// Whether both are the epoch of the same field.
    pub fn is(&self, other: &Epoch) -> bool {
        Arc::ptr_eq(&self.connector, &other.connector) && Arc::ptr_eq(&self.field, &other.field)
    }
}

/// The state of one connector that outlives a change of configuration: epochs and counters.
#[derive(Debug)]
pub struct UpstreamState {
    epoch: Arc<AtomicU64>,
    /// The epochs of fields and types with connects, by `Type.field` or `Type`.
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

    /// The refusals that have not been logged.
    pub(super) fn refusals(&self) -> &Refusals {
        &self.refusals
    }

    /// The requests that wait for it.
    pub(super) fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    /// The number of requests with a call of their own, running or queued, whether they still wait for it or not.
    pub fn calling(&self) -> usize {
        self.waiting.now(Wait::Call)
    }

    /// The number of requests that wait for a call of another request.
    pub fn joining(&self) -> usize {
        self.waiting.now(Wait::Join)
    }

    /// Counts a call that was refused before it was made. It does not count as a failure of the upstream.
    pub(super) fn refused(&self) {
        self.meter.failed(SourceErrorKind::Busy);
    }

    /// Counts a call with a response.
    pub(super) fn answered(&self, at: Timestamp, took: Duration, bytes: usize) {
        self.figures.success(at, took, bytes);
        self.meter.ok.increment(1);
        self.meter.seconds.record(took.as_secs_f64());
        self.meter.bytes.increment(bytes as u64);
    }

    /// Counts a call without a response.
    pub(super) fn failed(&self, at: Timestamp, took: Duration, kind: SourceErrorKind) {
        self.figures.failure(at, kind);
        self.meter.seconds.record(took.as_secs_f64());
        self.meter.failed(kind);
    }

    /// Counts where a document came from.
    pub(super) fn served(&self, state: CacheState) {
        let counter = match state {
            CacheState::Hit => &self.figures.hits,
            CacheState::Miss => &self.figures.misses,
            CacheState::Shared => &self.figures.shared,
            CacheState::Bypass => &self.figures.bypassed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// The number of mutations that have ended or whose client has stopped waiting, without those that were provably
    /// refused and those that declare which fields they change.
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Marks the end of a mutation: documents from before it are not used after it.
    pub fn advance_epoch(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
    }

    /// Marks the end of a mutation that only changes these fields, or the whole connector if there are none.
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

    /// The counters.
    pub fn figures(&self) -> &Figures {
        &self.figures
    }
}

/// One connector with one configuration.
#[derive(Debug)]
pub struct Upstream {
    name: Arc<str>,
    state: Arc<UpstreamState>,
    waiting_limits: WaitingLimits,
}

impl Upstream {
    pub(super) fn new(
        name: &str,
        state: Arc<UpstreamState>,
        waiting_limits: WaitingLimits,
    ) -> Arc<Upstream> {
        Arc::new(Upstream {
            name: name.into(),
            state,
            waiting_limits,
        })
    }

    /// The number of requests that may wait for it at the same time.
    pub fn waiting_limits(&self) -> WaitingLimits {
        self.waiting_limits
    }

    /// The connector's name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Its epoch and figures.
    pub fn state(&self) -> &Arc<UpstreamState> {
        &self.state
    }

    /// An endpoint of the connector, which the driver of its source calls. Create it once and use it for every call: it
    /// learns whether its documents can be stored.
    pub fn endpoint(
        self: &Arc<Self>,
        source: &Arc<dyn Source>,
        coordinate: &str,
        stored_headers: StoredHeaders,
        acceptance: &str,
    ) -> Arc<Endpoint> {
        self.endpoint_that_changes(&[], source, coordinate, stored_headers, acceptance)
    }

    /// The same for a mutation that only changes these fields (`Type.field`, or `Type` for a connect on a type).
    pub fn endpoint_that_changes(
        self: &Arc<Self>,
        fields: &[String],
        source: &Arc<dyn Source>,
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
            source: Arc::clone(source),
            coordinate: coordinate.into(),
            stored_headers,
            unstorable: AtomicU8::new(0),
        })
    }
}

/// What can be called: one `@connect`, or a GraphQL service.
#[derive(Debug)]
pub struct Endpoint {
    pub(super) key: EndpointKey,
    epoch: Epoch,
    /// The fields that a mutation by it changes; all fields of the connector if empty.
    changes: Arc<[String]>,
    upstream: Arc<Upstream>,
    source: Arc<dyn Source>,
    coordinate: Arc<str>,
    stored_headers: StoredHeaders,
    /// The number of successive documents whose headers gave no lifetime.
    unstorable: AtomicU8,
}

impl Endpoint {
    /// After so many successive documents without a lifetime, reads do not wait for each other's calls.
    const LEARNT: u8 = 3;

    /// The connector.
    pub fn upstream(&self) -> &Arc<Upstream> {
        &self.upstream
    }

    /// The driver of its source.
    pub fn source(&self) -> &Arc<dyn Source> {
        &self.source
    }

    /// The number of mutations that may have changed its documents.
    pub fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    /// The fields that a mutation by it changes; all fields of the connector if empty.
    pub(super) fn changes(&self) -> &Arc<[String]> {
        &self.changes
    }

    /// `service:Type.field[n]`, or the name of a GraphQL service.
    pub fn coordinate(&self) -> &Arc<str> {
        &self.coordinate
    }

    /// The response headers that are stored with its documents.
    pub fn stored_headers(&self) -> &StoredHeaders {
        &self.stored_headers
    }

    /// For keys of entities.
    pub fn key(&self) -> &EndpointKey {
        &self.key
    }

    /// Records whether a response's headers allowed to store it.
    pub(super) fn learn(&self, storable: bool) {
        if storable {
            self.unstorable.store(0, Ordering::Relaxed);
        } else if self.unstorable.load(Ordering::Relaxed) < Self::LEARNT {
            self.unstorable.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// False if the headers of the last responses did not allow to store them.
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

/// The last call without a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastFailure {
    /// When it failed.
    pub at: Timestamp,
    /// Why it failed.
    pub kind: SourceErrorKind,
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
    /// Calls without a response. A response with a failing status does not count.
    pub failures: u64,
    /// Bytes of bodies received.
    pub bytes: u64,
    /// When the last response was received.
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

/// A histogram of the times of calls, with four buckets for each power of two.
#[derive(Debug)]
struct Latency([AtomicU64; Latency::BUCKETS]);

impl Default for Latency {
    fn default() -> Latency {
        Latency(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl Latency {
    /// For times up to 2^28 microseconds (four minutes).
    const BUCKETS: usize = 28 * 4;

    fn record(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(4);
        let power = micros.ilog2() as usize;
        let quarter = ((micros >> (power - 2)) & 3) as usize;
        let index = (power * 4 + quarter).min(Self::BUCKETS - 1);
        self.0[index].fetch_add(1, Ordering::Relaxed);
    }

    /// The upper end of the bucket with the quantile.
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
