//! The metrics: one table gives their names, help texts, buckets and documentation.

use std::sync::OnceLock;

use metrics::Unit;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// The kind of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Seconds, in buckets.
    Seconds,
    /// Bytes, in buckets.
    Bytes,
    /// Costs of operations, in buckets.
    Cost,
}

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: MetricKind,
    /// Its labels; all of them have few values.
    pub labels: &'static [&'static str],
    /// Its help text.
    pub about: &'static str,
}

/// Requests by outcome.
pub const REQUESTS: &str = "sangam_requests_total";
/// The duration of requests.
pub const REQUEST_SECONDS: &str = "sangam_request_seconds";
/// Requests that are executed now.
pub const REQUESTS_IN_FLIGHT: &str = "sangam_requests_in_flight";
/// Bytes of responses, before compression.
pub const ANSWER_BYTES: &str = "sangam_answer_bytes";
/// Connections, accepted and not.
pub const CONNECTIONS: &str = "sangam_connections_total";
/// Open connections.
pub const CONNECTIONS_OPEN: &str = "sangam_connections_open";
/// Connections and responses that the server ended because of their clients.
pub const CLIENTS_ENDED: &str = "sangam_clients_ended_total";
/// Bytes of responses that clients have not taken.
pub const ANSWERS_HELD: &str = "sangam_answers_held_bytes";
/// Bytes of request bodies that have arrived in part.
pub const BODIES_HELD: &str = "sangam_bodies_held_bytes";
/// Upstream calls.
pub const FETCHES: &str = "sangam_fetches_total";
/// The duration of upstream calls.
pub const FETCH_SECONDS: &str = "sangam_fetch_seconds";
/// Bytes of upstream responses.
pub const FETCH_BYTES: &str = "sangam_fetch_bytes_total";
/// Cache lookups.
pub const CACHE_LOOKUPS: &str = "sangam_cache_lookups_total";
/// The cost of operations.
pub const OPERATION_COST: &str = "sangam_operation_cost";
/// Operations that cost more than the maximum.
pub const COST_EXCEEDED: &str = "sangam_cost_exceeded_total";
/// The duration of compiling an operation.
pub const PLAN_SECONDS: &str = "sangam_plan_seconds";
/// Log lines that were not written.
pub const LOG_LINES_DROPPED: &str = "sangam_log_lines_dropped_total";

/// Reloads.
pub const RELOADS: &str = "sangam_reloads_total";
/// Connectors with a problem.
pub const SET_ASIDE: &str = "sangam_connectors_with_problems";

