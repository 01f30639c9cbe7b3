//! One serving generation: graph, plans, caches; what the server calls.
//!
//! The path of a request: [`Gateway::execute`] finds the compiled operation (or has it compiled, `compile`, by `workers`),
//! coerces the variables (`variables`), looks for a kept answer, has the plan executed (and `introspection` written), and
//! keeps the answer if it may be kept.

mod access;
mod build;
mod compile;
mod cost;
mod inputs;
mod introspection;
mod labels;
mod native;
mod offload;
mod refusal;
mod run;
mod syntax;
mod validate;
mod variables;
mod workers;

use std::sync::Arc;
use std::sync::OnceLock;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

pub use self::build::ConfiguredConnector;
pub use self::build::SetupProblem;
pub use self::cost::ExplainedCost;
pub use self::labels::Draw;
pub use self::run::Explained;
pub use self::run::Gateway;

use crate::document::Value;
use crate::observe::TraceContext;

/// A GraphQL request as a client sent it, whatever the transport.
#[derive(Debug, Clone, Default)]
pub struct GraphqlRequest {
    /// The operation's text.
    pub query: Option<String>,
    /// Which of several operations.
    pub operation_name: Option<String>,
    /// An object, with numbers as the client wrote them; `None` when absent or null.
    pub variables: Option<Value>,
    /// `extensions`, an object.
    pub extensions: Option<Value>,
}

/// What is known about the client and the transport of one request.
#[derive(Debug, Clone, Default)]
pub struct ClientContext {
    /// The client's request headers.
    pub headers: Arc<HeaderMap>,
    /// False for transports that must not change anything (`GET`).
    pub mutations_allowed: bool,
    /// The request's place in its trace; the calls to upstreams have places below it.
    pub trace: Option<TraceContext>,
    /// `tracestate`, which is passed on to upstreams as it is.
    pub trace_state: Option<HeaderValue>,
    /// How override labels that hold for a percentage of requests are drawn.
    pub draw: Draw,
}

/// The answer to a [`GraphqlRequest`].
#[derive(Debug, Clone)]
pub struct GraphqlResponse {
    /// The response map as JSON text: `data`, `errors`, `extensions`.
    pub body: Bytes,
    /// What became of the request, for the transport's status code.
    pub outcome: RequestOutcome,
    /// How long the answer may be kept by anybody else, if at all.
    pub cache: ResponseCachePolicy,
    /// Client request headers that the answer depends on, lower case.
    pub vary: Arc<[String]>,
    /// Where the body's compressed form is kept beside an answer that is kept. The server makes it when it sends the answer.
    pub compressed: Option<Arc<OnceLock<Bytes>>>,
}

/// What became of a request (GraphQL over HTTP distinguishes these by status).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestOutcome {
    /// Executed: there is `data` (possibly null), perhaps `errors`.
    Executed,
    /// Refused before execution: does not parse, is not valid, wrong variables, over a limit.
    Refused,
    /// A mutation over a transport that does not allow it.
    MutationNotAllowed,
    /// Not looked at: there is too much to do. It may be sent again.
    Busy,
}

/// The public cache policy of one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ResponseCachePolicy {
    /// Seconds for which the answer is fresh from now on; `None`: `no-store`.
    pub max_age: Option<u64>,
    /// Scope PRIVATE.
    pub private: bool,
    /// Seconds since the oldest part was fetched, when served from a cache.
    pub age: Option<u64>,
}
