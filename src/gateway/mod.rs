//! The GraphQL gateway: it owns the composed graph, the compiled operations and the caches. The server calls it.
//!
//! [`Gateway::execute`] processes a request, and [`Gateway::execute_batch`] several (`batch`), in these steps:
//! 1. find the compiled operation, or compile it ([`operation`](crate::operation)) on a worker thread (`workers`, `offload`);
//!    `reference` finds the text that a request refers to by its hash or id,
//! 2. coerce the variables and draw the override labels (`labels`),
//! 3. look for a cached response,
//! 4. check the cost (`cost`),
//! 5. execute the plan (`execution`), and write `__schema` and `__type` (`introspection`); or wait for an execution of the
//!    same query that is under way (`in_flight`),
//! 6. store the response, if it may be cached.
//!
//! A live query takes these steps again and again (`watch`).

mod batch;
mod batch_cost;
mod build;
mod compile;
mod configured;
mod cost;
mod execution;
mod explain;
mod files;
mod generation;
mod in_flight;
mod incremental;
mod introspection;
mod kept;
mod known_requests;
mod labels;
mod limits;
mod live;
mod measure;
mod native;
mod nodes;
mod offload;
mod operations;
mod parts;
mod payloads;
mod persisted;
mod quarantine;
mod reference;
mod refusal;
mod reserved;
mod respond;
mod run;
mod shared;
mod sources;
mod subscriptions;
mod watch;
mod watching;
mod workers;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;

pub use self::batch_cost::BatchCost;
pub use self::configured::{ConfiguredConnector, Served, SetAside, Setup, SetupProblem};
pub use self::cost::ExplainedCost;
pub use self::explain::Explained;
pub use self::files::{Download, DownloadRequest, NoDownload};
pub use self::kept::Known;
pub use self::labels::Draw;
pub use self::live::LiveGateway;
pub use self::native::OWN_CONNECTOR;
pub use self::parts::ResponseParts;
pub use self::payloads::{AcceptedDeliveries, Delivery, IncrementalFormat, Payloads};
pub use self::quarantine::{Candidate, Chosen, choose};
pub use self::run::Gateway;
pub use self::subscriptions::{HOOKS_PATH, HookRefusal, HookRequest, Hooked};

pub use crate::cache::{ContentCoding, Payload};
use crate::document::Value;
use crate::files::uploads::Uploads;
use crate::observe::TraceContext;
use crate::observe::operations::ObservedOperation;
pub use crate::response::ErrorBehavior;

/// A GraphQL request as a client sent it, whatever the transport.
#[derive(Debug, Clone, Default)]
pub struct GraphqlRequest {
    /// The operation text.
    pub query: Option<String>,
    /// The id or the hash of the operation text (`documentId`).
    pub document_id: Option<String>,
    /// The name of the operation to execute, if the text has several.
    pub operation_name: Option<String>,
    /// An object, with numbers as the client wrote them; `None` when absent or null.
    pub variables: Option<Value>,
    /// `extensions`, an object.
    pub extensions: Option<Value>,
    /// `onError`: what becomes of the response when a field fails.
    pub on_error: ErrorBehavior,
    /// A live query although its text has no `@live`.
    pub live: Option<Box<LiveRequest>>,
    /// The bytes of the request, if they say all that is asked for: a request with the same bytes has the same response.
    pub sent: Option<Bytes>,
}

/// A live query without `@live` in its text, by what the request says besides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LiveRequest {
    /// The least time between two answers; `None`: as the text says, or the gateway's.
    pub throttle: Option<Duration>,
    /// Answers after the first one are patches; `None`: as the text says.
    pub patch: Option<bool>,
}

/// The client and the transport of one request.
#[derive(Debug, Clone, Default)]
pub struct ClientContext {
    /// The client's request headers.
    pub headers: Arc<HeaderMap>,
    /// False for transports that must not change anything, and whose requests are URLs (`GET`).
    pub mutations_allowed: bool,
    /// The trace context of the request; upstream calls get child contexts of it.
    pub trace: Option<TraceContext>,
    /// `tracestate`, which is passed on to upstreams as it is.
    pub trace_state: Option<HeaderValue>,
    /// How override labels that hold for a percentage of requests are drawn.
    pub draw: Draw,
    /// The files of the request.
    pub uploads: Option<Arc<Uploads>>,
    /// `$request.instant`; if absent, the instant at which the execution starts.
    pub instant: Option<Timestamp>,
    /// The cost of the operations of a batch, of which this request is one.
    pub batch_cost: Option<Arc<BatchCost>>,
    /// Which deliveries the transport can make.
    pub deliveries: AcceptedDeliveries,
}

/// The response to a [`GraphqlRequest`].
#[derive(Debug)]
pub struct GraphqlResponse {
    /// The outcome, from which the transport derives the status code.
    pub outcome: RequestOutcome,
    /// How long clients and shared caches may cache the response.
    pub cache: ResponseCachePolicy,
    /// The client request headers that the response depends on; lower case.
    pub vary: Arc<[String]>,
    /// The operation, for operators.
    pub operation: Option<Arc<ObservedOperation>>,
    /// Whether the response has `errors`.
    pub has_errors: bool,
    /// What is sent. The fields above are known before the first payload, and hold for all of them.
    pub payloads: Payloads,
}

impl GraphqlResponse {
    /// The body of the next payload, empty after the last one. For callers that expect one payload.
    pub async fn body(&mut self) -> Bytes {
        let payload = self.payloads.next().await;
        payload.map(|payload| payload.body).unwrap_or_default()
    }
}

/// The outcome of a request; GraphQL over HTTP gives each its own status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestOutcome {
    /// Executed: the response has `data`, which may be null, and perhaps `errors`.
    Executed,
    /// Refused before execution: a syntax error, a validation error, invalid variables, or over a limit.
    Refused,
    /// A mutation, or an operation with a confidential argument, over a transport that does not allow it.
    MethodNotAllowed,
    /// Refused because the gateway is overloaded. The client may retry.
    Busy,
    /// The gateway does not have the operation text that the request refers to. Clients then send the text: the response is
    /// part of the protocol.
    NotPersisted,
    /// The request contradicts itself, or refers to an operation text in a way that cannot be read.
    Malformed,
}

/// The HTTP cache policy of one response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ResponseCachePolicy {
    /// Seconds for which the response stays fresh from now; `None` means `no-store`.
    pub max_age: Option<u64>,
    /// The same in the client's own cache, if that is less.
    pub private_max_age: Option<u64>,
    /// Caches may not use it when it is stale.
    pub must_revalidate: bool,
    /// Only the client may cache it (scope `PRIVATE`).
    pub private: bool,
    /// It is for the request alone for which it was made, not for others that wait for the same.
    pub for_one_request: bool,
    /// Seconds since its oldest part was fetched; `None` when nothing came from a cache.
    pub age: Option<u64>,
    /// The same, also of a response that may not be cached.
    pub data_age: Option<u64>,
}