/// Every metric.
pub const METRICS: &[Metric] = &[
    Metric {
        name: REQUESTS,
        kind: MetricKind::Counter,
        labels: &["outcome"],
        about: "GraphQL requests by outcome: executed, refused (not valid or over a limit), malformed (not GraphQL over HTTP), shed (the gateway is busy), failed",
    },
    Metric {
        name: REQUEST_SECONDS,
        kind: MetricKind::Seconds,
        labels: &[],
        about: "Time from the head of a GraphQL request to its response",
    },
    Metric {
        name: REQUESTS_IN_FLIGHT,
        kind: MetricKind::Gauge,
        labels: &[],
        about: "GraphQL requests that are executed now",
    },
    Metric {
        name: ANSWER_BYTES,
        kind: MetricKind::Bytes,
        labels: &[],
        about: "Length of responses before compression",
    },
    Metric {
        name: CONNECTIONS,
        kind: MetricKind::Counter,
        labels: &["listener", "outcome"],
        about: "Connections of clients and operators: accepted, refused (the limit is reached), failed (the system call failed)",
    },
    Metric {
        name: CONNECTIONS_OPEN,
        kind: MetricKind::Gauge,
        labels: &["listener"],
        about: "Open connections",
    },
    Metric {
        name: CLIENTS_ENDED,
        kind: MetricKind::Counter,
        labels: &["listener", "reason"],
        about: "Connections closed because they had no request for too long (idle) or the head of one did not arrive in time (head); \
                responses abandoned because their clients were too slow (answer) or the slowest when memory was full (room); \
                responses replaced by status 503 when memory was full and no client was slow (no_room)",
    },
    Metric {
        name: ANSWERS_HELD,
        kind: MetricKind::Gauge,
        labels: &["listener"],
        about: "Bytes of responses that clients have not taken",
    },
    Metric {
        name: BODIES_HELD,
        kind: MetricKind::Gauge,
        labels: &[],
        about: "Bytes of request bodies that have arrived in part",
    },
    Metric {
        name: FETCHES,
        kind: MetricKind::Counter,
        labels: &["connector", "outcome"],
        about: "Upstream calls by outcome, which is known when the response has been read: ok, or the kind of the error",
    },
    Metric {
        name: FETCH_SECONDS,
        kind: MetricKind::Seconds,
        labels: &["connector"],
        about: "Time of upstream calls",
    },
    Metric {
        name: FETCH_BYTES,
        kind: MetricKind::Counter,
        labels: &["connector"],
        about: "Bytes of upstream responses, decompressed",
    },
    Metric {
        name: CACHE_LOOKUPS,
        kind: MetricKind::Counter,
        labels: &["cache", "state"],
        about: "Lookups in a cache (document, entity, response; of plan only misses): hit, miss, shared, bypass",
    },
    Metric {
        name: OPERATION_COST,
        kind: MetricKind::Cost,
        labels: &["kind"],
        about: "Cost of operations that no cached response serves: estimated (before execution), actual (of one in sixty-four, \
                and where the client asks for it)",
    },
    Metric {
        name: COST_EXCEEDED,
        kind: MetricKind::Counter,
        labels: &["mode"],
        about: "Operations whose estimated cost is over the maximum: enforce (refused), log (executed)",
    },
    Metric {
        name: PLAN_SECONDS,
        kind: MetricKind::Seconds,
        labels: &[],
        about: "Time to parse, validate and plan an operation that was not in the plan cache",
    },
    Metric {
        name: RELOADS,
        kind: MetricKind::Counter,
        labels: &["outcome"],
        about: "Reloads after a change of files or SIGHUP: reloaded, refused (the settings are wrong, or a connector with --strict)",
    },
    Metric {
        name: SET_ASIDE,
        kind: MetricKind::Gauge,
        labels: &[],
        about: "Connectors with errors or without values that they need, as the log says",
    },
    Metric {
        name: LOG_LINES_DROPPED,
        kind: MetricKind::Counter,
        labels: &["reason"],
        about: "Log lines that were not written: rate (more of one kind than `log.lines_per_second`), queue (the log was not read fast enough), failed (writing failed)",
    },
];

const SECONDS_BUCKETS: [f64; 13] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];
const BYTES_BUCKETS: [f64; 7] = [256.0, 1e3, 4e3, 16e3, 64e3, 1e6, 16e6];

const COST_BUCKETS: [f64; 9] = [1.0, 10.0, 100.0, 500.0, 2e3, 5e3, 1e4, 2e4, 1e5];

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// Installs the recorder of this process, once, and returns the handle that renders its metrics.
pub fn install() -> PrometheusHandle {
    HANDLE
        .get_or_init(|| {
            let mut builder = PrometheusBuilder::new();
            for metric in METRICS {
                let buckets: &[f64] = match metric.kind {
                    MetricKind::Seconds => &SECONDS_BUCKETS,
                    MetricKind::Bytes => &BYTES_BUCKETS,
                    MetricKind::Cost => &COST_BUCKETS,
                    _ => continue,
                };
                let matcher = Matcher::Full(metric.name.to_owned());
                // Refused only for an empty list of buckets.
                builder = builder
                    .set_buckets_for_metric(matcher, buckets)
                    .unwrap_or_default();
            }
            let recorder = builder.build_recorder();
            let handle = recorder.handle();
            // Fails when a recorder is there already: then that one records, and this handle renders nothing.
            let _ = metrics::set_global_recorder(recorder);
            describe();
            handle
        })
        .clone()
}

fn describe() {
    for metric in METRICS {
        match metric.kind {
            MetricKind::Counter => {
                metrics::describe_counter!(metric.name, Unit::Count, metric.about)
            }
            MetricKind::Gauge => metrics::describe_gauge!(metric.name, Unit::Count, metric.about),
            MetricKind::Seconds => {
                metrics::describe_histogram!(metric.name, Unit::Seconds, metric.about)
            }
            MetricKind::Bytes => {
                metrics::describe_histogram!(metric.name, Unit::Bytes, metric.about)
            }
            MetricKind::Cost => {
                metrics::describe_histogram!(metric.name, Unit::Count, metric.about)
            }
        }
    }
}
