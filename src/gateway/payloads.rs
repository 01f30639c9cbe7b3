//! The payloads of a response, in the order in which clients get them.

use crate::cache::Payload;

/// The payloads of a response: a stream without a box, since nearly all responses have one payload.
#[derive(Debug, Clone, Default)]
pub struct Payloads {
    next: Option<Payload>,
}

impl Payloads {
    /// The length of the payload that is complete.
    pub(super) fn bytes(&self) -> usize {
        self.next.as_ref().map_or(0, |next| next.body.len())
    }

    /// The next payload, or `None` after the last one. Waits until the next one is complete.
    pub async fn next(&mut self) -> Option<Payload> {
        self.next.take()
    }
}

impl From<Payload> for Payloads {
    fn from(only: Payload) -> Payloads {
        Payloads { next: Some(only) }
    }
}
