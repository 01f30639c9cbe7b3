//! The cost limit: refuses an operation that costs too much, before the first upstream call.
//!
//! The estimate is computed once per executed request, after the lookup in the response cache: a cached response was
//! admitted when it was created, and costs nothing now. The actual cost is counted when the client requests it, and for
//! one of [`SAMPLE`] requests for the metric. A sample suffices for a distribution, and counting walks all rows of the
//! response.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use http::{HeaderMap, HeaderName};
use metrics::{Counter, Histogram};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::batch_cost::BatchCost;
use super::refusal::Refusal;
use super::{ClientContext, GraphqlRequest};
use crate::config::{Cost, CostMode};
use crate::cost::FieldCost;
use crate::errors::{ErrorKind, code};
use crate::observe::metrics::{COST_EXCEEDED, OPERATION_COST};
use crate::operation::{CoercedVariables, Operation, too_costly};
use crate::response::Counting;

/// The actual cost of one of this many executed requests is counted.
const SAMPLE: u64 = 64;

/// The least time between two log lines about operations over the limit.
const BETWEEN_LINES_MS: u64 = 10_000;

/// The longest part of an operation's name that is logged.
const NAME_BYTES: usize = 64;

/// A request with this header and the value `1` gets its cost in the response's extensions.
const REPORT: HeaderName = HeaderName::from_static("sangam-cost");

/// What an operation costs, for `explain`.
#[derive(Debug, Clone)]
pub struct ExplainedCost {
    /// The estimate.
    pub estimated: u64,
    /// The greatest that is allowed.
    pub max: u64,
    /// What happens to an operation that costs more than `max`.
    pub mode: CostMode,
    /// The fields that cost something, in the order of the operation.
    pub fields: Vec<FieldCost>,
    /// The actual cost, when the operation was executed.
    pub actual: Option<u64>,
    /// The variables are missing or invalid: lists that they size have their assumed sizes.
    pub without_variables: bool,
}

/// Enforces the cost limit and records costs.
pub(super) struct CostControl {
    mode: CostMode,
    max: u64,
    /// An operation of this cost is long.
    long_cost: u64,
    estimated: Histogram,
    actual: Histogram,
    exceeded: Counter,
    /// The number of executed requests, for sampling.
    executed: AtomicU64,
    /// Permits of long operations: three quarters of `limits.concurrent_requests`.
    long: Semaphore,
    lines: LineThrottle,
}

/// The decision about an operation that may be executed.
#[derive(Debug, Default)]
pub(super) struct Admitted {
    /// Executing it takes milliseconds.
    pub(super) is_long: bool,
    /// How to count its actual cost; `None` when it is not counted.
    pub(super) counting: Option<Counting>,
}

impl CostControl {
    /// At most three quarters of `concurrent_requests` may be long operations.
    pub(super) fn new(settings: &Cost, concurrent_requests: usize) -> CostControl {
        let long = concurrent_requests - concurrent_requests / 4;
        CostControl {
            long: Semaphore::new(long.min(Semaphore::MAX_PERMITS)),
            mode: settings.mode,
            max: settings.max as u64,
            long_cost: settings.long as u64,
            estimated: metrics::histogram!(OPERATION_COST, "kind" => "estimated"),
            actual: metrics::histogram!(OPERATION_COST, "kind" => "actual"),
            exceeded: metrics::counter!(COST_EXCEEDED, "mode" => settings.mode.name()),
            executed: AtomicU64::new(0),
            lines: LineThrottle::new(),
        }
    }

    /// Whether the response must report its cost.
    pub(super) fn is_reported(&self, request: &GraphqlRequest, client: &ClientContext) -> bool {
        let by_extension = || {
            let flag = request.extensions.as_ref()?.get("sangam")?.get("cost")?;
            flag.as_bool()
        };
        let by_extension = self.mode != CostMode::Off && by_extension() == Some(true);
        by_extension || self.is_reported_to(&client.headers)
    }

    /// Whether a header of the client wants the cost in the response.
    pub(super) fn is_reported_to(&self, headers: &HeaderMap) -> bool {
        let is_wanted = || headers.get(&REPORT).is_some_and(|value| value == "1");
        self.mode != CostMode::Off && is_wanted()
    }

    /// Refuses an operation that costs too much, by itself or with those of its batch that were admitted before.
    pub(super) fn admit(
        &self,
        operation: &Operation,
        variables: &CoercedVariables,
        report: bool,
        batch: Option<&BatchCost>,
    ) -> Result<Admitted, Refusal> {
        if self.mode == CostMode::Off {
            return Ok(Admitted::default());
        }
        let estimate = operation.cost.estimate(&variables.values);
        let total = estimate.total();
        // Costs beyond 2^53 lose digits, but no bucket is that large.
        self.estimated.record(total as f64);
        let before = batch.map_or(0, |batch| batch.spent());
        let together = total.saturating_add(before);
        if together > self.max {
            self.exceeded.increment(1);
            if self.mode == CostMode::Enforce {
                return Err(match total > self.max {
                    true => too_costly(operation, &estimate, variables, self.max).into(),
                    false => too_costly_batch(total, before, self.max),
                });
            }
            self.log(operation, together);
        }
        if let Some(batch) = batch {
            batch.spend(total);
        }
        let number = self.executed.fetch_add(1, Ordering::Relaxed);
        let counted = report || number.is_multiple_of(SAMPLE);
        let counting = counted.then(|| Counting {
            program: Arc::clone(&operation.cost),
            estimate: estimate.into_owned(),
            report: report.then_some(self.max),
        });
        Ok(Admitted {
            is_long: together >= self.long_cost,
            counting,
        })
    }

