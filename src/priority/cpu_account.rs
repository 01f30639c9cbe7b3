//! How much processor time a task has used beyond what is free.

use std::time::{Duration, Instant};

/// What a poll may take without being counted. A request that is answered from a cache takes less.
pub(super) const FREE: Duration = Duration::from_micros(300);

/// What a poll counts for at most. The clock goes on while the system lets another process have the processor, which it
/// does for some milliseconds at a time: no task has to move for one such pause.
const COUNTED: Duration = Duration::from_micros(1300);

/// How much a task may take beyond what is free before it moves.
pub(super) const CREDIT: Duration = Duration::from_millis(4);

/// No task owes more, so that one that has become quiet moves back within a second.
const MOST: Duration = Duration::from_millis(50);

/// Of the time that passes, this part is paid back: one in so many.
const REPAID: u32 = 20;

/// What a task owes.
#[derive(Debug, Default)]
pub(super) struct CpuAccount {
    owed: Duration,
    /// When that was last counted; nothing is owed where it never was.
    since: Option<Instant>,
}

impl CpuAccount {
    /// Counts a poll of a task for short work, that began then and took so long; says whether more than the credit is owed.
    pub(super) fn add(&mut self, begun: Instant, took: Duration) -> bool {
        // The usual case: nothing to remember.
        if took <= FREE && self.owed.is_zero() {
            return false;
        }
        let passed = self.since.map(|since| begun.duration_since(since));
        self.repay(passed.unwrap_or_default());
        self.since = Some(begun);
        self.owe(took);
        self.owed > CREDIT
    }

    /// Counts a poll that took so long.
    pub(super) fn owe(&mut self, took: Duration) {
        let counted = took.min(COUNTED).saturating_sub(FREE);
        self.owed = (self.owed + counted).min(MOST);
    }

    /// From now on more is owed than the credit.
    pub(super) fn exhaust(&mut self) {
        self.owed = self.owed.max(CREDIT * 2);
    }

    /// Time has passed; says whether nothing is owed any more.
    pub(super) fn repay(&mut self, passed: Duration) -> bool {
        self.owed = self.owed.saturating_sub(passed / REPAID);
        self.owed.is_zero()
    }
}
