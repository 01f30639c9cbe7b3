//! Bytes that requests hold in memory, bounded while they are being held.
//!
//! There are two bounds. The [`Budget`] is shared by everything in the process; an [`Account`] is the part of one
//! operation (or one compilation, one response), with a bound of its own. Code that is about to hold bytes charges them
//! to its account *before* it allocates them. The account draws from the budget in steps of [`STEP`] bytes, so that a
//! charge is one addition and seldom writes to memory that other threads share. When an account is dropped, it returns
//! to the budget what it has drawn, however the request ended.
//!
//! A quarter of the budget is reserved for accounts that hold little: if large operations have drawn the rest, they are
//! refused more, while the many small operations still get memory. An operation that is expected to become large draws
//! nothing from that quarter from the beginning ([`Budget::large_account`]): otherwise a thousand of them would fill it
//! before any of them is large.
//!
//! Charges are estimates: a document's length, a row's cells. They need not be exact to bound the process, but
//! everything that grows with a client's input or an upstream's response must be charged.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

/// The minimum number of bytes that an account draws from the budget at once.
const STEP: usize = 64 * 1024;

/// The reserved part of the budget, as a divisor.
const RESERVED: usize = 4;

/// The bytes that all accounts together may hold.
#[derive(Debug)]
pub struct Budget {
    used: AtomicUsize,
    limit: usize,
    /// An account that holds no more than this may draw from the reserved part.
    small: usize,
}

/// Why bytes may not be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Exceeded {
    /// The account's own bound, in bytes: the request is too large, whatever else the process does.
    #[error("one operation may hold {0} bytes")]
    Account(usize),
    /// The bound of the budget, in bytes: the process is busy, and the request may succeed later.
    #[error("all operations together may hold {0} bytes")]
    Budget(usize),
}

impl Budget {
    /// A budget of `limit` bytes. An account that holds at most `small` bytes may draw from the reserved part.
    pub fn new(limit: usize, small: usize) -> Arc<Budget> {
        Arc::new(Budget {
            used: AtomicUsize::new(0),
            limit,
            small,
        })
    }

    /// A budget that refuses nothing, for tests, `explain` and specs.
    pub fn unbounded() -> Arc<Budget> {
        Budget::new(usize::MAX, usize::MAX)
    }

    /// The bytes that accounts have drawn.
    pub fn used(&self) -> usize {
        self.used.load(Relaxed)
    }

    /// The bound in bytes.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// An empty account that may hold `limit` bytes.
    pub fn account(self: &Arc<Budget>, limit: usize) -> Account {
        self.account_with(limit, self.small)
    }

    /// The same, but it draws nothing from the part that is reserved for small accounts.
    pub fn large_account(self: &Arc<Budget>, limit: usize) -> Account {
        self.account_with(limit, 0)
    }

    fn account_with(self: &Arc<Budget>, limit: usize, small: usize) -> Account {
        Account {
            budget: Arc::clone(self),
            limit,
            small,
            used: AtomicUsize::new(0),
            drawn: AtomicUsize::new(0),
        }
    }

    /// Draws `bytes`; from the reserved part too if `is_small`. False if there are not so many.
    fn draw(&self, bytes: usize, is_small: bool) -> bool {
        let limit = match is_small {
            true => self.limit,
            false => self.limit - self.limit / RESERVED,
        };
        let drawn = self.used.fetch_update(Relaxed, Relaxed, |used| {
            used.checked_add(bytes).filter(|used| *used <= limit)
        });
        drawn.is_ok()
    }
}

/// The bytes that one operation holds. The tasks of the operation may share it.
#[derive(Debug)]
pub struct Account {
    budget: Arc<Budget>,
    limit: usize,
    /// The size up to which it may draw from the reserved part.
    small: usize,
    used: AtomicUsize,
    /// The bytes that were drawn from the budget: at least `used`, once a charge has returned.
    drawn: AtomicUsize,
}

