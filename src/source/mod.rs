//! Wire protocol drivers: they send a rendered request and return the upstream response.
//!
//! Only this room knows the wire protocols of upstreams. A driver sends a request and reads the response, within bounds
//! of time and size; it maps nothing and caches nothing. It repeats a read if the upstream had closed the connection on
//! which it was sent, and retries nothing else.
//!
//! - [`http`]: HTTP/1.1 and HTTP/2, JSON and text; also carries GraphQL services.
//! - [`native`]: an `async-graphql` schema in this process.
//! - [`graphql`]: the request to a GraphQL service, for both drivers.
//! - [`registry`]: the table of drivers. A new wire protocol is one file here and one line there.
//! - [`gate`]: how many calls may run, and how many may wait.
//! - [`dns`]: the resolver of hosts, which all HTTP sources share.
//! - [`tls`]: the TLS configuration, which all HTTP sources share.

pub mod dns;
pub mod envelope;
pub mod gate;
pub mod graphql;
pub mod http;
pub mod native;
pub mod registry;
mod response;
pub mod tls;

use std::time::Duration;

use ::http::HeaderValue;
use async_trait::async_trait;

pub use envelope::{Envelope, StoredHeaders};
pub use response::{CacheFacts, GivenLifetime, Outcome, RetryAfter, UpstreamResponse};

use crate::connector::Request;
use crate::errors::ErrorKind;
use crate::observe::TraceContext;

/// The bounds of one call.
#[derive(Debug, Clone, Default)]
pub struct CallOptions {
    /// The time from the first byte sent to the last byte read.
    pub timeout: Duration,
    /// The maximum length of the decompressed body.
    pub max_bytes: usize,
    /// The span that is sent as `traceparent`, if any; not part of any cache key.
    pub traceparent: Option<TraceContext>,
    /// The `tracestate` that is sent, if any; not part of any cache key.
    pub tracestate: Option<HeaderValue>,
    /// The call changes nothing at the upstream, whatever its method: it may be sent twice.
    pub is_read: bool,
}

/// Why there is no response.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{kind:?}: {detail}")]
pub struct SourceError {
    /// The kind of failure.
    pub kind: SourceErrorKind,
    /// For the log only: it may have hosts and ports, but no secrets.
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

/// The error of a driver that gets the request of another wire.
pub(crate) fn wrong_wire() -> SourceError {
    SourceError::new(
        SourceErrorKind::Internal,
        "the request belongs to another wire protocol",
    )
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
    /// The response is not HTTP, its encoding is broken, or its content type cannot be read.
    BadAnswer,
    /// A limit of the gateway (concurrency, memory) refused the call.
    Busy,
    /// The gateway itself failed: a driver or a task ended without a response.
    Internal,
}

impl SourceErrorKind {
    /// The `extensions.sangam.kind` that clients see.
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

    /// Its name in logs and metrics, which is that of its [`ErrorKind`].
    pub fn as_str(self) -> &'static str {
        self.kind().as_str()
    }
}

/// A wire protocol driver.
#[async_trait]
pub trait Source: std::fmt::Debug + Send + Sync {
    /// Sends one request and reads the whole response.
    async fn call(
        &self,
        request: &Request,
        options: &CallOptions,
    ) -> Result<UpstreamResponse, SourceError>;
}
