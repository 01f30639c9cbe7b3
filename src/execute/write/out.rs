//! The text of a response while it grows, within what one answer may have and what the operation may hold.

use super::Halt;
use crate::budget::Account;
use crate::execute::bounds::Reached;

/// A text that is charged before it grows.
#[derive(Debug)]
pub(super) struct Out<'w> {
    pub(super) bytes: Vec<u8>,
    account: &'w Account,
    /// How long it may become without asking: so much is charged.
    room: usize,
    /// How long it may become at the most.
    most: usize,
    /// How much has been written in vain: null took its place.
    cut: usize,
    /// Bytes of errors that are charged.
    errors: usize,
    /// Why nothing more is written.
    pub(super) reached: Option<Reached>,
}

/// An account is charged in steps of so many bytes at least.
const STEP: usize = 64 * 1024;

impl<'w> Out<'w> {
    /// With room for so many bytes, where there is memory for them.
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

    /// Makes sure that so many bytes more may be written.
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
        // Ahead by as much as there is, which is how the text grows.
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

    /// Writes null in the place of what has been written since then. What is written in vain is bounded as what stands.
    pub(super) fn replace_with_null(&mut self, start: usize) -> Result<(), Halt> {
        self.cut += self.bytes.len().saturating_sub(start);
        self.bytes.truncate(start);
        if self.cut > self.most {
            return Err(self.stop(Reached::ResponseBytes(self.most)));
        }
        self.put(b"null")
    }

    /// Charges the text of the errors, of which there are so many bytes by now.
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