impl Account {
    /// Counts bytes that are about to be held.
    ///
    /// # Errors
    /// A bound would be exceeded; then nothing is counted.
    pub fn charge(&self, bytes: usize) -> Result<(), Exceeded> {
        let counted = self.used.fetch_update(Relaxed, Relaxed, |used| {
            used.checked_add(bytes).filter(|used| *used <= self.limit)
        });
        let used = match counted {
            Ok(before) => before + bytes,
            Err(_) => return Err(Exceeded::Account(self.limit)),
        };
        let drawn = self.drawn.load(Relaxed);
        if used <= drawn {
            return Ok(());
        }
        // Draw whole steps if they fit, and otherwise exactly what is needed. Two tasks that charge at the same time
        // may both draw: then the account has drawn a step that it does not use yet.
        let needed = used - drawn;
        let most = self.limit.saturating_sub(drawn).max(needed);
        let step = needed.next_multiple_of(STEP).min(most);
        for bytes in [step, needed] {
            let is_small = drawn.saturating_add(bytes) <= self.small;
            if self.budget.draw(bytes, is_small) {
                self.drawn.fetch_add(bytes, Relaxed);
                return Ok(());
            }
        }
        self.used.fetch_sub(bytes, Relaxed);
        Err(Exceeded::Budget(self.budget.limit))
    }

    /// Releases bytes that are no longer held. They stay drawn, for the account's next charges.
    pub fn release(&self, bytes: usize) {
        let released = self
            .used
            .fetch_update(Relaxed, Relaxed, |used| Some(used.saturating_sub(bytes)));
        debug_assert!(released.is_ok());
    }

    /// The bytes that are held.
    pub fn used(&self) -> usize {
        self.used.load(Relaxed)
    }

    /// The account's own bound in bytes.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// The bytes that the account's own bound still allows.
    pub fn left(&self) -> usize {
        self.limit.saturating_sub(self.used())
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(*self.drawn.get_mut(), Relaxed);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_a_bound_of_its_own() {
        let budget = Budget::new(usize::MAX, usize::MAX);
        let account = budget.account(100);
        account.charge(60).unwrap();
        assert_eq!(account.charge(41), Err(Exceeded::Account(100)));
        account.charge(40).unwrap();
        account.release(50);
        account.charge(50).unwrap();
        assert_eq!(account.used(), 100);
        assert_eq!(budget.used(), 100, "never more than the account may hold");
    }

    #[test]
    fn accounts_share_a_budget_and_give_it_back() {
        let budget = Budget::new(3 * STEP, usize::MAX);
        let (first, second) = (budget.account(usize::MAX), budget.account(usize::MAX));
        first.charge(STEP + 1).unwrap();
        assert_eq!(budget.used(), 2 * STEP);
        assert_eq!(
            second.charge(STEP + 1),
            Err(Exceeded::Budget(3 * STEP)),
            "a refused charge draws nothing"
        );
        assert_eq!((second.used(), budget.used()), (0, 2 * STEP));
        second.charge(STEP).unwrap();
        assert_eq!(budget.used(), budget.limit());
        first.charge(STEP - 1).unwrap();
        assert_eq!(first.charge(1), Err(Exceeded::Budget(3 * STEP)));
        drop(first);
        second.charge(2 * STEP).unwrap();
        drop(second);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn large_accounts_leave_room_for_small_ones() {
        const SMALL: usize = 64 * STEP;
        let budget = Budget::new(4 * SMALL, SMALL);
        let large = budget.account(usize::MAX);
        large.charge(3 * SMALL).unwrap();
        assert_eq!(large.charge(1), Err(Exceeded::Budget(4 * SMALL)));
        let growing = budget.large_account(usize::MAX);
        assert_eq!(growing.charge(1), Err(Exceeded::Budget(4 * SMALL)));
        let small = budget.account(usize::MAX);
        small.charge(SMALL).unwrap();
        assert_eq!(budget.used(), budget.limit());
        assert_eq!(small.charge(1), Err(Exceeded::Budget(4 * SMALL)));
    }

    #[test]
    fn a_charge_that_overflows_is_refused() {
        let account = Budget::unbounded().account(usize::MAX);
        account.charge(1).unwrap();
        assert_eq!(
            account.charge(usize::MAX),
            Err(Exceeded::Account(usize::MAX))
        );
    }

    #[test]
    fn tasks_of_one_operation_charge_at_once() {
        let budget = Budget::new(usize::MAX, usize::MAX);
        let account = budget.account(usize::MAX);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|_| account.charge(7).unwrap()));
            }
        });
        assert_eq!(account.used(), 4 * 10_000 * 7);
        assert!(budget.used() >= account.used());
        drop(account);
        assert_eq!(budget.used(), 0);
    }
}
