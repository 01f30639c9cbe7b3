//! The error of a server that cannot start.

/// Why the server cannot start.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct StartError(String);

impl StartError {
    pub(super) fn new(message: impl Into<String>) -> StartError {
        StartError(message.into())
    }
}
