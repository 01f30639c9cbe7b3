//! The parts of a spec.

use std::fmt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::Timestamp;

use crate::document::Value;

/// One spec file.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The file.
    pub path: PathBuf,
    /// The settings of the connector for this spec: the keys of `[connector.<name>]`, in TOML.
    pub settings: Option<String>,
    /// The recorded exchanges, in the order of the file.
    pub exchanges: Vec<RecordedExchange>,
    /// The operations with their expected responses, in the order of the file.
    pub cases: Vec<SpecCase>,
}

/// A recorded HTTP exchange with an upstream.
#[derive(Debug, Clone)]
pub struct RecordedExchange {
    /// The line of its request line, from 1.
    pub line: usize,
    /// The text after `@source`: a source of the connector, another connector, or `<connector>/<source>`.
    pub source: Option<String>,
    /// The method.
    pub method: Method,
    /// The path below the source's base URL, as it was sent.
    pub path: String,
    /// The query, decoded, in its order.
    pub query: Vec<(String, String)>,
    /// Headers that the request must have.
    pub headers: Vec<(HeaderName, String)>,
    /// The body; `None` when none is recorded.
    pub body: Option<Bytes>,
    /// The upstream's response.
    pub answer: RecordedResponse,
}

/// A recorded response of an upstream.
#[derive(Debug, Clone)]
pub struct RecordedResponse {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: Bytes,
}

/// An operation and its expected response.
#[derive(Debug, Clone)]
pub struct SpecCase {
    /// The line of the operation, from 1.
    pub line: usize,
    /// The heading above it; empty for none.
    pub heading: String,
    /// The operation.
    pub operation: String,
    /// Its variables, an object.
    pub variables: Option<Value>,
    /// Headers of the client's request.
    pub headers: HeaderMap,
    /// `$request.instant`, if the spec says it.
    pub instant: Option<Timestamp>,
    /// The whole expected response.
    pub expected: Value,
    /// The number of exchanges before it in the file: only these may serve it.
    pub exchanges: usize,
}

/// A problem of a spec file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecProblem {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong, and how to correct it.
    pub message: String,
}

impl SpecProblem {
    /// A problem at a line.
    pub fn new(path: &Path, line: usize, message: impl Into<String>) -> SpecProblem {
        SpecProblem {
            path: path.to_owned(),
            line,
            message: message.into(),
        }
    }
}

impl fmt::Display for SpecProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, ": {}", self.message)
    }
}
