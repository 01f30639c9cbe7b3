//! Operations as operators see them: by name and signature, in logs, traces and metrics.
//!
//! Clients choose names and texts, so the number of operations has no bound, and that of series in the metrics must have
//! one. A limited number of operations have series of their own; the requests of all others are counted together, as
//! [`OTHER`]. When all places are taken, an operation that has not been requested for [`IDLE`] seconds leaves its place to
//! a new one: after a release of a client, its old operations make room for the new ones.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use super::metrics::{self as names, MetricKind};
use super::samples::Samples;

/// The longest part of a name that is shown, in bytes.
pub const NAME_BYTES: usize = 64;

/// The name of the operations without series of their own. No operation can have it: parentheses are not part of names.
const OTHER: &str = "(other)";

/// The name of operations without a name.
const ANONYMOUS: &str = "(anonymous)";

/// After so many seconds without a request, an operation may lose its place.
const IDLE: u64 = 3600;

/// How often an operation without a place looks for one, in seconds.
const LOOK_AGAIN: u64 = 10;

/// One operation.
#[derive(Debug)]
pub struct ObservedOperation {
    /// At most [`NAME_BYTES`] letters, digits and underscores; empty for an anonymous operation.
    pub name: Box<str>,
    /// Its signature; empty for an operation that could not be compiled.
    pub hash: Box<str>,
    /// `query` or `mutation`; empty for an operation that could not be compiled.
    pub kind: &'static str,
    /// Where its requests are counted; nowhere if it could not be compiled.
    counted: Option<Counted>,
}

#[derive(Debug)]
struct Counted {
    meters: Arc<OperationMeters>,
    meter: ArcSwap<OperationMeter>,
}

impl ObservedOperation {
    /// An operation that could not be compiled, by the name that the client has sent. A text that is no name is not shown.
    pub fn not_compiled(name: Option<&str>) -> ObservedOperation {
        ObservedOperation {
            name: shown(name.unwrap_or_default()),
            hash: Box::default(),
            kind: "",
            counted: None,
        }
    }

    /// Counts a request that took from `started` to `now`.
    pub fn count(&self, started: Instant, now: Instant, has_errors: bool) {
        let Some(Counted { meters, meter }) = &self.counted else {
            return;
        };
        let (second, took) = (meters.second(now), now.saturating_duration_since(started));
        let current = meter.load();
        if !current.is_retired() && !meters.may_make_room(&current, second) {
            return current.count(took, second, has_errors);
        }
        let found = meters.meter(&self.name, &self.hash, second);
        found.count(took, second, has_errors);
        meter.store(found);
    }
}

