//! Observes every request: its id, its trace context, its span, its metrics and its log line.

use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Version};
use metrics::{Counter, Gauge, Histogram};
use tracing::{Instrument, Span, field};

use super::response::HttpResponse;
use crate::config::LogRequests;
use crate::errors::ErrorCode;
use crate::gateway::RequestOutcome;
use crate::observe::operations::ObservedOperation;
use crate::observe::scope::{RequestId, RequestScope};
use crate::observe::{TraceContext, metrics as names, trace_state};

/// The path of the endpoint, as traces show it.
const GRAPHQL: &str = "/graphql";

/// The path of files.
const FILES: &str = "/files/{token}";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// What identifies a request in logs, headers and traces.
#[derive(Debug, Clone)]
pub(super) struct RequestIdentity {
    /// The client's own `x-request-id` if it is a plain one, else the trace's id.
    pub(super) request_id: RequestId,
    /// The trace context of this request.
    pub(super) trace: TraceContext,
    /// The client's `tracestate`, if its trace is continued.
    pub(super) trace_state: Option<HeaderValue>,
}

impl RequestIdentity {
    fn of(headers: &HeaderMap) -> RequestIdentity {
        let parent = headers
            .get(TRACEPARENT)
            .and_then(|value| TraceContext::parse(value.to_str().ok()?));
        // `tracestate` belongs to the client's trace; without a valid `traceparent` it is dropped.
        let trace_state = parent.and_then(|_| trace_state::passed_on(headers));
        let trace = parent.map_or_else(TraceContext::begin, TraceContext::child);
        let given = headers.get(REQUEST_ID);
        let given = given.and_then(|value| RequestId::plain(value.as_bytes()));
        RequestIdentity {
            request_id: given.unwrap_or_else(|| RequestId::of_trace(trace)),
            trace,
            trace_state,
        }
    }
}

/// A response, with what the metrics need of it.
pub(super) struct ObservedResponse {
    pub(super) response: HttpResponse,
    /// `None` if it is no response to a GraphQL request, or to a batch of them.
    pub(super) executed: Option<ExecutedRequest>,
    /// The requests of a batch, in their order; `None` for an element that is no request.
    pub(super) batch: Vec<Option<ExecutedRequest>>,
}

/// What the metrics need of a GraphQL request.
pub(super) struct ExecutedRequest {
    pub(super) outcome: RequestOutcome,
    /// The length of the response in bytes before compression.
    pub(super) bytes: usize,
    pub(super) has_errors: bool,
    pub(super) operation: Option<Arc<ObservedOperation>>,
}

impl ObservedResponse {
    /// The response to a request that is not a GraphQL request.
    pub(super) fn without_request(response: HttpResponse) -> ObservedResponse {
        ObservedResponse {
            response,
            executed: None,
            batch: Vec::new(),
        }
    }
}

