//! What the caller says of an answer: a success or not, to be kept or not.

use std::time::Duration;

/// What becomes of an answer, by what it says. Whether its lifetime allows that it is kept is decided elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A success that was read to its end.
    Keep,
    /// The same, but for so long at most.
    KeepFor(Duration),
    /// A success for those who have asked for it, which nobody else is to get: it cannot be read, or it says nothing.
    Use,
    /// No success.
    Failed,
    /// A success or not, it answers a mutation and says that nothing was changed.
    Unchanged,
}

impl From<bool> for Verdict {
    /// For a caller that knows only successes and failures.
    fn from(succeeded: bool) -> Verdict {
        match succeeded {
            true => Verdict::Keep,
            false => Verdict::Failed,
        }
    }
}

/// Whether a mutation whose answer has this status, and is no success, has provably changed nothing: the upstream says
/// that the request is at fault (4xx). `408` says that it was not received in time, and proxies send it, as they do
/// `499`, for requests that may have been received by then.
pub(super) fn proves_refusal(status: u16) -> bool {
    (400..500).contains(&status) && !matches!(status, 408 | 499)
}