/// A name as it is shown; empty if it is none.
fn shown(name: &str) -> Box<str> {
    let is_name = name
        .bytes()
        .all(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
    match is_name {
        // Of ASCII, so the cut is at a character boundary.
        true => name[..name.len().min(NAME_BYTES)].into(),
        false => Box::default(),
    }
}

/// The operations that have series of their own, and the others.
#[derive(Debug)]
pub struct OperationMeters {
    most: usize,
    begun: Instant,
    places: Mutex<Vec<Arc<OperationMeter>>>,
    other: Arc<OperationMeter>,
    /// The second at which one of the others last looked for a place.
    looked: AtomicU64,
}

impl OperationMeters {
    /// Places for `most` operations.
    pub fn new(most: usize) -> Arc<OperationMeters> {
        Arc::new(OperationMeters {
            most,
            begun: Instant::now(),
            places: Mutex::default(),
            other: Arc::new(OperationMeter::new(OTHER, "")),
            looked: AtomicU64::new(0),
        })
    }

    /// An operation that was compiled.
    pub fn observe(
        self: &Arc<Self>,
        name: &str,
        hash: &str,
        kind: &'static str,
    ) -> ObservedOperation {
        let name = shown(name);
        // It takes a place when it is first counted: not every operation that is compiled is executed.
        let nowhere = Arc::new(OperationMeter::retired());
        ObservedOperation {
            hash: hash.into(),
            kind,
            counted: Some(Counted {
                meters: Arc::clone(self),
                meter: ArcSwap::new(nowhere),
            }),
            name,
        }
    }

    /// Adds the series of all operations.
    pub fn measure(&self, samples: &mut Samples) {
        let places = self
            .places
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        for meter in places.iter().chain([&self.other]) {
            let labels = [("operation", &*meter.name), ("hash", &*meter.hash)];
            let counts = meter
                .buckets()
                .iter()
                .map(|count| count.load(Ordering::Relaxed));
            let sum = Duration::from_nanos(meter.nanoseconds.load(Ordering::Relaxed));
            let counts: Vec<u64> = counts.collect();
            samples.histogram(
                names::OPERATION_SECONDS,
                &labels,
                &counts,
                sum.as_secs_f64(),
            );
            let errors = meter.errors.load(Ordering::Relaxed);
            samples.add(names::OPERATION_ERRORS, &labels, errors as f64);
        }
    }

    /// The second of a time, by the clock of the places.
    fn second(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.begun).as_secs()
    }

    /// Whether an operation that is counted with the others should look for a place: one of them does from time to time.
    fn may_make_room(&self, current: &Arc<OperationMeter>, second: u64) -> bool {
        let looked = self.looked.load(Ordering::Relaxed);
        let (success, failure) = (Ordering::Relaxed, Ordering::Relaxed);
        Arc::ptr_eq(current, &self.other)
            && second >= looked + LOOK_AGAIN
            && self
                .looked
                .compare_exchange(looked, second, success, failure)
                .is_ok()
    }

    /// The meter of an operation, which takes a place if there is one.
    fn meter(&self, name: &str, hash: &str, second: u64) -> Arc<OperationMeter> {
        let name = if name.is_empty() { ANONYMOUS } else { name };
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = places.iter();
        if let Some(meter) = all.find(|meter| *meter.hash == *hash && *meter.name == *name) {
            return Arc::clone(meter);
        }
        let idle = |meter: &Arc<OperationMeter>| {
            let last = meter.last.load(Ordering::Relaxed);
            (second.saturating_sub(last) >= IDLE).then_some(last)
        };
        if places.len() >= self.most {
            let oldest = (0..places.len()).filter_map(|at| Some((idle(&places[at])?, at)));
            let Some((_, at)) = oldest.min() else {
                return Arc::clone(&self.other);
            };
            places.swap_remove(at).retire();
        }
        let meter = Arc::new(OperationMeter::new(name, hash));
        meter.last.store(second, Ordering::Relaxed);
        places.push(Arc::clone(&meter));
        meter
    }
}

/// The counters of one operation.
#[derive(Debug)]
struct OperationMeter {
    name: Box<str>,
    hash: Box<str>,
    /// By bucket, with one for what is longer than all of them.
    buckets: OnceLock<Box<[AtomicU64]>>,
    nanoseconds: AtomicU64,
    errors: AtomicU64,
    /// The second of its last request; [`RETIRED`] if it has lost its place.
    last: AtomicU64,
}

/// No second.
const RETIRED: u64 = u64::MAX;

impl OperationMeter {
    fn new(name: &str, hash: &str) -> OperationMeter {
        OperationMeter {
            name: name.into(),
            hash: hash.into(),
            buckets: OnceLock::new(),
            nanoseconds: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            last: AtomicU64::new(0),
        }
    }

    /// One without a place.
    fn retired() -> OperationMeter {
        let meter = OperationMeter::new("", "");
        meter.retire();
        meter
    }

    fn retire(&self) {
        self.last.store(RETIRED, Ordering::Relaxed);
    }

    fn is_retired(&self) -> bool {
        self.last.load(Ordering::Relaxed) == RETIRED
    }

