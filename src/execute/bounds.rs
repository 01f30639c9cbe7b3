//! What bounds one execution while it is under way: the bytes that it holds, its rows, and its time.
//!
//! Code that is about to hold more asks here first, in steps, so that the hot path compares a counter and nothing else.

use tokio::time::Instant;
use tokio::time::timeout_at;

use super::failure::Failure;
use crate::budget::Account;
use crate::budget::Exceeded;
use crate::cache::long;

/// The bounds of one execution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds<'a> {
    pub(crate) account: &'a Account,
    /// The most rows that there may be.
    pub(crate) rows: usize,
    /// When the operation gives up.
    pub(crate) deadline: Instant,
}

/// Which bound has been reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reached {
    /// There may be so many rows.
    Rows(usize),
    /// The answer may have so many bytes.
    ResponseBytes(usize),
    /// Memory, of this operation or of all.
    Memory(Exceeded),
    Time,
}

impl From<Exceeded> for Reached {
    fn from(exceeded: Exceeded) -> Self {
        Reached::Memory(exceeded)
    }
}

impl Bounds<'_> {
    /// Charges bytes of which `needed` are held soon, and a step ahead where there is so much.
    ///
    /// # Errors
    /// Not even the bytes that are needed may be held.
    pub(crate) fn charge_ahead(&self, needed: usize, step: usize) -> Result<usize, Exceeded> {
        let step = step.max(needed);
        match self.account.charge(step) {
            Ok(()) => Ok(step),
            Err(_) => self.account.charge(needed).map(|()| needed),
        }
    }

    /// Does work on so many bytes, beside the threads that serve where they are many.
    ///
    /// # Errors
    /// It has waited for its turn until the operation's time was over.
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

    /// # Errors
    /// The operation's time is over.
    pub(crate) fn in_time(&self) -> Result<(), Reached> {
        match Instant::now() < self.deadline {
            true => Ok(()),
            false => Err(Reached::Time),
        }
    }
}

impl Reached {
    /// As clients read it.
    pub(crate) fn failure(self) -> Failure {
        match self {
            Reached::Rows(most) => Failure::limit(format!(
                "The operation needs more objects than it may hold ({most})"
            )),
            Reached::ResponseBytes(most) => {
                Failure::limit(format!("The answer is longer than allowed ({most} bytes)"))
            }
            Reached::Memory(Exceeded::Account(most)) => Failure::limit(format!(
                "The operation needs more memory than it may hold ({most} bytes)"
            )),
            Reached::Memory(Exceeded::Budget(_)) => Failure::no_memory(),
            Reached::Time => Failure::late(),
        }
    }
}