/// The metrics of requests, looked up once, and which requests get a log line.
pub(super) struct RequestObserver {
    lines: LogRequests,
    /// `http` or `https`.
    scheme: &'static str,
    in_flight: Gauge,
    seconds: Histogram,
    bytes: Histogram,
    outcomes: [(&'static str, Counter); 6],
}

impl RequestObserver {
    pub(super) fn new(lines: LogRequests, scheme: &'static str) -> RequestObserver {
        let outcome = |name| (name, metrics::counter!(names::REQUESTS, "outcome" => name));
        RequestObserver {
            lines,
            scheme,
            in_flight: metrics::gauge!(names::REQUESTS_IN_FLIGHT),
            seconds: metrics::histogram!(names::REQUEST_SECONDS),
            bytes: metrics::histogram!(names::ANSWER_BYTES),
            outcomes: [
                "executed",
                "refused",
                "malformed",
                "shed",
                "failed",
                "not_persisted",
            ]
            .map(outcome),
        }
    }

    fn wants_line(&self, outcome: &str) -> bool {
        match self.lines {
            LogRequests::None => false,
            // What is not persisted, clients send at once with its text.
            LogRequests::Problems => !matches!(outcome, "executed" | "not_persisted"),
            LogRequests::All => true,
        }
    }

    /// Counts a response.
    fn count_time(&self, started: Instant, now: Instant) {
        self.seconds
            .record(now.saturating_duration_since(started).as_secs_f64());
    }

    /// Counts a request; returns the name of its outcome. A request of a batch takes as long as the batch.
    fn count(
        &self,
        executed: Option<&ExecutedRequest>,
        status: StatusCode,
        started: Instant,
        now: Instant,
    ) -> &'static str {
        if let Some(executed) = executed {
            // `f64` is exact up to 2^52 bytes.
            self.bytes.record(executed.bytes as f64);
            if let Some(operation) = &executed.operation {
                operation.count(started, now, executed.has_errors);
            }
        }
        let index = match (executed.map(|executed| executed.outcome), status) {
            (Some(RequestOutcome::Executed), _) => 0,
            (Some(RequestOutcome::Busy), _) => 3,
            (Some(RequestOutcome::NotPersisted), _) => 5,
            (Some(RequestOutcome::Malformed), _) => 2,
            (Some(_), _) => 1,
            (None, StatusCode::SERVICE_UNAVAILABLE) => 3,
            (None, status) if status.is_server_error() => 4,
            (None, status) if status.is_client_error() => 2,
            (None, _) => 0,
        };
        let (name, counter) = &self.outcomes[index];
        counter.increment(1);
        name
    }
}

/// Decrements the gauge on drop, also when the client closes the connection and the request is dropped.
struct InFlight<'a>(&'a Gauge);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// Calls `respond` and observes the request from its start to its response.
pub(super) async fn observe<B>(
    observer: &RequestObserver,
    request: Request<B>,
    respond: impl AsyncFnOnce(Request<B>, &RequestIdentity) -> ObservedResponse,
) -> HttpResponse {
    let started = Instant::now();
    let mut identity = RequestIdentity::of(request.headers());
    let span = tracing::info_span!(
        "request",
        otel.name = span_name(&request),
        otel.kind = "server",
        otel.status_code = field::Empty,
        sangam.request_id = identity.request_id.as_str(),
        http.request.method = crate::observe::method_name(request.method()),
        http.route = route(&request),
        http.response.status_code = field::Empty,
        network.protocol.version = protocol_version(request.version()),
        url.path = route(&request),
        url.scheme = observer.scheme,
        graphql.operation.name = field::Empty,
        "graphql.operation.type" = field::Empty,
        sangam.operation.hash = field::Empty,
        sangam.has_errors = field::Empty,
        "error.type" = field::Empty,
    );
    identity.trace = crate::observe::join_trace(&span, request.headers(), identity.trace);
    let request_id = identity.request_id;
    observer.in_flight.increment(1.0);
    let in_flight = InFlight(&observer.in_flight);
    let mut scope = RequestScope {
        id: request_id,
        method: request.method().clone(),
        operation: None,
    };
    // Pinned here: the future is large, and each wrapper would move it.
    let responding = pin!(respond(request, &identity));
    let responding = responding.instrument(span.clone());
    let mut observed = scope.clone().scope_future(responding).await;
    drop(in_flight);
    let now = Instant::now();
    observer.count_time(started, now);
    record(&span, &observed);
    let mut report = |executed: Option<&ExecutedRequest>, status: StatusCode| {
        let outcome = observer.count(executed, status, started, now);
        if observer.wants_line(outcome) {
            scope.operation = executed.and_then(|executed| executed.operation.clone());
            let response = &observed.response;
            scope
                .clone()
                .scope_call(|| log_line(response, outcome, started));
        }
    };
    if observed.batch.is_empty() {
        report(observed.executed.as_ref(), observed.response.status());
    }
    for executed in &observed.batch {
        // An element that is no request would have this status by itself.
        report(executed.as_ref(), StatusCode::BAD_REQUEST);
    }
    if let Ok(value) = HeaderValue::from_bytes(request_id.as_bytes()) {
        observed.response.headers_mut().insert(REQUEST_ID, value);
    }
    observed.response
}

