//! The text of a response while it is written, within the length of a response and the memory of the operation.

use crate::budget::{Account, Exceeded};
use crate::response::bounds::Reached;

/// Why a value is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Halt {
    /// It is null in a non-null position: the null propagates to the parent.
    Null,
    /// The response has reached a bound.
    Stop,
}

/// A text that is charged before it grows.
#[derive(Debug)]
pub(super) struct Out<'w> {
    pub(super) bytes: Vec<u8>,
    account: &'w Account,
    /// The length that has been charged.
    room: usize,
    /// The maximum length.
    most: usize,
    /// The bytes that were written and then replaced with null.
    cut: usize,
    /// The bytes of errors that have been charged.
    errors: usize,
    /// The bound that has been reached, if any.
    pub(super) reached: Option<Reached>,
}

/// The account is charged in steps of at least so many bytes.
const STEP: usize = 64 * 1024;

impl<'w> Out<'w> {
    /// With room for `expected` bytes, if there is memory for them.
    pub(super) fn new(account: &'w Account, expected: usize, most: usize) -> Self {
        let expected = expected.min(most);
        let room = account.charge(expected).map_or(0, |()| expected);
        Out {
            bytes: Vec::with_capacity(room),
            account,
            room,
            most,
            cut: 0,
            errors: 0,
            reached: None,
        }
    }

    /// Makes sure that so many more bytes may be written.
    #[inline]
    pub(super) fn ensure(&mut self, more: usize) -> Result<(), Halt> {
        if self.bytes.len() + more <= self.room {
            return Ok(());
        }
        self.make_room(more)
    }

    #[inline]
    pub(super) fn put(&mut self, text: &[u8]) -> Result<(), Halt> {
        self.ensure(text.len())?;
        self.bytes.extend_from_slice(text);
        Ok(())
    }

    #[cold]
    fn make_room(&mut self, more: usize) -> Result<(), Halt> {
        let needed = self.bytes.len() + more;
        if needed > self.most {
            return Err(self.stop(Reached::ResponseBytes(self.most)));
        }
        let needed = needed - self.room;
        // Doubles, as the vector does.
        let step = self.room.max(STEP).min(self.most - self.room).max(needed);
        let charged = match self.account.charge(step) {
            Ok(()) => Ok(step),
            Err(_) => self.account.charge(needed).map(|()| needed),
        };
        match charged {
            Ok(charged) => {
                self.room += charged;
                Ok(())
            }
            Err(exceeded) => Err(self.stop(exceeded.into())),
        }
    }

    fn stop(&mut self, reached: Reached) -> Halt {
        self.reached = Some(reached);
        Halt::Stop
    }

    /// Replaces the text from `start` on with null. The bytes that are replaced in total have the same bound as the
    /// response: they took the same time.
    pub(super) fn replace_with_null(&mut self, start: usize) -> Result<(), Halt> {
        self.cut += self.bytes.len().saturating_sub(start);
        self.bytes.truncate(start);
        if self.cut > self.most {
            return Err(self.stop(Reached::ResponseBytes(self.most)));
        }
        self.put(b"null")
    }

    /// Charges something else that is held while the text is written.
    pub(super) fn charge(&self, bytes: usize) -> Result<(), Exceeded> {
        self.account.charge(bytes)
    }

    /// Charges the text of the errors, which has this length now.
    pub(super) fn charge_errors(&mut self, bytes: usize) -> Result<(), Halt> {
        if bytes <= self.errors {
            return Ok(());
        }
        let step = (bytes - self.errors).max(STEP);
        match self.account.charge(step) {
            Ok(()) => {
                self.errors += step;
                Ok(())
            }
            Err(exceeded) => Err(self.stop(exceeded.into())),
        }
    }
}
