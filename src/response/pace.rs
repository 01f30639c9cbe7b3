//! Cooperative scheduling of long work: it yields its thread every few milliseconds, and stops at the deadline.
//!
//! Work that grows with a client's operation or an upstream's response is done in pieces of about a millisecond.
//! Between two pieces, [`Pace::pause`] yields to other tasks if the last pause was some milliseconds ago. If the client
//! has disconnected, the execution is dropped there.

use std::time::Duration;

use tokio::time::Instant;

use super::bounds::Reached;
use crate::priority;

/// How long work continues without a pause, apart from its last piece.
const SLICE: Duration = Duration::from_millis(3);

/// When work must pause, and when it must stop.
#[derive(Debug)]
pub(crate) struct Pace {
    since: Instant,
    deadline: Instant,
}

impl Pace {
    pub(crate) fn until(deadline: Instant) -> Self {
        Pace {
            since: Instant::now(),
            deadline,
        }
    }

    /// To be called between two pieces of work: yields if the work has run long enough.
    ///
    /// # Errors
    /// The deadline has passed.
    pub(crate) async fn pause(&mut self) -> Result<(), Reached> {
        let now = Instant::now();
        if now >= self.deadline {
            return Err(Reached::Time);
        }
        if now.duration_since(self.since) >= SLICE {
            // A task that has worked for so long continues at the lower priority, together with other long work; but
            // not one that has only waited for the processor.
            priority::lower_if_used(SLICE / 2).await;
            tokio::task::yield_now().await;
            self.since = Instant::now();
        }
        Ok(())
    }

    /// Records that the work has just paused: it waited for something.
    pub(crate) fn rested(&mut self) {
        self.since = Instant::now();
    }
}
