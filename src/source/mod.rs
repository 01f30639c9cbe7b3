//! Wire protocol drivers: a rendered request becomes an answer.
//!
//! Only this room knows a department's wire. A driver sends what it is given and reads what comes back, within bounds
//! of time and size; it maps nothing and caches nothing. It sends a read once more where the connection on which it was
//! sent had been closed by the upstream, and retries nothing else.
//!
//! - [`http`]: HTTP/1.1 and HTTP/2, JSON and text; also carries GraphQL services.
//! - [`native`]: an `async-graphql` schema in this process.
//! - [`graphql`]: the request of a GraphQL service, whichever of the two carries it.
//! - [`registry`]: the table of drivers. A new wire is one file here and one line there.
//! - [`gate`]: how many calls may be under way, and how many may wait.
//! - [`dns`]: the addresses of hosts, which all HTTP sources share.
//! - [`tls`]: the one TLS configuration that all HTTP sources share.

pub mod dns;
pub mod gate;
pub mod graphql;
pub mod http;
pub mod native;
pub mod registry;
pub mod tls;

use std::time::Duration;

use ::http::{HeaderMap, HeaderValue};
use async_trait::async_trait;
use bytes::Bytes;

use crate::connector::Request;
use crate::errors::ErrorKind;
use crate::observe::TraceContext;

/// The format of an answer's body: decides which reader drives a projection over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Format {
    /// A JSON text, UTF-8.
    Json,
    /// Plain text: one string.
    Text,
    /// No body: null.
    Empty,
}

/// What an upstream answered, whatever its status.
#[derive(Debug, Clone)]
pub struct UpstreamResponse {
    /// The HTTP status (200 for in-process sources).
    pub status: u16,
    /// Response headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Bytes,
    /// The body's format, from its content type.
    pub format: Format,
}

/// The bounds of one call.
#[derive(Debug, Clone, Default)]
pub struct CallOptions {
    /// From the first byte sent to the last byte read.
    pub timeout: Duration,
    /// An answer with a longer body (decompressed) is refused.
    pub max_bytes: usize,
    /// The place in a trace that is sent as `traceparent`, if any; not part of any cache key.
    pub traceparent: Option<TraceContext>,
    /// `tracestate` to send beside it, if any; not part of any cache key.
    pub tracestate: Option<HeaderValue>,
    /// The call changes nothing at the upstream, whatever its method says: it may arrive there twice.
    pub is_read: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{kind:?}: {detail}")]
pub struct SourceError {
    /// What kind of failure.
    pub kind: SourceErrorKind,
    /// For the log only: may name hosts and ports, never secrets.
    pub detail: String,
}

impl SourceError {
    /// An error of this kind; `detail` is for the log.
    pub fn new(kind: SourceErrorKind, detail: impl Into<String>) -> SourceError {
        SourceError {
            kind,
            detail: detail.into(),
        }
    }
}

/// The kinds of [`SourceError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceErrorKind {
    /// No connection, or it broke.
    Unreachable,
    /// Not done within the timeout.
    Timeout,
    /// The body is longer than allowed.
    TooLarge,
    /// The answer is not HTTP, its encoding is broken, or its content type has no reader.
    BadAnswer,
    /// A local bound (concurrency, rate) refused the call.
    Busy,
    /// The gateway itself failed: a driver or a task of ours ended without an answer.
    Internal,
}

impl SourceErrorKind {
    /// What clients see of it as `extensions.sangam.kind`.
    pub fn kind(self) -> ErrorKind {
        match self {
            SourceErrorKind::Unreachable => ErrorKind::Unreachable,
            SourceErrorKind::Timeout => ErrorKind::Timeout,
            SourceErrorKind::TooLarge => ErrorKind::Limit,
            SourceErrorKind::BadAnswer => ErrorKind::BadAnswer,
            SourceErrorKind::Busy => ErrorKind::Busy,
            SourceErrorKind::Internal => ErrorKind::Internal,
        }
    }

    /// Its word in logs and metrics, which is that of its kind.
    pub fn as_str(self) -> &'static str {
        self.kind().as_str()
    }
}

/// A wire protocol driver.
#[async_trait]
pub trait Source: std::fmt::Debug + Send + Sync {
    /// Sends one request and reads the whole answer.
    async fn call(
        &self,
        request: &Request,
        options: &CallOptions,
    ) -> Result<UpstreamResponse, SourceError>;
}
