//! The metrics: one table gives their names, labels, help texts and documentation.

use MetricKind::{Bytes, Cost, Counter, FractionalCounter, Gauge, Seconds};

/// The kind of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// Only grows, by whole numbers.
    Counter,
    /// Only grows.
    FractionalCounter,
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
/// The duration of requests, by operation.
pub const OPERATION_SECONDS: &str = "sangam_operation_seconds";
/// Requests whose response has errors, by operation.
pub const OPERATION_ERRORS: &str = "sangam_operation_errors_total";
/// Errors in responses.
pub const ERRORS: &str = "sangam_errors_total";
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
/// Responses that stream, and their connections.
pub const STREAMS_OPEN: &str = "sangam_streams_open";
/// Streams that have ended.
pub const STREAMS_ENDED: &str = "sangam_streams_ended_total";
/// Payloads that were sent in streams.
pub const STREAM_PAYLOADS: &str = "sangam_stream_payloads_total";
/// Bytes of events that wait for their clients.
pub const EVENTS_HELD: &str = "sangam_events_held_bytes";
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
/// Requests that waited for another request's execution.
pub const JOINED: &str = "sangam_requests_joined_total";
/// Live queries that are watched.
pub const LIVE_QUERIES: &str = "sangam_live_queries";
/// Clients that watch a live query.
pub const LIVE_WATCHERS: &str = "sangam_live_watchers";
/// Bytes of the answers that are held for them.
pub const LIVE_BYTES: &str = "sangam_live_held_bytes";
/// Executions of live queries.
pub const LIVE_EXECUTIONS: &str = "sangam_live_executions_total";
/// The cost of operations.
pub const OPERATION_COST: &str = "sangam_operation_cost";
/// Operations that cost more than the maximum.
pub const COST_EXCEEDED: &str = "sangam_cost_exceeded_total";
/// References to operation texts, and operations that are not trusted.
pub const PERSISTED_DOCUMENTS: &str = "sangam_persisted_documents_total";
/// The duration of compiling an operation.
pub const PLAN_SECONDS: &str = "sangam_plan_seconds";
/// Log lines that were not written.
pub const LOG_LINES_DROPPED: &str = "sangam_log_lines_dropped_total";

/// Reloads.
pub const RELOADS: &str = "sangam_reloads_total";
/// Connectors with a problem.
pub const SET_ASIDE: &str = "sangam_connectors_with_problems";

