//! The state of a watched query, as its watchers see it.

use std::sync::Arc;

use bytes::Bytes;
use tokio::time::Instant;

use super::super::RequestOutcome;
use super::super::refusal::Refusal;
use super::answer::Answer;
use crate::cache::EpochsAt;

/// What watchers see.
#[derive(Clone)]
pub(super) enum State {
    /// The answer as it is now.
    Answer(Arc<Answer>),
    /// The query cannot be executed any more: the last response.
    Ended(Arc<Ending>),
    /// The answer is for one request only: each watcher must have a query of its own.
    Apart,
}

/// The last response of a watched query, without data.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) outcome: RequestOutcome,
    pub(super) body: Bytes,
}

impl Ending {
    pub(super) fn of(refusal: &Refusal) -> Ending {
        Ending {
            outcome: refusal.outcome(),
            body: refusal.body(),
        }
    }
}

/// The last execution, for those who begin to watch: they may not get what was true before they asked.
pub(super) struct Checked {
    /// When it began.
    pub(super) began: Instant,
    /// The epochs at that time.
    pub(super) epochs: EpochsAt,
}
