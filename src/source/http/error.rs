//! What failed below HTTP, in the words of [`SourceError`].

use std::error::Error;
use std::io;

use url::Url;

use crate::source::{SourceError, SourceErrorKind};

/// Translates an error of the HTTP library. The URL is cut down to host and port: a query may hold secrets.
pub(super) fn from_reqwest(error: reqwest::Error, url: &Url) -> SourceError {
    let kind = if error.is_timeout() {
        SourceErrorKind::Timeout
    } else if error.is_connect() {
        SourceErrorKind::Unreachable
    } else {
        kind_of_cause(&error)
    };
    let error = error.without_url();
    let mut detail = format!("{}: {error}", place(url));
    let mut cause = error.source();
    while let Some(inner) = cause {
        detail.push_str(": ");
        detail.push_str(&inner.to_string());
        cause = inner.source();
    }
    SourceError { kind, detail }
}

/// `host:port` of a URL.
pub(super) fn place(url: &Url) -> String {
    format!(
        "{}:{}",
        url.host_str().unwrap_or("?"),
        url.port_or_known_default().unwrap_or_default()
    )
}

/// A connection that broke, or a peer that spoke but not HTTP? The library puts both into one kind; the difference is
/// in the causes.
fn kind_of_cause(error: &reqwest::Error) -> SourceErrorKind {
    let mut below_http = false;
    let mut cause = error.source();
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
    if error.is_decode() && !below_http {
        // The compression.
        return SourceErrorKind::BadAnswer;
    }
    SourceErrorKind::Unreachable
}
