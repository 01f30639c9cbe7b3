//! Webhooks: what upstreams send, for all subscriptions of the field that it is an event of.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::broadcast;

use super::feed::{KEPT, Subscriber};
use super::seen::{Novelty, Seen};
use crate::execute::Event;

/// The webhooks of all connectors. They outlive a change of configuration.
#[derive(Default)]
pub struct Hooks {
    /// By the coordinate of the connect.
    subscribed: Mutex<HashMap<Arc<str>, broadcast::Sender<Event>>>,
    /// By connector.
    seen: Mutex<HashMap<String, Seen>>,
}

impl Hooks {
    /// A subscriber of the events of a connect.
    pub fn subscribe(&self, coordinate: &Arc<str>) -> Subscriber {
        let mut subscribed = self.subscribed();
        let sender = subscribed.entry(Arc::clone(coordinate));
        let sender = sender.or_insert_with(|| broadcast::Sender::new(KEPT));
        Subscriber::of_events(sender.subscribe())
    }

    /// Gives an event to the subscribers of a connect.
    pub fn publish(&self, coordinate: &str, event: Event) {
        let mut subscribed = self.subscribed();
        // Without a subscriber, sending fails.
        if let Some(sender) = subscribed.get(coordinate)
            && sender.send(event).is_err()
        {
            subscribed.remove(coordinate);
        }
    }

    /// Remembers a request of a connector's upstream, of at most `most`.
    pub fn note(
        &self,
        connector: &str,
        hash: [u8; 32],
        within: Option<Duration>,
        most: usize,
    ) -> Novelty {
        let mut seen = self.seen();
        let seen = seen.entry(connector.to_owned()).or_default();
        seen.note(hash, within, most, Instant::now())
    }

    /// Forgets a request that could not be processed.
    pub fn forget(&self, connector: &str, hash: &[u8; 32]) {
        if let Some(seen) = self.seen().get_mut(connector) {
            seen.forget(hash);
        }
    }

    fn subscribed(&self) -> MutexGuard<'_, HashMap<Arc<str>, broadcast::Sender<Event>>> {
        self.subscribed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<String, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.subscribed().keys()).finish()
    }
}