    /// A permit to execute a long operation.
    ///
    /// # Errors
    /// All permits are taken. The remaining quarter of the requests is reserved for short operations.
    pub(super) fn long_permit(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        self.long.try_acquire().map_err(|_| Refusal::busy())
    }

    /// Records an actual cost.
    pub(super) fn counted(&self, actual: Option<u64>) {
        if let Some(actual) = actual {
            self.actual.record(actual as f64);
        }
    }

    /// The cost of an operation, with these variables if they are valid.
    pub(super) fn explain(
        &self,
        operation: &Operation,
        variables: Option<&CoercedVariables>,
    ) -> ExplainedCost {
        let none = Default::default();
        let values = variables.map_or(&none, |coerced| &coerced.values);
        let estimate = operation.cost.estimate(values);
        ExplainedCost {
            estimated: estimate.total(),
            max: self.max,
            mode: self.mode,
            fields: operation.cost.report(&estimate, values),
            actual: None,
            without_variables: variables.is_none(),
        }
    }

    /// Counts the actual cost of an explained request.
    pub(super) fn counting(operation: &Operation, variables: &CoercedVariables) -> Counting {
        Counting {
            program: Arc::clone(&operation.cost),
            estimate: operation.cost.estimate(&variables.values).into_owned(),
            report: None,
        }
    }

    fn log(&self, operation: &Operation, cost: u64) {
        let Some(count) = self.lines.due() else {
            return;
        };
        let name = operation
            .definition
            .name
            .as_ref()
            .map_or("", |name| name.as_str());
        // Names are ASCII, so the cut is at a character boundary.
        let operation = name.get(..NAME_BYTES).unwrap_or(name);
        tracing::warn!(
            operation,
            cost,
            count,
            limit = "cost.max",
            "an operation costs more than the maximum and is answered, as cost.mode is log; count: such \
             operations since the last line"
        );
    }
}

/// The refusal of an operation that costs too much with those before it.
fn too_costly_batch(total: u64, before: u64, max: u64) -> Refusal {
    let message = format!(
        "The operation costs {total} by estimate, and the operations before it in the batch {before}: together more than \
         the maximum of {max} (cost.max); send it in another request"
    );
    Refusal::new(code::COST_LIMIT_EXCEEDED, ErrorKind::Limit, &message)
}

/// Limits the rate of a log line.
struct LineThrottle {
    begun: Instant,
    /// When the next line may be written, in milliseconds after `begun`.
    next: AtomicU64,
    /// Lines suppressed since the last one.
    left_out: AtomicU64,
}

impl LineThrottle {
    fn new() -> LineThrottle {
        LineThrottle {
            begun: Instant::now(),
            next: AtomicU64::new(0),
            left_out: AtomicU64::new(0),
        }
    }

    /// The number of events that a line reports, if one may be written now.
    fn due(&self) -> Option<u64> {
        let now = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let next = self.next.load(Ordering::Relaxed);
        let later = now.saturating_add(BETWEEN_LINES_MS);
        let (success, failure) = (Ordering::Relaxed, Ordering::Relaxed);
        let is_due = now >= next
            && self
                .next
                .compare_exchange(next, later, success, failure)
                .is_ok();
        if !is_due {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(self.left_out.swap(0, Ordering::Relaxed) + 1)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::document::Value;

    #[test]
    fn reports_are_asked_for() {
        let control = CostControl::new(&Cost::default(), 1000);
        let off = Cost {
            mode: CostMode::Off,
            ..Cost::default()
        };
        let off = CostControl::new(&off, 1000);
        let cases = [
            (None, None, false),
            (Some("1"), None, true),
            (Some("0"), None, false),
            (None, Some(r#"{"sangam":{"cost":true}}"#), true),
            (None, Some(r#"{"sangam":{"cost":false}}"#), false),
            (None, Some(r#"{"sangam":true,"cost":true}"#), false),
        ];
        for (header, extensions, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.extend(header.map(|value| (REPORT, value.parse().unwrap())));
            let client = ClientContext {
                headers: Arc::new(headers),
                ..ClientContext::default()
            };
            let request = GraphqlRequest {
                extensions: extensions.map(|text| Value::parse_json(text.as_bytes()).unwrap()),
                ..GraphqlRequest::default()
            };
            assert_eq!(
                control.is_reported(&request, &client),
                expected,
                "{header:?} {extensions:?}"
            );
            assert!(!off.is_reported(&request, &client));
        }
    }

    #[test]
    fn a_quarter_of_the_requests_is_for_short_operations() {
        let control = CostControl::new(&Cost::default(), 4);
        let mut permits: Vec<_> = (0..3).map(|_| control.long_permit().unwrap()).collect();
        control.long_permit().unwrap_err();
        permits.pop();
        drop(control.long_permit().unwrap());
        // A single permit is for any operation.
        drop(CostControl::new(&Cost::default(), 1).long_permit().unwrap());
    }

    #[test]
    fn lines_are_bounded() {
        let lines = LineThrottle::new();
        assert_eq!(lines.due(), Some(1));
        assert_eq!([lines.due(), lines.due()], [None, None]);
        lines.next.store(0, Ordering::Relaxed);
        assert_eq!(lines.due(), Some(3));
    }
}
