//! The bounds of one execution: bytes, rows and time.
//!
//! Code charges bytes before it holds them, and in steps, so that the hot path only compares a counter.

use tokio::time::{Instant, timeout_at};

use super::failure::Failure;
use crate::budget::{Account, Exceeded};
use crate::cache::long;

/// The bounds of one execution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds<'a> {
    pub(crate) account: &'a Account,
    /// The maximum number of rows.
    pub(crate) rows: usize,
    /// When fetching ends.
    pub(crate) deadline: Instant,
}

/// The bound that an execution has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reached {
    /// The number of rows, which may be this.
    Rows(usize),
    /// The length of the response, which may be this.
    ResponseBytes(usize),
    /// The memory of this operation, or of all operations.
    Memory(Exceeded),
    Time,
}

impl From<Exceeded> for Reached {
    fn from(exceeded: Exceeded) -> Self {
        Reached::Memory(exceeded)
    }
}

impl Bounds<'_> {
    /// Charges `step` bytes if the account has room for them, and otherwise only `needed`. Returns what was charged.
    ///
    /// # Errors
    /// The account has no room for `needed` bytes.
    pub(crate) fn charge_ahead(&self, needed: usize, step: usize) -> Result<usize, Exceeded> {
        let step = step.max(needed);
        match self.account.charge(step) {
            Ok(()) => Ok(step),
            Err(_) => self.account.charge(needed).map(|()| needed),
        }
    }

    /// Does work on so many bytes; long work is done at the lower priority (see [`long`]).
    ///
    /// # Errors
    /// The deadline passed while it waited for a permit.
    pub(crate) async fn off_worker<T>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> T,
    ) -> Result<T, Reached> {
        if !long::is_long(bytes) {
            return Ok(work());
        }
        let done = timeout_at(self.deadline, long::off_worker(bytes, work)).await;
        done.map_err(|_| Reached::Time)
    }

    /// Checks the deadline.
    ///
    /// # Errors
    /// The deadline has passed.
    pub(crate) fn in_time(&self) -> Result<(), Reached> {
        match Instant::now() < self.deadline {
            true => Ok(()),
            false => Err(Reached::Time),
        }
    }
}

impl Reached {
    /// The error that clients get.
    pub(crate) fn failure(self) -> Failure {
        match self {
            Reached::Rows(most) => Failure::limit(format!(
                "The operation needs more objects than it may hold ({most})"
            )),
            Reached::ResponseBytes(most) => Failure::limit(format!(
                "The response is longer than allowed ({most} bytes)"
            )),
            Reached::Memory(Exceeded::Account(most)) => Failure::limit(format!(
                "The operation needs more memory than it may hold ({most} bytes)"
            )),
            Reached::Memory(Exceeded::Budget(_)) => Failure::no_memory(),
            Reached::Time => Failure::late(),
        }
    }
}
