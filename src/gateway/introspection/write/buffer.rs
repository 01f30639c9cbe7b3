//! The buffer of introspection values: it charges memory before it grows, and stops at the limits.

use std::time::Instant;

use super::{IntrospectionWriter, Stopped, WriteResult};
use crate::document::write_json_string;

/// The limits are checked after this many bytes.
const STEP: usize = 256 * 1024;

impl IntrospectionWriter<'_> {
    /// Makes room for `more` bytes, and checks the limits when needed.
    fn room(&mut self, more: usize) -> WriteResult {
        let needed = self.out.len() + more;
        if needed <= self.checked {
            return Ok(());
        }
        let limits = self.limits;
        if needed > limits.bytes {
            return Err(Stopped::TooLong(limits.bytes));
        }
        if !(limits.is_awaited)() {
            return Err(Stopped::Abandoned);
        }
        if Instant::now() >= limits.deadline {
            return Err(Stopped::Late);
        }
        let held = self.out.capacity();
        if needed > held {
            let grown = needed.max(held * 2).max(1024).min(limits.bytes);
            // While the buffer is copied, both allocations exist.
            self.account.charge(grown)?;
            self.out.reserve_exact(grown - self.out.len());
            self.account.release(held);
        }
        self.checked = self.out.capacity().min(needed + STEP);
        Ok(())
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) -> WriteResult {
        self.room(bytes.len())?;
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    pub(super) fn null(&mut self) -> WriteResult {
        self.raw(b"null")
    }

    pub(super) fn boolean(&mut self, value: bool) -> WriteResult {
        self.raw(if value { b"true" } else { b"false" })
    }

    /// Writes a GraphQL name: it has no characters to escape.
    pub(super) fn name(&mut self, name: &str) -> WriteResult {
        self.room(name.len() + 2)?;
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b'"');
        Ok(())
    }

    pub(super) fn text(&mut self, text: Option<&str>) -> WriteResult {
        let Some(text) = text else {
            return self.null();
        };
        // One byte becomes at most six: `\u0000`.
        self.room(text.len() * 6 + 2)?;
        write_json_string(text, &mut self.out);
        Ok(())
    }
}
