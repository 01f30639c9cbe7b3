//! Measures how long a task is idle: from the end of a poll until it is woken.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, LazyLock};
use std::task::{Wake, Waker};
use std::time::{Duration, Instant};

use futures_util::task::AtomicWaker;

/// Times are nanoseconds since this, so that they fit into atomics.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Wakes a task, and records when.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    task: AtomicWaker,
    /// When the task's last poll ended.
    rested: AtomicU64,
    /// When the task was first woken since the last poll began; 0 if it was not.
    woken: AtomicU64,
}

impl Alarm {
    /// Records that a poll begins, of the task with this waker.
    pub(super) fn set(&self, task: &Waker) {
        self.task.register(task);
        self.woken.store(0, Relaxed);
    }

    /// Records that the poll has ended.
    pub(super) fn rest(&self) {
        self.rested.store(now(), Relaxed);
    }

    /// How long the task was idle before it was last woken.
    pub(super) fn quiet(&self) -> Duration {
        let (rested, woken) = (self.rested.load(Relaxed), self.woken.load(Relaxed));
        // Both are 0 before the first poll. A task that is woken during its poll was not idle.
        Duration::from_nanos(woken.saturating_sub(rested))
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let _ = self.woken.compare_exchange(0, now(), Relaxed, Relaxed);
        self.task.wake();
    }
}

fn now() -> u64 {
    // A process does not run for 500 years.
    u64::try_from(START.elapsed().as_nanos())
        .unwrap_or(u64::MAX)
        .max(1)
}