/// Calls that run now.
pub const FETCHES_IN_FLIGHT: &str = "sangam_fetches_in_flight";
/// Calls that wait for others to end.
pub const FETCHES_QUEUED: &str = "sangam_fetches_queued";
/// The number of calls that may run.
pub const FETCHES_MAX: &str = "sangam_fetches_max";
/// Requests that wait for an upstream.
pub const REQUESTS_WAITING: &str = "sangam_requests_waiting";
/// The states of connectors.
pub const CONNECTOR_STATE: &str = "sangam_connector_state";
/// When calls of a connector last succeeded.
pub const LAST_SUCCESS: &str = "sangam_connector_last_success_timestamp_seconds";
/// Cache entries that were found, but could not be used.
pub const CACHE_STALE: &str = "sangam_cache_stale_total";
/// Entries of caches.
pub const CACHE_ENTRIES: &str = "sangam_cache_entries";
/// Bytes of caches.
pub const CACHE_BYTES: &str = "sangam_cache_bytes";
/// The bounds of caches.
pub const CACHE_MAX_BYTES: &str = "sangam_cache_max_bytes";
/// Entries that caches have given up.
pub const CACHE_EVICTIONS: &str = "sangam_cache_evictions_total";
/// Entries that full caches have not stored.
pub const CACHE_REFUSALS: &str = "sangam_cache_refusals_total";
/// Bytes that operations hold.
pub const OPERATIONS_HELD: &str = "sangam_operations_held_bytes";
/// Jobs that run on the threads for compiling.
pub const COMPILING: &str = "sangam_compilations_in_flight";
/// Jobs that wait for these threads.
pub const COMPILATIONS_QUEUED: &str = "sangam_compilations_queued";
/// The bounds that the settings give.
pub const LIMIT: &str = "sangam_limit";
/// The number of reloads that were served, and the start.
pub const GENERATION: &str = "sangam_config_generation";
/// Whether the last reload is served.
pub const RELOAD_SUCCESSFUL: &str = "sangam_config_last_reload_successful";
/// When the served files were read.
pub const RELOAD_TIME: &str = "sangam_config_last_reload_success_timestamp_seconds";
/// The build.
pub const BUILD_INFO: &str = "sangam_build_info";
/// The processor time of the process.
pub const PROCESS_CPU: &str = "process_cpu_seconds_total";
/// Its resident memory.
pub const PROCESS_RESIDENT: &str = "process_resident_memory_bytes";
/// Its virtual memory.
pub const PROCESS_VIRTUAL: &str = "process_virtual_memory_bytes";
/// The memory that its control group may use.
pub const PROCESS_MEMORY_MAX: &str = "sangam_process_memory_max_bytes";
/// Its open descriptors.
pub const PROCESS_FDS: &str = "process_open_fds";
/// The number of descriptors that it may open.
pub const PROCESS_MAX_FDS: &str = "process_max_fds";
/// When it started.
pub const PROCESS_START: &str = "process_start_time_seconds";
/// Its threads.
pub const PROCESS_THREADS: &str = "process_threads";

