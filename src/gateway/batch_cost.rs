//! The cost that the operations of one batch share.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// The cost of the operations of one batch so far: together they may cost as much as one operation.
#[derive(Debug, Default)]
pub struct BatchCost(AtomicU64);

impl BatchCost {
    /// The cost of the operations that were admitted.
    pub(super) fn spent(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// Adds an operation that was admitted.
    pub(super) fn spend(&self, cost: u64) {
        self.0.fetch_add(cost, Relaxed);
    }
}
