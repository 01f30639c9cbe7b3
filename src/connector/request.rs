//! A rendered request, and the templates that render it.
//!
//! The type is deliberately wire-neutral: a verb, a target, headers and a body. For HTTP these are what they are called;
//! a driver of another wire gives them its own meaning (for SQL: the statement is the target, bound parameters the body).

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;

use crate::mapping::Variables;

/// One request to an upstream, rendered and complete but for signing in.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, …
    pub verb: http::Method,
    /// The absolute URL.
    pub target: String,
    /// Headers in the order they are sent, names in lower case.
    pub headers: Vec<(http::HeaderName, http::HeaderValue)>,
    /// The body; empty for none.
    pub body: Bytes,
}

impl fmt::Debug for Request {
    /// Values of headers and the body may hold secrets: only their names and sizes are shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.target.split(['?', '#']).next().unwrap_or_default();
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        write!(
            f,
            "{} {path} {names:?} ({} bytes)",
            self.verb,
            self.body.len()
        )
    }
}

/// Why a request could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RenderError {
    /// What is wrong, safe to show to a client: names of places, never values.
    pub message: String,
}

impl RenderError {
    /// An error that says this.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

/// Renders requests from variables: parsed once when the folder is read, used for every call.
pub trait RequestTemplate: fmt::Debug + Send + Sync {
    /// The request for these variables. `client` is the client's own headers, for `from:`.
    fn render(&self, variables: &Variables, client: &HeaderMap) -> Result<Request, RenderError>;

    /// The same template for an upstream at another address: what a deployment's `base_url` asks for.
    ///
    /// # Errors
    /// The template has no base URL that could be replaced.
    fn with_base_url(&self, base: &str) -> Result<Arc<dyn RequestTemplate>, RenderError>;
}
