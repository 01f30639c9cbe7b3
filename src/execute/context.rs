//! What an execution needs besides the plan: the runtime of each connector, the limits, and the client's request.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use tokio::time::Instant;

use super::event::Event;
use crate::budget::{Account, Budget};
use crate::cache::{Admissions, Documents, Endpoint};
use crate::connector::{FileField, Reads};
use crate::document::{NumberBounds, Str, Value};
use crate::files::Files;
use crate::files::uploads::Uploads;
use crate::graph::query::QueryGraph;
use crate::observe::TraceContext;
use crate::plan::{ConditionValues, Fetch, FetchCall};
use crate::response::values::object;
use crate::response::{Counting, ErrorBehavior, Sizes};
use crate::source::envelope::headers_value;
use crate::source::gate::Gate;
use crate::source::{CallOptions, Source, SubscribeOptions};

/// The runtime of one connector.
#[derive(Debug, Clone)]
pub struct ConnectorRuntime {
    /// The connector's name.
    pub name: Arc<str>,
    /// `$config`.
    pub config: Value,
    /// `$config` of each source, in their order.
    pub source_configs: Vec<Value>,
    /// `$env`: the environment variables that the deployment allows.
    pub env: Value,
    /// The bounds of each call.
    pub options: CallOptions,
    /// One endpoint for each connect, in their order; one for a GraphQL service.
    pub endpoints: Vec<Arc<Endpoint>>,
    /// How many of its calls may run.
    pub gate: Arc<Gate>,
    /// Its fields with `@file`.
    pub files: Vec<FileRuntime>,
    /// How often it is asked for subscriptions with `@poll`, if that is not what its folder says.
    pub poll_every: Option<Duration>,
    /// How a GraphQL service sends the events of its subscriptions; `None` for other connectors.
    pub subscriptions: Option<SubscribeOptions>,
}

/// A field with `@file`, and the source that has its files.
#[derive(Debug, Clone)]
pub struct FileRuntime {
    /// The field.
    pub field: Arc<FileField>,
    /// The driver of its source.
    pub source: Arc<dyn Source>,
}

/// Bounds of one execution.
#[derive(Debug, Clone, Copy)]
pub struct ExecutionLimits {
    /// Calls to upstreams.
    pub upstream_calls: usize,
    /// Concurrent calls to upstreams.
    pub concurrency: usize,
    /// Objects that one fetch may start from.
    pub list_fan_out: usize,
    /// Bytes of the response.
    pub answer_bytes: usize,
    /// Bytes that one execution may hold: documents, rows, requests and the response together.
    pub operation_bytes: usize,
    /// The size of numbers, which keep their digits from the document to the response.
    pub numbers: NumberBounds,
    /// Rows.
    pub rows: usize,
    /// Errors that one response lists; one failure is listed at up to 20 paths.
    pub errors: usize,
    /// The time for all fetches.
    pub timeout: Duration,
}

/// After the deadline, writing the partial response may take one part in so many of the operation's time.
const LAST_PART: u32 = 10;

impl ExecutionLimits {
    /// The deadline for writing the response, given the deadline for fetching.
    pub(crate) fn writing_deadline(&self, fetching: Instant) -> Instant {
        fetching + self.timeout / LAST_PART
    }
}

/// Everything that executions of one generation share.
#[derive(Debug)]
pub struct Runtime {
    /// The graph.
    pub graph: Arc<QueryGraph>,
    /// The connectors, by their number in the graph.
    pub connectors: Vec<ConnectorRuntime>,
    /// The cache of documents, through which all calls go.
    pub documents: Arc<Documents>,
    /// The limits of each execution.
    pub limits: ExecutionLimits,
    /// Makes the URLs of files.
    pub files: Arc<Files>,
    /// The bytes that all executions together may hold.
    pub budget: Arc<Budget>,
}

impl Runtime {
    /// What a fetch calls.
    pub fn endpoint(&self, fetch: &Fetch) -> Option<&Arc<Endpoint>> {
        let index = match &fetch.call {
            FetchCall::Connect { connect, .. } => *connect,
            _ => 0,
        };
        let connector = self.connectors.get(fetch.subgraph.0 as usize)?;
        connector.endpoints.get(index)
    }

    /// The account of one execution; of a long one, it draws nothing from what is reserved for small ones.
    pub fn account(&self, is_long: bool) -> Account {
        match is_long {
            true => self.budget.large_account(self.limits.operation_bytes),
            false => self.budget.account(self.limits.operation_bytes),
        }
    }
}

/// One request, as far as execution reads it.
#[derive(Debug, Default)]
pub struct RequestContext {
    /// Coerced variables with the digits as the client wrote them; absent ones are not in it.
    pub variables: HashMap<Str, Value>,
    /// The client's headers.
    pub headers: Arc<HeaderMap>,
    /// `$request.instant`, the same for all calls.
    pub instant: Option<Timestamp>,
    /// Its files.
    pub uploads: Option<Arc<Uploads>>,
    /// Its span in its trace, the parent of the spans of its calls.
    pub trace: Option<TraceContext>,
    /// `tracestate`, which is sent to upstreams unchanged.
    pub trace_state: Option<HeaderValue>,
    /// What decides the guards of the plan.
    pub conditions: ConditionValues,
    /// Values of `__schema` and `__type` at the root, by response name, as JSON.
    pub introspection: Vec<(String, Vec<u8>)>,
    /// The sizes of the operation's last execution.
    pub sizes: Sizes,
    /// Set to count the actual cost.
    pub counting: Option<Counting>,
    /// The operation's estimated cost is so high that it counts as long work with much memory.
    pub is_long: bool,
    /// Record every call, for `explain`.
    pub record: bool,
    /// The connectors that the request waits for.
    pub admissions: Admissions,
    /// What becomes of the response when a field fails.
    pub on_error: ErrorBehavior,
    /// For a subscription: the event, in place of the call of the root field. Boxed because most requests have none.
    pub event: Option<Box<Event>>,
}

impl RequestContext {
    pub(crate) fn variable(&self, name: &str) -> Option<Value> {
        self.variables.get(name).cloned()
    }

    /// `$request`: the client's headers as lists of strings, and the instant if it is read.
    pub(crate) fn request_value(&self, reads: &Reads) -> Value {
        let headers = ("headers", headers_value(&self.headers));
        match self.instant.filter(|_| reads.instant) {
            Some(instant) => object([headers, ("instant", Value::from(instant_text(instant)))]),
            None => object([headers]),
        }
    }
}

/// An instant in UTC with milliseconds: `2026-03-05T04:30:00.123Z`.
fn instant_text(instant: Timestamp) -> String {
    format!("{instant:.3}")
}
