//! Why a call has no response.

use crate::errors::ErrorKind;
use crate::files::uploads::UploadFault;

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

/// The kinds of [`SourceError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceErrorKind {
    /// No connection, or it broke.
    Unreachable,
    /// Not done within the timeout.
    Timeout,
    /// The body is longer than allowed.
    TooLarge,
    /// The response does not follow the wire protocol, its encoding is broken, or its content type cannot be read.
    BadAnswer,
    /// A limit of the gateway (concurrency, memory) refused the call.
    Busy,
    /// The client does not send a file as the call needs it.
    Upload(UploadFault),
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
            SourceErrorKind::Upload(fault) => fault.kind(),
            SourceErrorKind::Internal => ErrorKind::Internal,
        }
    }

    /// Its name in logs and metrics, which is that of its [`ErrorKind`].
    pub fn as_str(self) -> &'static str {
        self.kind().as_str()
    }
}