    fn buckets(&self) -> &[AtomicU64] {
        self.buckets.get_or_init(|| {
            let buckets = MetricKind::Seconds.buckets().len() + 1;
            (0..buckets).map(|_| AtomicU64::new(0)).collect()
        })
    }

    fn count(&self, took: Duration, second: u64, has_errors: bool) {
        let seconds = took.as_secs_f64();
        let bounds = MetricKind::Seconds.buckets();
        let bucket = bounds.partition_point(|bound| *bound < seconds);
        self.buckets()[bucket].fetch_add(1, Ordering::Relaxed);
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
        if has_errors {
            self.errors.fetch_add(1, Ordering::Relaxed);
        }
        // Not written for every request: threads on other processors read it too.
        let last = self.last.load(Ordering::Relaxed);
        if last < second {
            // Fails if it has just lost its place.
            let _ = self
                .last
                .compare_exchange(last, second, Ordering::Relaxed, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The operations with series, and the number of their requests.
    fn seen(meters: &OperationMeters) -> Vec<(String, u64)> {
        let mut samples = Samples::default();
        meters.measure(&mut samples);
        let mut page = String::new();
        samples.write(&mut page);
        let lines = page
            .lines()
            .filter_map(|line| line.strip_prefix("sangam_operation_seconds_count{operation=\""));
        let mut seen: Vec<(String, u64)> = lines
            .filter_map(|line| {
                let (name, rest) = line.split_once('"')?;
                Some((name.to_owned(), rest.rsplit_once(' ')?.1.parse().ok()?))
            })
            .collect();
        seen.sort();
        seen
    }

    fn expected(series: &[(&str, u64)]) -> Vec<(String, u64)> {
        series
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect()
    }

    #[test]
    fn the_number_of_series_is_bounded_and_idle_operations_make_room() {
        let meters = OperationMeters::new(2);
        let begun = meters.begun;
        let at = |operation: &ObservedOperation, second: u64| {
            let now = begun + Duration::from_secs(second);
            operation.count(now, now, false);
        };
        let [a, b, c] = ["a", "b", "c"].map(|name| meters.observe(name, "1", "query"));
        assert_eq!(seen(&meters), expected(&[("(other)", 0)]));
        at(&a, 0);
        at(&b, 10);
        at(&c, 20);
        at(&a, 30);
        assert_eq!(
            seen(&meters),
            expected(&[("(other)", 1), ("a", 2), ("b", 1)])
        );
        // The same operation, compiled again, is counted in the same place.
        at(&meters.observe("a", "1", "query"), 40);
        // `b` has been idle for long enough.
        let d = meters.observe("d", "1", "query");
        at(&d, 3_615);
        let now = expected(&[("(other)", 1), ("a", 3), ("d", 1)]);
        assert_eq!(seen(&meters), now);
        // It comes back, and all places are taken.
        at(&b, 3_616);
        let now = expected(&[("(other)", 2), ("a", 3), ("d", 1)]);
        assert_eq!(seen(&meters), now);
        // One of the others looks again later, when `d` is the one that has been idle for longest.
        at(&a, 3_620);
        at(&b, 7_300);
        let now = expected(&[("(other)", 2), ("a", 4), ("b", 1)]);
        assert_eq!(seen(&meters), now);
    }

    #[test]
    fn names_are_bounded() {
        let meters = OperationMeters::new(1);
        let long = meters.observe(&"n".repeat(100), "1", "query");
        assert_eq!(long.name.len(), NAME_BYTES);
        for (sent, expected) in [("Q", "Q"), ("a\nb", ""), ("a b", ""), ("é", "")] {
            let operation = ObservedOperation::not_compiled(Some(sent));
            assert_eq!(&*operation.name, expected);
        }
        let anonymous = meters.observe("", "1", "query");
        anonymous.count(meters.begun, meters.begun, true);
        assert_eq!(
            seen(&meters),
            expected(&[("(anonymous)", 1), ("(other)", 0)])
        );
    }
}
