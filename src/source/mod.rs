//! Wire protocols: their drivers send a rendered request and return the upstream's response.
//!
//! Only this room knows the wire protocols of upstreams. What the other rooms have of them:
//!
//! - A [`Request`] is an opaque value. The template of a wire renders it and the driver of the same wire sends it; between
//!   them, it has a fingerprint for cache keys and a form for people, and nothing else.
//! - An [`UpstreamResponse`] has a document, which is a JSON text on every wire, and says in terms that all wires share
//!   whether it is a success ([`Outcome`]), how long it may be kept ([`CacheFacts`]), and when to ask again
//!   ([`RetryAfter`]). What mappings can read beside the document is in its [`Envelope`]. No other room knows the format
//!   of the body, and the status decides nothing.
//! - A [`Source`] is the driver of one source. It sends a request and reads the response, within bounds of time and size;
//!   it maps nothing and caches nothing. It repeats a read if the upstream had closed the connection on which it was
//!   sent, and retries nothing else.
//! - [`Wires`] is the table of wire protocols, by the scheme of a source's address. A new one is a folder
//!   that implements [`Wire`], and a line there.
//!
//! The parts:
//!
//! - [`http`]: HTTP/1.1 and HTTP/2, JSON and text; also carries GraphQL services.
//! - [`native`]: an `async-graphql` schema in this process.
//! - [`graphql`]: the request to a GraphQL service, for both.
//! - [`gate`]: how many calls may run, and how many may wait.
//! - [`dns`]: the resolver of hosts, which all HTTP sources share.
//! - [`tls`]: the TLS configuration, which all HTTP sources share.

pub mod dns;
pub mod envelope;
mod file;
pub mod gate;
pub mod graphql;
pub mod http;
pub mod native;
mod response;
mod source_error;
mod subscription;
pub mod tls;
mod wire;
mod wires;

use std::sync::Arc;
use std::time::Duration;

use ::http::HeaderValue;
use async_trait::async_trait;

pub use envelope::{Envelope, StoredHeaders, WireStatus};
pub use file::{FileAnswer, FileOptions, FileStream, OpenedFile};
pub use response::{CacheFacts, GivenLifetime, Outcome, RetryAfter, UpstreamResponse};
pub use source_error::{SourceError, SourceErrorKind};
pub use subscription::{EventStream, SubscribeOptions, SubscriptionLost};
pub use wire::{SetupError, SourceParts, Wire};
pub use wires::Wires;

use crate::connector::Request;
use crate::files::Files;
use crate::files::uploads::Uploads;
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
    /// The files of the client's request, if it has some, and the settings for them.
    pub uploads: Option<(Arc<Uploads>, Arc<Files>)>,
    /// Nothing of a success's content is used: it may be in any format, and the document is `null`.
    pub ignores_content: bool,
}

/// The error of a driver that gets the request of another wire.
pub(crate) fn wrong_wire() -> SourceError {
    SourceError::new(
        SourceErrorKind::Internal,
        "the request belongs to another wire protocol",
    )
}

/// The driver of one source.
#[async_trait]
pub trait Source: std::fmt::Debug + Send + Sync {
    /// Sends one request and reads the whole response.
    async fn call(
        &self,
        request: &Request,
        options: &CallOptions,
    ) -> Result<UpstreamResponse, SourceError>;

    /// Opens a subscription of a GraphQL service.
    async fn subscribe(
        &self,
        _: &Request,
        _: &SubscribeOptions,
    ) -> Result<EventStream, SubscriptionLost> {
        Err(SubscriptionLost::finally(
            SourceErrorKind::Internal,
            "the source has no subscriptions",
        ))
    }

    /// Sends the request for a file, and reads the head of the response.
    async fn open(&self, _: &Request, _: &FileOptions) -> Result<OpenedFile, SourceError> {
        Err(wrong_wire())
    }
}

/// The source of a connect that makes no call.
#[derive(Debug)]
pub struct NoSource;

#[async_trait]
impl Source for NoSource {
    async fn call(&self, _: &Request, _: &CallOptions) -> Result<UpstreamResponse, SourceError> {
        Err(SourceError::new(
            SourceErrorKind::Internal,
            "there is nothing to call",
        ))
    }
}
