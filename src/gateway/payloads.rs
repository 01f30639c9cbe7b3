//! The payloads of a response, in the order in which clients get them.

use crate::cache::Payload;

/// The payloads of a response: a stream without a box, since nearly all responses have one payload.
#[derive(Debug, Clone)]
pub struct Payloads {
    next: Option<Payload>,
}

impl Payloads {
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
