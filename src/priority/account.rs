//! How much processor time a task has used beyond what is free.

use std::time::{Duration, Instant};

/// What a poll may take without being counted. A request that is answered from a cache takes less.
pub(super) const FREE: Duration = Duration::from_micros(200);

/// How much a task may take beyond that before it moves.
pub(super) const CREDIT: Duration = Duration::from_millis(4);

/// No task owes more, so that one that has become quiet moves back within a second.
const MOST: Duration = Duration::from_millis(100);

/// Of the time that passes, this part is paid back: one in so many.
pub(super) const REPAID: u32 = 10;

/// What a task owes.
#[derive(Debug, Default)]
pub(super) struct Account {
    owed: Duration,
    /// When that was last counted; nothing is owed where it never was.
    since: Option<Instant>,
}

impl Account {
    /// Counts a poll that began then and took so long; says whether more than the credit is owed.
    pub(super) fn add(&mut self, begun: Instant, took: Duration) -> bool {
        let counted = took.saturating_sub(FREE);
        // The usual case: nothing to remember.
        if counted.is_zero() && self.owed.is_zero() {
            return false;
        }
        self.repay(begun);
        self.owed = (self.owed + counted).min(MOST);
        self.owed > CREDIT
    }

    /// From now on more is owed than the credit.
    pub(super) fn exhaust(&mut self, now: Instant) {
        self.repay(now);
        self.owed = self.owed.max(CREDIT * 2);
    }

    /// Whether nothing is owed.
    pub(super) fn is_repaid(&mut self, now: Instant) -> bool {
        self.repay(now);
        self.owed.is_zero()
    }

    fn repay(&mut self, now: Instant) {
        let passed = self
            .since
            .map_or(Duration::ZERO, |since| now.duration_since(since));
        self.owed = self.owed.saturating_sub(passed / REPAID);
        self.since = Some(now);
    }
}
