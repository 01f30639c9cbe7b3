//! Around every request: its id, its place in a trace, a span, its metrics and its line in the log.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use metrics::{Counter, Gauge, Histogram};
use tracing::{Instrument, Span, field};

use super::graphql::Answered;
use crate::config::LogRequests;
use crate::gateway::Outcome;
use crate::observe::metrics as names;
use crate::observe::scope::OfRequest;
use crate::observe::{TraceContext, trace_state};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// What identifies a request.
#[derive(Debug, Clone)]
pub(super) struct RequestContext {
    /// The client's own `x-request-id` if it is a plain one, else the trace's id.
    pub(super) request_id: Arc<str>,
    /// This request's place in its trace.
    pub(super) trace: TraceContext,
    /// The client's `tracestate`, if its trace is continued.
    pub(super) trace_state: Option<HeaderValue>,
}

impl RequestContext {
    fn of(headers: &HeaderMap) -> RequestContext {
        let parent = headers
            .get(TRACEPARENT)
            .and_then(|value| TraceContext::parse(value.to_str().ok()?));
        // What tells more about a trace goes with that trace only.
        let trace_state = parent.and_then(|_| trace_state::passed_on(headers));
        let trace = parent.map_or_else(TraceContext::begin, TraceContext::child);
        let given = headers
            .get(REQUEST_ID)
            .and_then(|value| value.to_str().ok())
            .filter(|id| is_plain(id));
        let request_id = match given {
            Some(id) => id.into(),
            None => trace.trace_id_text().into(),
        };
        RequestContext {
            request_id,
            trace,
            trace_state,
        }
    }
}

/// Short, and nothing but letters, digits and `-_.`: safe in a log and in a header.
fn is_plain(id: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=64).contains(&id.len()) && id.bytes().all(fits)
}

/// Handles to the metrics of requests, looked up once.
pub(super) struct Observing {
    lines: LogRequests,
    in_flight: Gauge,
    seconds: Histogram,
    bytes: Histogram,
    outcomes: [(&'static str, Counter); 5],
}

impl Observing {
    pub(super) fn new(lines: LogRequests) -> Observing {
        let outcome = |name| (name, metrics::counter!(names::REQUESTS, "outcome" => name));
        Observing {
            lines,
            in_flight: metrics::gauge!(names::REQUESTS_IN_FLIGHT),
            seconds: metrics::histogram!(names::REQUEST_SECONDS),
            bytes: metrics::histogram!(names::ANSWER_BYTES),
            outcomes: ["executed", "refused", "malformed", "shed", "failed"].map(outcome),
        }
    }

    fn wants_line(&self, outcome: &str) -> bool {
        match self.lines {
            LogRequests::None => false,
            LogRequests::Problems => outcome != "executed",
            LogRequests::All => true,
        }
    }

    /// Counts an answer; gives the outcome's name.
    fn count(&self, response: &Response, started: Instant) -> &'static str {
        self.seconds.record(started.elapsed().as_secs_f64());
        let answered = response.extensions().get::<Answered>();
        if let Some(answered) = answered {
            // A length beyond 2^52 bytes does not occur.
            self.bytes.record(answered.bytes as f64);
        }
        let index = match (answered.map(|answered| answered.outcome), response.status()) {
            (Some(Outcome::Executed), _) => 0,
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

/// Decrements on drop, so that a request whose client went away is not counted for ever.
struct InFlight<'a>(&'a Gauge);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// Has a request answered, observed from its beginning to its end.
pub(super) async fn observed<F>(
    observing: &Observing,
    request: Request<Body>,
    answer: impl FnOnce(Request<Body>, RequestContext) -> F,
) -> Response
where
    F: Future<Output = Response>,
{
    let started = Instant::now();
    let mut context = RequestContext::of(request.headers());
    let span = tracing::info_span!(
        "request",
        otel.kind = "server",
        otel.status_code = field::Empty,
        request_id = &*context.request_id,
        method = request.method().as_str(),
        status = field::Empty,
    );
    context.trace = crate::observe::join_trace(&span, request.headers(), context.trace);
    let request_id = context.request_id.clone();
    observing.in_flight.increment(1.0);
    let in_flight = InFlight(&observing.in_flight);
    let of_request = OfRequest {
        id: Arc::clone(&request_id),
        method: request.method().clone(),
    };
    let answer = answer(request, context).instrument(span.clone());
    let mut response = of_request.clone().covers(answer).await;
    drop(in_flight);
    let outcome = observing.count(&response, started);
    note(&span, &response);
    if observing.wants_line(outcome) {
        of_request.covers_call(|| line(&response, outcome, started));
    }
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// For the trace.
fn note(span: &Span, response: &Response) {
    let status = response.status();
    span.record("status", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
}

fn line(response: &Response, outcome: &'static str, started: Instant) {
    let ms = started.elapsed().as_secs_f64() * 1000.0;
    let ms = (ms * 1000.0).round() / 1000.0;
    let status = response.status().as_u16();
    tracing::info!(outcome, ms, status, "request");
}