/// The name of a request's span: few, whatever clients send.
fn span_name<B>(request: &Request<B>) -> String {
    let method = match crate::observe::method_name(request.method()) {
        "_OTHER" => "HTTP",
        known => known,
    };
    match route(request) {
        Some(route) => format!("{method} {route}"),
        None => method.to_owned(),
    }
}

/// The path that the request is for, without what differs with each request.
fn route<B>(request: &Request<B>) -> Option<&'static str> {
    let path = request.uri().path().trim_end_matches('/');
    match path {
        GRAPHQL => Some(GRAPHQL),
        "/operations" => Some("/operations"),
        path if path.starts_with("/operations/") => Some("/operations/{name}"),
        path if path.starts_with(crate::gateway::HOOKS_PATH) => Some("/hooks/{connector}"),
        // What follows is a secret.
        path if path.starts_with(crate::files::PATH) => Some(FILES),
        _ => None,
    }
}

fn protocol_version(version: Version) -> Option<&'static str> {
    match version {
        Version::HTTP_10 => Some("1.0"),
        Version::HTTP_11 => Some("1.1"),
        Version::HTTP_2 => Some("2"),
        _ => None,
    }
}

/// Records the response on the span.
fn record(span: &Span, observed: &ObservedResponse) {
    if span.is_disabled() {
        return;
    }
    let status = observed.response.status();
    span.record("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.record("error.type", status.as_str());
        span.record("otel.status_code", "ERROR");
    }
    let Some(executed) = &observed.executed else {
        return;
    };
    span.record("sangam.has_errors", executed.has_errors);
    if let Some(operation) = &executed.operation {
        for (attribute, value) in [
            ("graphql.operation.name", &*operation.name),
            ("graphql.operation.type", operation.kind),
            ("sangam.operation.hash", &*operation.hash),
        ] {
            if !value.is_empty() {
                span.record(attribute, value);
            }
        }
    }
}

fn log_line(response: &HttpResponse, outcome: &'static str, started: Instant) {
    let ms = started.elapsed().as_secs_f64() * 1000.0;
    let ms = (ms * 1000.0).round() / 1000.0;
    let status = response.status().as_u16();
    let code = response
        .extensions()
        .get()
        .map(|code: &ErrorCode| code.as_str());
    tracing::info!(outcome, ms, status, code, "request");
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use super::*;
    use crate::config::{Log, Tracing};
    use crate::server::refusal::HttpRefusal;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    async fn refuse(observer: &RequestObserver, times: usize) {
        for _ in 0..times {
            let answer = async |_, _: &RequestIdentity| {
                ObservedResponse::without_request(HttpRefusal::malformed("no").http_response())
            };
            observe(observer, Request::new(()), answer).await;
        }
    }

    #[test]
    fn lines_of_invalid_queries_are_bounded_and_counted() {
        let (began, ms) = (Instant::now(), Arc::new(AtomicU64::new(0)));
        let read = Arc::clone(&ms);
        let clock = move || began + Duration::from_millis(read.load(Ordering::Relaxed));
        let log = Log {
            flush_timeout: Duration::from_secs(60),
            ..Log::default()
        };
        let written = Written::default();
        let sink = Box::new(written.clone());
        let (subscriber, observer) =
            crate::observe::subscriber(&log, &Tracing::default(), sink, Box::new(clock)).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            let runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = { runtime }.build().unwrap();
            let observer = RequestObserver::new(log.requests, "http");
            runtime.block_on(refuse(&observer, 10_000));
            ms.store(1_000, Ordering::Relaxed);
            runtime.block_on(refuse(&observer, 1));
        });
        drop(observer);
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), log.lines_per_second + 1);
        let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!(last["outcome"], "malformed");
        assert_eq!(last["code"], "BAD_REQUEST");
        assert_eq!(last["suppressed"], 10_000 - log.lines_per_second);
    }
}
