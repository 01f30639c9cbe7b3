//! The bytes of a result, charged before they are held.

use crate::budget::{Account, Exceeded};

/// The result while it is written. Its bytes are charged to an account, which the caller keeps as long as the result.
#[derive(Debug)]
pub(super) struct Output<'a> {
    bytes: Vec<u8>,
    account: &'a Account,
}

impl<'a> Output<'a> {
    /// An empty result; `expected` bytes are held at once if they are allowed.
    pub(super) fn new(account: &'a Account, expected: usize) -> Result<Output<'a>, Exceeded> {
        let mut output = Output {
            bytes: Vec::new(),
            account,
        };
        output.reserve(expected)?;
        Ok(output)
    }

    /// # Errors
    /// The account may not hold so many bytes.
    #[inline]
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Exceeded> {
        if self.bytes.capacity() - self.bytes.len() < bytes.len() {
            self.reserve(bytes.len())?;
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// As [`write`](Self::write), from a place in what is written already.
    pub(super) fn write_at(&mut self, at: usize, bytes: &[u8]) -> Result<(), Exceeded> {
        let inside = self.bytes.get_mut(at..).unwrap_or_default();
        let (over, after) = bytes.split_at(bytes.len().min(inside.len()));
        inside[..over.len()].copy_from_slice(over);
        self.write(after)
    }

    /// How many bytes are written.
    pub(super) fn length(&self) -> usize {
        self.bytes.len()
    }

    /// The last byte, if there is one.
    pub(super) fn last(&self) -> Option<u8> {
        self.bytes.last().copied()
    }

    /// The bytes. They stay charged.
    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// Makes room for more bytes. While they move, the old place and the new one are held.
    #[cold]
    fn reserve(&mut self, more: usize) -> Result<(), Exceeded> {
        const LEAST: usize = 8 * 1024;
        let before = self.bytes.capacity();
        let needed = self.bytes.len().saturating_add(more);
        let doubled = before.saturating_mul(2).max(needed).max(LEAST);
        let capacity = match self.account.charge(doubled) {
            Ok(()) => doubled,
            Err(_) => {
                self.account.charge(needed)?;
                needed
            }
        };
        self.bytes.reserve_exact(capacity - self.bytes.len());
        self.account.release(before);
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::budget::Budget;

    #[test]
    fn bytes_are_charged_while_they_are_held() {
        let account = Budget::unbounded().account(100_000);
        let mut output = Output::new(&account, 0).unwrap();
        let mut length = 0;
        let refused = loop {
            match output.write(&[b'x'; 1000]) {
                Ok(()) => length += 1000,
                Err(refused) => break refused,
            }
            assert!(account.used() >= length);
        };
        assert_eq!(refused, Exceeded::Account(100_000));
        assert!(length >= 40_000, "{length}");
        let used = account.used();
        assert_eq!(used, output.finish().capacity());
    }
}
