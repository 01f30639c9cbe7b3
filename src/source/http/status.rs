//! What a status says.

use crate::errors::ErrorKind;
use crate::source::Outcome;

/// The outcome by the status: 2xx is a success, and 4xx says that the request is at fault. Not `408` and `499`: proxies
/// send them for requests that the upstream may have received.
pub(super) fn outcome(status: u16) -> Outcome {
    match status {
        200..=299 => Outcome::Success,
        408 | 499 => Outcome::Failed(kind(status)),
        400..=498 => Outcome::Refused(kind(status)),
        _ => Outcome::Failed(kind(status)),
    }
}

/// The kind of error that clients see.
fn kind(status: u16) -> ErrorKind {
    match status {
        401 | 403 | 407 => ErrorKind::Denied,
        404 | 410 => ErrorKind::NotFound,
        408 | 504 => ErrorKind::Timeout,
        429 | 503 => ErrorKind::Busy,
        502 => ErrorKind::Unreachable,
        400..=499 => ErrorKind::Invalid,
        _ => ErrorKind::Upstream,
    }
}
