//! Counts the requests that wait for one connector, and bounds them.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How many requests may wait for one connector at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingLimits {
    /// Requests with calls of their own.
    pub calls: usize,
    /// Requests that wait for other requests' calls.
    pub joins: usize,
}

impl WaitingLimits {
    /// Any number.
    pub const NONE: WaitingLimits = WaitingLimits {
        calls: usize::MAX,
        joins: usize::MAX,
    };

    pub(super) fn of(self, wait: Wait) -> usize {
        match wait {
            Wait::Call => self.calls,
            Wait::Join => self.joins,
        }
    }
}

/// What a request waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// A call of its own, running or queued.
    Call,
    /// A call of another request.
    Join,
}

/// The requests that wait for one connector.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    calls: AtomicUsize,
    joins: AtomicUsize,
}

impl Waiting {
    /// The number of requests that wait for this, or have started a call that has not ended.
    pub(super) fn now(&self, wait: Wait) -> usize {
        self.counter(wait).load(Ordering::Relaxed)
    }

    fn counter(&self, wait: Wait) -> &AtomicUsize {
        match wait {
            Wait::Call => &self.calls,
            Wait::Join => &self.joins,
        }
    }

    /// Counts one more request, unless `most` are counted already.
    pub(super) fn enter(&self, wait: Wait, most: usize) -> bool {
        let admitted = self.counter(wait).fetch_add(1, Ordering::Relaxed) < most;
        if !admitted {
            self.leave(wait);
        }
        admitted
    }

    /// Counts one request less.
    pub(super) fn leave(&self, wait: Wait) {
        self.counter(wait).fetch_sub(1, Ordering::Relaxed);
    }
}
