//! The payloads of a response, in the order in which clients get them.

use std::fmt;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use crate::cache::Payload;
pub use crate::execute::IncrementalFormat;

/// What the payloads of a response are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Delivery {
    /// One payload: the whole response.
    #[default]
    Whole,
    /// Parts of one response (`@defer`, `@stream`): the first payload, and then what was still pending.
    Incremental(IncrementalFormat),
    /// Each payload is the response to one event of a subscription. None may be left out: a client that does not read them is
    /// disconnected.
    Events,
    /// Each payload is the whole response as it is now (`@live`), or its difference from the one before. A client that does
    /// not read gets the latest one.
    Live,
}

/// Which deliveries the transport of a request can make, apart from a whole response. Without any, a response has one payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AcceptedDeliveries {
    /// The format of incremental responses, if the client reads one.
    pub incremental: Option<IncrementalFormat>,
    /// Subscriptions.
    pub events: bool,
    /// Live queries.
    pub live: bool,
}

/// The payloads of a response. The first one is not boxed, since nearly all responses have only one.
#[derive(Default)]
pub struct Payloads {
    next: Option<Payload>,
    rest: Option<BoxStream<'static, Payload>>,
    delivery: Delivery,
}

impl Payloads {
    /// Payloads that come one after the other. The execution ends when they are dropped.
    pub fn stream(delivery: Delivery, payloads: BoxStream<'static, Payload>) -> Payloads {
        Payloads {
            next: None,
            rest: Some(payloads),
            delivery,
        }
    }

    /// What the payloads are to each other.
    pub fn delivery(&self) -> Delivery {
        self.delivery
    }

    /// The length of the payload that is complete.
    pub(super) fn bytes(&self) -> usize {
        self.next.as_ref().map_or(0, |next| next.body.len())
    }

    /// The next payload, or `None` after the last one. Waits until the next one is complete.
    pub async fn next(&mut self) -> Option<Payload> {
        if let Some(next) = self.next.take() {
            return Some(next);
        }
        let rest = self.rest.as_mut()?;
        let next = rest.next().await;
        if next.as_ref().is_none_or(|next| next.is_last) {
            self.rest = None;
        }
        next
    }

    /// The only payload, if it is there.
    pub fn take_only(&mut self) -> Option<Payload> {
        self.next.take_if(|next| next.is_last)
    }

    /// All payloads, as a stream.
    pub fn into_stream(self) -> BoxStream<'static, Payload> {
        let next = futures_util::stream::iter(self.next);
        match self.rest {
            Some(rest) => next.chain(rest).boxed(),
            None => next.boxed(),
        }
    }
}

impl From<Payload> for Payloads {
    fn from(only: Payload) -> Payloads {
        Payloads {
            next: Some(only),
            rest: None,
            delivery: Delivery::Whole,
        }
    }
}

impl fmt::Debug for Payloads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payloads")
            .field("delivery", &self.delivery)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}