/// Every metric.
#[rustfmt::skip]
pub const METRICS: &[Metric] = &[
    metric(REQUESTS, Counter, &["outcome"], "GraphQL requests by outcome: executed, refused (not valid or over a limit), malformed (not GraphQL over HTTP), shed (the gateway is busy), failed, not_persisted (a hash or an id of an operation text that the gateway does not have)"),
    metric(REQUEST_SECONDS, Seconds, &[], "Time from the head of a GraphQL request to its response"),
    metric(OPERATION_SECONDS, Seconds, &["operation", "hash"], "The same by operation: its name, and its signature, which is the same whatever the values in its text. At most `admin.operation_labels` operations have series of their own, and all others are counted as `(other)`; an operation without a name is `(anonymous)`"),
    metric(OPERATION_ERRORS, Counter, &["operation", "hash"], "Requests by operation whose response has errors"),
    metric(ERRORS, Counter, &["connector", "kind"], "Errors in responses, by kind and by the connector that is at fault, which is empty for errors of the request or of the gateway"),
    metric(REQUESTS_IN_FLIGHT, Gauge, &[], "GraphQL requests that are executed now"),
    metric(ANSWER_BYTES, Bytes, &[], "Length of responses before compression"),
    metric(CONNECTIONS, Counter, &["listener", "outcome"], "Connections of clients and operators: accepted, refused (the limit is reached), failed (the system call failed)"),
    metric(CONNECTIONS_OPEN, Gauge, &["listener"], "Open connections"),
    metric(CLIENTS_ENDED, Counter, &["listener", "reason"], "Connections closed because they had no request for too long (idle) or the head of one did not arrive in time (head); responses abandoned because their clients were too slow (answer) or the slowest when memory was full (room); responses replaced by status 503 when memory was full and no client was slow (no_room)"),
    metric(ANSWERS_HELD, Gauge, &["listener"], "Bytes of responses that clients have not taken"),
    metric(STREAMS_OPEN, Gauge, &["transport"], "Open subscriptions, live queries and incremental responses by transport: sse, multipart, websocket; and open connections that carry several: websockets, single_connections"),
    metric(STREAMS_ENDED, Counter, &["transport", "reason"], "Ended streams of the same transports: complete (all was sent), client (the client has left or unsubscribed), slow (it did not take its events), gone (it answered no ping), lifetime (`streaming.lifetime`), stop (the gateway stops), protocol (the client broke the protocol), failed (an internal error)"),
    metric(STREAM_PAYLOADS, Counter, &["transport"], "Payloads of streams that were handed to the connections"),
    metric(EVENTS_HELD, Gauge, &[], "Bytes of events that wait for clients"),
    metric(BODIES_HELD, Gauge, &[], "Bytes of request bodies that have arrived in part"),
    metric(OPERATIONS_HELD, Gauge, &[], "Bytes that running operations hold: upstream bodies, rows and responses together"),
    metric(LIMIT, Gauge, &["limit"], "Bounds that the settings give, by the names of the settings: bytes or numbers, for ratios with what is held or in flight. `limits.connections` is less where the process may not open enough descriptors"),
    metric(FETCHES, Counter, &["connector", "outcome"], "Upstream calls by outcome, which is known when the response has been read: ok, or the kind of the error"),
    metric(FETCH_SECONDS, Seconds, &["connector"], "Time of upstream calls"),
    metric(FETCH_BYTES, Counter, &["connector"], "Bytes of upstream responses, decompressed"),
    metric(FETCHES_IN_FLIGHT, Gauge, &["connector"], "Upstream calls that run now"),
    metric(FETCHES_QUEUED, Gauge, &["connector"], "Upstream calls that wait until others have ended"),
    metric(FETCHES_MAX, Gauge, &["connector"], "Upstream calls that may run at the same time (the setting `concurrency`)"),
    metric(REQUESTS_WAITING, Gauge, &["connector", "for"], "Client requests that wait for an upstream, as `in_flight` and `waiters` count them: for a call of their own (call), for the call of another request (join)"),
    metric(CONNECTOR_STATE, Gauge, &["connector", "state"], "The state of a connector, as the field `connectors` has it: 1 for the state that it is in, 0 for the others of IDLE (not called yet), UP, DOWN (the last call failed), SET_ASIDE (its folder or its settings have errors)"),
    metric(LAST_SUCCESS, Gauge, &["connector"], "When a call to the upstream last succeeded, in seconds since 1970; absent before the first success"),
    metric(CACHE_LOOKUPS, Counter, &["cache", "state"], "Lookups in a cache (document, entity, response, plan): hit, miss, shared, bypass"),
    metric(JOINED, Counter, &[], "Queries that waited for the execution of the same query for another request (`[cache] share_in_flight`); in `sangam_cache_lookups_total` each is a miss of the response cache"),
    metric(CACHE_STALE, Counter, &["cache"], "Lookups that found an entry which was no longer fresh, or was read before a mutation; they count as misses too"),
    metric(CACHE_ENTRIES, Gauge, &["cache"], "Entries of a cache: document (with the entities), response, plan"),
    metric(CACHE_BYTES, Gauge, &["cache"], "Bytes that the entries of a cache hold"),
    metric(CACHE_MAX_BYTES, Gauge, &["cache"], "Bytes that the entries of a cache may hold (`[cache]`)"),
    metric(CACHE_EVICTIONS, Counter, &["cache", "reason"], "Entries that a cache has given up: size (it is full), expired, removed (could not be used)"),
    metric(CACHE_REFUSALS, Counter, &["cache"], "Entries that a full cache has not stored, because they were wanted for the first time"),
    metric(LIVE_QUERIES, Gauge, &[], "Different live queries that are watched, each of which is executed for all of its watchers"),
    metric(LIVE_WATCHERS, Gauge, &[], "Clients that watch a live query"),
    metric(LIVE_BYTES, Gauge, &[], "Bytes of the answers of live queries that are held for their watchers"),
    metric(LIVE_EXECUTIONS, Counter, &[], "Executions of live queries, each for all watchers"),
    metric(OPERATION_COST, Cost, &["kind"], "Cost of operations that no cached response serves: estimated (before execution), actual (of one in sixty-four, and where the client asks for it)"),
    metric(COST_EXCEEDED, Counter, &["mode"], "Operations whose estimated cost is over the maximum: enforce (refused), log (executed)"),
    metric(PERSISTED_DOCUMENTS, Counter, &["result"], "Requests that refer to an operation text by its hash or id: trusted (it is a trusted document), automatic (a client has registered it), registered (the client registers it now), not_found, not_supported (`persisted.automatic` is off), mismatch (the text is another one), malformed; and requests for operations that are no trusted documents, with `persisted.only`: untrusted (executed, as the mode is log), refused"),
    metric(PLAN_SECONDS, Seconds, &[], "Time to parse, validate and plan an operation that was not in the plan cache"),
    metric(COMPILING, Gauge, &[], "Operations that are compiled now, and introspection responses that are written now"),
    metric(COMPILATIONS_QUEUED, Gauge, &[], "The same that wait for a thread"),
    metric(RELOADS, Counter, &["outcome"], "Reloads after a change of files or SIGHUP: reloaded, refused (the settings are wrong, or a connector with --strict)"),
    metric(GENERATION, Gauge, &[], "The number of the generation of folders and settings that is served; 1 after the start"),
    metric(RELOAD_SUCCESSFUL, Gauge, &[], "1 if the folders and settings are served as they were last read, 0 if the last reload was refused"),
    metric(RELOAD_TIME, Gauge, &[], "When the served folders and settings were read, in seconds since 1970"),
    metric(SET_ASIDE, Gauge, &[], "Connectors with errors or without values that they need, as the log says"),
    metric(LOG_LINES_DROPPED, Counter, &["reason"], "Log lines that were not written: rate (more of one kind than `log.lines_per_second`), queue (the log was not read fast enough), failed (writing failed)"),
    metric(BUILD_INFO, Gauge, &["version", "commit", "rustc"], "1, with the build as labels"),
    metric(PROCESS_CPU, FractionalCounter, &[], "Processor time of the process, in seconds"),
    metric(PROCESS_RESIDENT, Gauge, &[], "Resident memory of the process, in bytes"),
    metric(PROCESS_VIRTUAL, Gauge, &[], "Virtual memory of the process, in bytes"),
    metric(PROCESS_MEMORY_MAX, Gauge, &[], "Memory that the control group of the process may use, in bytes; absent if it has no limit"),
    metric(PROCESS_FDS, Gauge, &[], "Open file descriptors"),
    metric(PROCESS_MAX_FDS, Gauge, &[], "File descriptors that the process may open"),
    metric(PROCESS_THREADS, Gauge, &[], "Threads of the process"),
    metric(PROCESS_START, Gauge, &[], "When the process started, in seconds since 1970"),
];

const fn metric(
    name: &'static str,
    kind: MetricKind,
    labels: &'static [&'static str],
    about: &'static str,
) -> Metric {
    Metric {
        name,
        kind,
        labels,
        about,
    }
}

impl Metric {
    /// The metric of this name.
    pub fn named(name: &str) -> Option<&'static Metric> {
        METRICS.iter().find(|metric| metric.name == name)
    }
}

impl MetricKind {
    /// The upper bounds of its buckets; none if it is not a histogram.
    pub fn buckets(self) -> &'static [f64] {
        match self {
            Seconds => &SECONDS_BUCKETS,
            Bytes => &BYTES_BUCKETS,
            Cost => &COST_BUCKETS,
            Counter | FractionalCounter | Gauge => &[],
        }
    }
}

const SECONDS_BUCKETS: [f64; 15] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];
const BYTES_BUCKETS: [f64; 7] = [256.0, 1e3, 4e3, 16e3, 64e3, 1e6, 16e6];

const COST_BUCKETS: [f64; 9] = [1.0, 10.0, 100.0, 500.0, 2e3, 5e3, 1e4, 2e4, 1e5];
