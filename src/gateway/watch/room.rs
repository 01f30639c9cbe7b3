//! The bytes of the answers that are held for watchers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts the bytes of all answers.
#[derive(Debug, Default)]
pub(super) struct Room(AtomicUsize);

/// Bytes of an answer that is held.
pub(super) struct Held {
    room: Arc<Room>,
    bytes: usize,
}

impl Room {
    /// Room for an answer, if all of them have at most `most` bytes with it.
    pub(super) fn hold(self: &Arc<Room>, bytes: usize, most: usize) -> Option<Held> {
        let more = |held: usize| held.checked_add(bytes).filter(|held| *held <= most);
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .ok()?;
        let room = Arc::clone(self);
        Some(Held { room, bytes })
    }

    /// The bytes that are held.
    pub(super) fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.room.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
