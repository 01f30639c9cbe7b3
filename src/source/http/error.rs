//! Translates errors of the client libraries to [`SourceError`].

use std::error::Error;
use std::io;

use url::Url;

use super::connections::CallError;
use crate::source::dns::DnsError;
use crate::source::{SourceError, SourceErrorKind};

/// A call that broke before the head of a response.
#[derive(Debug)]
pub(super) struct BrokenCall {
    pub(super) error: SourceError,
    /// The connection had been used before, and the upstream had closed it.
    pub(super) stale: bool,
}

impl BrokenCall {
    /// `used`: the connection had been used before.
    pub(super) fn new(error: SourceError, used: bool) -> BrokenCall {
        BrokenCall {
            stale: used && error.kind == SourceErrorKind::Unreachable,
            error,
        }
    }
}

/// Translates an error of the full client. The URL is cut down to host and port: a query may hold secrets.
pub(super) fn from_reqwest(error: reqwest::Error, url: &Url) -> SourceError {
    let kind = if let Some(kind) = kind_of_name(&error) {
        kind
    } else if error.is_timeout() {
        SourceErrorKind::Timeout
    } else if error.is_connect() {
        SourceErrorKind::Unreachable
    } else {
        kind_of_cause(error.source(), error.is_decode())
    };
    describe(kind, &error.without_url(), url)
}

/// Translates an error of a direct call before the head of a response.
pub(super) fn from_direct(error: &CallError, url: &Url) -> SourceError {
    let kind = if let Some(kind) = kind_of_name(error) {
        kind
    } else if timed_out(error) {
        SourceErrorKind::Timeout
    } else {
        match error {
            CallError::Connect(_) => SourceErrorKind::Unreachable,
            CallError::Broken { .. } => kind_of_cause(Some(error), false),
        }
    };
    describe(kind, error, url)
}

/// Translates an error of a direct call in the body.
pub(super) fn from_body(error: &(dyn Error + 'static), url: &Url) -> SourceError {
    describe(kind_of_cause(Some(error), true), error, url)
}

/// The kind of an error of the resolver; `None` for other errors.
fn kind_of_name(error: &(dyn Error + 'static)) -> Option<SourceErrorKind> {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        if let Some(error) = inner.downcast_ref::<DnsError>() {
            return Some(match error {
                DnsError::Timeout => SourceErrorKind::Timeout,
                DnsError::Busy => SourceErrorKind::Busy,
                DnsError::Failed(_) => SourceErrorKind::Unreachable,
            });
        }
        cause = inner.source();
    }
    None
}

fn timed_out(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        let io = inner.downcast_ref::<io::Error>();
        if io.is_some_and(|io| io.kind() == io::ErrorKind::TimedOut) {
            return true;
        }
        cause = inner.source();
    }
    false
}

/// An error with its chain of causes as the detail.
fn describe(kind: SourceErrorKind, error: &dyn Error, url: &Url) -> SourceError {
    let mut detail = format!("{}: {error}", host_and_port(url));
    let mut cause = error.source();
    while let Some(inner) = cause {
        detail.push_str(": ");
        detail.push_str(&inner.to_string());
        cause = inner.source();
    }
    SourceError { kind, detail }
}

/// `host:port` of a URL.
pub(super) fn host_and_port(url: &Url) -> String {
    format!(
        "{}:{}",
        url.host_str().unwrap_or("?"),
        url.port_or_known_default().unwrap_or_default()
    )
}

/// Distinguishes a broken connection from a peer that does not speak HTTP: the library has one kind for both, but the
/// causes differ. `decoding` says that an error that is not one of the connection is one of the compression.
fn kind_of_cause(first: Option<&(dyn Error + 'static)>, decoding: bool) -> SourceErrorKind {
    let mut below_http = false;
    let mut cause = first;
    while let Some(inner) = cause {
        if let Some(hyper) = inner.downcast_ref::<hyper::Error>() {
            if hyper.is_parse() {
                return SourceErrorKind::BadAnswer;
            }
            below_http = true;
        } else if below_http
            && let Some(io) = inner.downcast_ref::<io::Error>()
            && matches!(
                io.kind(),
                io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
            )
        {
            // The framing of the body, such as a chunk's size.
            return SourceErrorKind::BadAnswer;
        }
        cause = inner.source();
    }
    if decoding && !below_http {
        return SourceErrorKind::BadAnswer;
    }
    SourceErrorKind::Unreachable
}
