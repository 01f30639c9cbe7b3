//! What an execution needs besides the plan: the services as they run, and the request as it came.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};

use super::counting::Counting;
use crate::budget::Budget;
use crate::cache::Admissions;
use crate::cache::Documents;
use crate::cache::Endpoint;
use crate::document::NumberBounds;
use crate::document::Object;
use crate::document::Str;
use crate::document::Value;
use crate::graph::query::QueryGraph;
use crate::observe::TraceContext;
use crate::plan::guard::Condition;
use crate::plan::guard::Guard;
use crate::source::CallOptions;

/// One service as it runs.
#[derive(Debug)]
pub struct ServiceRuntime {
    /// The connector's name.
    pub name: Arc<str>,
    /// `$config`.
    pub config: Value,
    /// `$env`: the variables that the deployment allows.
    pub env: Value,
    /// The bounds of each of its calls.
    pub options: CallOptions,
    /// Its connects, in their order; for a GraphQL service, its only endpoint.
    pub endpoints: Vec<Arc<Endpoint>>,
}

/// Bounds of one execution.
#[derive(Debug, Clone, Copy)]
pub struct ExecutionLimits {
    /// Calls to upstreams.
    pub upstream_calls: usize,
    /// Calls to upstreams at the same time.
    pub concurrency: usize,
    /// Objects that one fetch starts from.
    pub list_fan_out: usize,
    /// Bytes of the answer.
    pub answer_bytes: usize,
    /// Bytes that one execution may hold: documents, rows, requests and the answer together.
    pub operation_bytes: usize,
    /// How large numbers may be that are passed on as they came.
    pub numbers: NumberBounds,
    /// Rows in flight.
    pub rows: usize,
    /// Errors that one answer lists; one failure is listed at 20 paths at the most.
    pub errors: usize,
    /// From the beginning of the execution to its end.
    pub timeout: Duration,
}

impl Default for ExecutionLimits {
    fn default() -> Self {
        ExecutionLimits {
            upstream_calls: 200,
            concurrency: 32,
            list_fan_out: 10_000,
            answer_bytes: 16 * 1024 * 1024,
            operation_bytes: 64_000_000,
            numbers: NumberBounds::default(),
            rows: 500_000,
            errors: 100,
            timeout: Duration::from_secs(30),
        }
    }
}

/// Everything that executions of one generation share.
#[derive(Debug)]
pub struct Runtime {
    /// The graph.
    pub graph: Arc<QueryGraph>,
    /// The services, by their number in the graph.
    pub services: Vec<ServiceRuntime>,
    /// All documents.
    pub documents: Arc<Documents>,
    /// Bounds.
    pub limits: ExecutionLimits,
    /// What all executions together may hold.
    pub budget: Arc<Budget>,
}

/// What executing an operation took, or is expected to take: what grows is made large enough at once.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sizes {
    /// Bytes of the answer.
    pub(crate) answer: usize,
    /// Rows in flight.
    pub(crate) rows: usize,
    /// Their cells.
    pub(crate) cells: usize,
}

impl Sizes {
    /// An expectation from what was seen: a little more, and no more than is cheap to hold for nothing.
    #[must_use]
    pub fn expected(self) -> Sizes {
        let more = |seen: usize, most: usize| (seen + seen / 8).min(most);
        Sizes {
            answer: more(self.answer, 1024 * 1024).max(1024),
            rows: more(self.rows, 32 * 1024).max(8),
            cells: more(self.cells, 128 * 1024).max(32),
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
    /// Its place in its trace; the calls to upstreams have places below it.
    pub trace: Option<TraceContext>,
    /// `tracestate`, which is passed on to upstreams as it is.
    pub trace_state: Option<HeaderValue>,
    /// The `@override` labels of the plan that were chosen for this request.
    pub labels: Vec<Arc<str>>,
    /// Values of `__schema` and `__type` at the root, by response name, as JSON.
    pub introspection: Vec<(String, Vec<u8>)>,
    /// What executing the operation took before.
    pub sizes: Sizes,
    /// Count what the answer costs.
    pub counting: Option<Counting>,
    /// By its cost it is one that takes long and holds much.
    pub is_long: bool,
    /// Record every call, for `explain`.
    pub record: bool,
    /// Do not use what is cached.
    pub uncached: bool,
    /// The connectors that it waits for.
    pub admissions: Admissions,
}

impl RequestContext {
    pub(crate) fn variable(&self, name: &str) -> Option<Value> {
        self.variables.get(name).cloned()
    }

    /// Whether a guard of the plan holds.
    pub(crate) fn holds(&self, guard: &Guard) -> bool {
        guard.holds(|condition| match condition {
            Condition::Variable(name) => {
                matches!(self.variables.get(name.as_str()), Some(Value::Bool(true)))
            }
            Condition::Label(label) => self.labels.contains(label),
            Condition::Null(name) => self.variables.get(name.as_str()) == Some(&Value::Null),
        })
    }

    /// `$request`: the client's headers as lists of strings.
    pub(crate) fn request_value(&self) -> Value {
        object([("headers", headers_value(&self.headers))])
    }
}

/// Headers as the mapping language sees them: lists of strings by name in lower case.
pub(crate) fn headers_value(headers: &HeaderMap) -> Value {
    let mut all = Object::with_capacity(headers.keys_len());
    for name in headers.keys() {
        let values = headers.get_all(name).iter();
        let values = values
            .map(|value| Value::from(String::from_utf8_lossy(value.as_bytes()).as_ref()))
            .collect();
        all.insert(Str::from(name.as_str()), Value::Array(Arc::new(values)));
    }
    Value::Object(Arc::new(all))
}

/// An object of a few members.
pub(crate) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let mut object = Object::with_capacity(N);
    for (name, value) in members {
        object.insert(Str::from(name), value);
    }
    Value::Object(Arc::new(object))
}
