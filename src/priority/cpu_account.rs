//! The processor time that a task has used beyond its allowance.

use std::time::{Duration, Instant};

/// The time that a poll may use without being counted. A request that is served from a cache takes less.
pub(super) const FREE: Duration = Duration::from_micros(300);

/// The maximum time that counts for one poll. Where the processor time is not known it is wall time, which passes while
/// the system gives the processor to another process, for some milliseconds at a time; and a virtual machine may count
/// the time of others as that of its thread. One such pause must not move a task.
const COUNTED: Duration = Duration::from_micros(1300);

/// The counted time beyond the free time after which a task moves.
pub(super) const CREDIT: Duration = Duration::from_millis(4);

/// The maximum that a task can owe, so that it moves back after a second without work.
const MOST: Duration = Duration::from_millis(50);

/// An idle task repays its idle time divided by this.
const REPAID: u32 = 20;

/// The time that a task owes.
#[derive(Debug, Default)]
pub(super) struct CpuAccount {
    owed: Duration,
    /// When `owed` was last updated; `None` if it never was.
    since: Option<Instant>,
}

impl CpuAccount {
    /// Counts a poll of a task for short work, which used so much processor time. Returns whether the task must move.
    pub(super) fn add(&mut self, begun: Instant, used: Duration) -> bool {
        // The usual case: nothing changes.
        if used <= FREE && self.owed.is_zero() {
            return false;
        }
        let passed = self.since.map(|since| begun.duration_since(since));
        self.repay(passed.unwrap_or_default());
        self.since = Some(begun);
        self.owe(used);
        self.owed > CREDIT
    }

    /// Counts a poll that used so much.
    pub(super) fn owe(&mut self, used: Duration) {
        let counted = used.min(COUNTED).saturating_sub(FREE);
        self.owed = (self.owed + counted).min(MOST);
    }

    /// Sets the owed time above the credit, so that the task stays with long work for a while.
    pub(super) fn exhaust(&mut self) {
        self.owed = self.owed.max(CREDIT * 2);
    }

    /// Counts idle time. Returns whether nothing is owed any more.
    pub(super) fn repay(&mut self, passed: Duration) -> bool {
        self.owed = self.owed.saturating_sub(passed / REPAID);
        self.owed.is_zero()
    }
}
