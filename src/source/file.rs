//! Files of upstreams, which are streamed and never held whole.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use http::HeaderMap;

use super::source_error::SourceError;
use crate::observe::TraceContext;

/// The bounds of a download.
#[derive(Debug, Clone)]
pub struct FileOptions {
    /// The time until the head of the response.
    pub timeout: Duration,
    /// The time in which the upstream may send nothing.
    pub idle: Duration,
    /// The time until the last byte, from now on.
    pub whole: Duration,
    /// The greatest length in bytes.
    pub max_bytes: u64,
    /// What the client wants of the file, such as a range.
    pub wanted: HeaderMap,
    /// The span that is sent as `traceparent`, if any.
    pub traceparent: Option<TraceContext>,
}

/// What the upstream sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileAnswer {
    /// The whole file.
    Whole,
    /// The wanted range of it.
    Part,
    /// Nothing: the wanted range begins beyond the end.
    BeyondEnd,
    /// Nothing: there is no such file.
    Absent,
    /// Nothing: it failed, or denies access.
    Failed,
}

/// A file whose content has not been read.
pub struct OpenedFile {
    /// What the upstream sends.
    pub answer: FileAnswer,
    /// What it says of the file: its type, name, version and range.
    pub headers: HeaderMap,
    /// The bytes that follow, if that is known.
    pub length: Option<u64>,
    /// The content.
    pub content: FileStream,
}

/// The content of a file. Dropping it ends the transfer.
pub type FileStream = BoxStream<'static, Result<Bytes, SourceError>>;

impl std::fmt::Debug for OpenedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenedFile")
            .field("answer", &self.answer)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}
