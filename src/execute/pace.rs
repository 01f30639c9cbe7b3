//! Long work gives the threads that serve back every few milliseconds, and ends when its time is over.
//!
//! Whatever grows with a client's operation or a department's answer is done in pieces of about a millisecond. Between
//! two of them, [`Pace::pause`] lets others have the thread where the last pause is some milliseconds ago. A client that
//! has left ends the work there: its execution is dropped.

use std::time::Duration;

use tokio::time::Instant;

use super::bounds::Reached;
use crate::priority;

/// For how long work goes on without a pause, its last piece not counted.
const SLICE: Duration = Duration::from_millis(3);

/// When work has to pause, and when it has to end.
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

    /// Between two pieces of work.
    ///
    /// # Errors
    /// The time is over.
    pub(crate) async fn pause(&mut self) -> Result<(), Reached> {
        let now = Instant::now();
        if now >= self.deadline {
            return Err(Reached::Time);
        }
        if now.duration_since(self.since) >= SLICE {
            // What has worked for so long does so at the lower priority from now on, and shares that with others.
            priority::lower().await;
            tokio::task::yield_now().await;
            self.since = Instant::now();
        }
        Ok(())
    }

    /// There was a pause anyway: something has been waited for.
    pub(crate) fn rested(&mut self) {
        self.since = Instant::now();
    }
}
