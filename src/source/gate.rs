//! How many calls of one connector may run at the same time, and how many may wait for a permit.
//!
//! A slow upstream must not fill the gateway with waiting requests. So the queue is bounded in length and in time, and
//! a call that does not fit is refused at once as [`SourceErrorKind::Busy`], so that it does not delay the rest of the
//! response.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::{SourceError, SourceErrorKind};
use crate::config::ConnectorLimits;

/// Permits for a bounded number of running calls, with a bounded queue.
#[derive(Debug)]
pub struct Gate {
    running: Semaphore,
    max_running: usize,
    waiting: AtomicUsize,
    max_waiting: usize,
    max_wait: Duration,
}

/// The permit of one call, held while it runs.
#[derive(Debug)]
pub struct Permit<'g>(#[allow(dead_code, reason = "it is dropped")] SemaphorePermit<'g>);

/// Counts one waiting call, until it is dropped.
struct QueueSlot<'g>(&'g AtomicUsize);

impl Drop for QueueSlot<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Gate {
    /// The gate of a connector with these settings.
    pub fn of(limits: &ConnectorLimits) -> Gate {
        // A call may wait for a permit as long as the call itself may take: the upstream may only be slow.
        Gate::new(limits.concurrency, limits.queue, limits.timeout)
    }

    /// At most `max_running` calls at the same time (at least one), and `max_waiting` in the queue, each for
    /// `max_wait`.
    pub fn new(max_running: usize, max_waiting: usize, max_wait: Duration) -> Gate {
        let max_running = max_running.clamp(1, Semaphore::MAX_PERMITS);
        Gate {
            running: Semaphore::new(max_running),
            max_running,
            waiting: AtomicUsize::new(0),
            max_waiting,
            max_wait,
        }
    }

    /// The number of calls that run.
    pub fn running(&self) -> usize {
        self.max_running
            .saturating_sub(self.running.available_permits())
    }

    /// The number of calls that wait.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed).min(self.max_waiting)
    }

    /// The number of calls that may run.
    pub fn most(&self) -> usize {
        self.max_running
    }

    /// Waits for a permit.
    ///
    /// # Errors
    /// [`SourceErrorKind::Busy`] if the queue is full, or there was no permit in time.
    pub async fn enter(&self) -> Result<Permit<'_>, SourceError> {
        if let Ok(permit) = self.running.try_acquire() {
            return Ok(Permit(permit));
        }
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.max_waiting {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(busy("the queue of waiting calls is full"));
        }
        let _slot = QueueSlot(&self.waiting);
        match tokio::time::timeout(self.max_wait, self.running.acquire()).await {
            Ok(Ok(permit)) => Ok(Permit(permit)),
            Ok(Err(_)) => Err(busy("the source is closing")),
            Err(_) => Err(busy("no turn within the queue's time")),
        }
    }
}

fn busy(detail: &str) -> SourceError {
    SourceError::new(SourceErrorKind::Busy, detail)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(5);
    const NEVER: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn refuses_what_waits_too_long() {
        let gate = Gate::new(1, 1, SOON);
        let _held = gate.enter().await.unwrap();
        let refused = gate.enter().await.unwrap_err();
        assert_eq!(refused.kind, SourceErrorKind::Busy);
        assert_eq!(refused.detail, "no turn within the queue's time");
    }

    #[tokio::test]
    async fn refuses_at_once_when_the_queue_is_full() {
        let gate = Gate::new(1, 0, NEVER);
        let held = gate.enter().await.unwrap();
        let refused = gate.enter().await.unwrap_err();
        assert_eq!(refused.detail, "the queue of waiting calls is full");
        drop(held);
        gate.enter().await.unwrap();
    }

    #[tokio::test]
    async fn an_abandoned_wait_leaves_the_queue() {
        let gate = Gate::new(1, 1, NEVER);
        let held = gate.enter().await.unwrap();
        let abandoned = tokio::time::timeout(SOON, gate.enter()).await;
        assert!(abandoned.is_err());
        let (next, ()) = tokio::join!(gate.enter(), async { drop(held) });
        next.unwrap();
    }
}
