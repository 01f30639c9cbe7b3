//! What failed below HTTP, in the words of [`SourceError`].

use std::error::Error;

use url::Url;

use crate::source::{SourceError, SourceErrorKind};

/// Translates an error of the HTTP library. The URL is cut down to host and port: a query may hold secrets.
pub(super) fn from_reqwest(error: reqwest::Error, url: &Url) -> SourceError {
    let kind = if error.is_timeout() {
        SourceErrorKind::Timeout
    } else if error.is_connect() {
        SourceErrorKind::Unreachable
    } else if error.is_decode() || is_malformed(&error) {
        SourceErrorKind::BadAnswer
    } else {
        SourceErrorKind::Unreachable
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

/// True when the peer spoke, but not HTTP.
fn is_malformed(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(hyper) = inner.downcast_ref::<hyper::Error>() {
            return hyper.is_parse();
        }
        cause = inner.source();
    }
    false
}
