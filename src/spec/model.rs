//! What a spec says.

use std::fmt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::document::Value;

/// One spec file.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The file.
    pub path: PathBuf,
    /// Settings of the connector for this spec, as they would stand in `[connector.<name>]`.
    pub settings: Option<String>,
    /// Exchanges, in the order of the file.
    pub exchanges: Vec<RecordedExchange>,
    /// Operations with their answers, in the order of the file.
    pub cases: Vec<SpecCase>,
}

/// One recorded exchange with an upstream.
#[derive(Debug, Clone)]
pub struct RecordedExchange {
    /// The line of its request line, from 1.
    pub line: usize,
    /// `@source`: which source, when the connector has several, or `<connector>` or `<connector>/<source>` of another
    /// folder.
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
    /// What the upstream answered.
    pub answer: RecordedResponse,
}

/// A recorded answer.
#[derive(Debug, Clone)]
pub struct RecordedResponse {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: Bytes,
}

/// An operation and its answer.
#[derive(Debug, Clone)]
pub struct SpecCase {
    /// The line of the operation, from 1.
    pub line: usize,
    /// The heading that it stands under; empty for none.
    pub heading: String,
    /// The operation.
    pub operation: String,
    /// Its variables, an object.
    pub variables: Option<Value>,
    /// Headers of the client's request.
    pub headers: HeaderMap,
    /// The whole answer.
    pub expected: Value,
    /// How many exchanges of the file stand before it: those that may serve it.
    pub exchanges: usize,
}

/// What is wrong with a spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecProblem {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong and what to do.
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
