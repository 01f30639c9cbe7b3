//! Feeds: one source of events for all subscribers that want the same.
//!
//! A feed is a task that publishes events. It begins with its first subscriber and ends with its last one: dropping the last
//! [`Subscriber`] ends the task, and with it the connection to the upstream.
//!
//! A feed of *states* (a poll) keeps the latest event only: a subscriber that comes later gets it at once, and one that is slow
//! misses those in between. A feed of *events* keeps the last [`KEPT`] events for subscribers that are slow. One that is slower
//! learns that it has missed some.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::task::AbortHandle;

use crate::cache::Generation;
use crate::execute::Event;

/// The events that a feed keeps for subscribers that have not read them yet.
pub(super) const KEPT: usize = 64;

/// What decides which events a feed gives: subscribers with the same key share a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FeedKey([u8; 32]);

impl FeedKey {
    /// From everything that decides which events a feed gives, in a fixed order.
    pub fn new(parts: &[&[u8]]) -> FeedKey {
        FeedKey(*Generation::new(parts).as_bytes())
    }
}

/// The feeds that run.
#[derive(Default)]
pub struct Feeds {
    running: Mutex<HashMap<FeedKey, Weak<Feed>>>,
}

/// A feed that runs.
struct Feed {
    key: FeedKey,
    feeds: Arc<Feeds>,
    source: Source,
    task: Mutex<Option<AbortHandle>>,
}

/// Where a further subscriber of a feed gets its events.
enum Source {
    States(watch::Receiver<Option<Event>>),
    Events(broadcast::WeakSender<Event>),
}

/// Where a subscriber gets its events.
enum Receiver {
    States(watch::Receiver<Option<Event>>),
    Events(broadcast::Receiver<Event>),
}

/// Publishes the events of a feed. The feed ends when it is dropped.
pub struct Publisher(Sender);

enum Sender {
    States(watch::Sender<Option<Event>>),
    Events(broadcast::Sender<Event>),
}

/// Gets the events of a feed.
pub struct Subscriber {
    receiver: Receiver,
    // Keeps the feed running, if it is a task.
    _feed: Option<Arc<Feed>>,
}

/// What a subscriber gets.
#[derive(Debug)]
pub enum Next {
    /// An event.
    Event(Event),
    /// Some events were published faster than the subscriber has read them, and are lost to it.
    Missed,
    /// The feed has ended.
    Ended,
}

impl Publisher {
    /// Gives an event to all subscribers.
    pub fn publish(&self, event: Event) {
        match &self.0 {
            Sender::States(sender) => {
                sender.send_replace(Some(event));
            }
            // Without a subscriber, no one needs it: the feed is about to end.
            Sender::Events(sender) => {
                let _ = sender.send(event);
            }
        }
    }
}

impl Feeds {
    /// A subscriber of the feed of states with this key, which is started if it does not run.
    pub fn states<F>(
        self: &Arc<Self>,
        key: FeedKey,
        start: impl FnOnce(Publisher) -> F,
    ) -> Subscriber
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let channel = || {
            let (sender, receiver) = watch::channel(None);
            let own = Receiver::States(receiver.clone());
            (Sender::States(sender), Source::States(receiver), own)
        };
        self.join(key, channel, start)
    }

    /// The same for a feed of events.
    pub fn events<F>(
        self: &Arc<Self>,
        key: FeedKey,
        start: impl FnOnce(Publisher) -> F,
    ) -> Subscriber
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let channel = || {
            let (sender, receiver) = broadcast::channel(KEPT);
            let source = Source::Events(sender.downgrade());
            (Sender::Events(sender), source, Receiver::Events(receiver))
        };
        self.join(key, channel, start)
    }

    fn join<F>(
        self: &Arc<Self>,
        key: FeedKey,
        channel: impl FnOnce() -> (Sender, Source, Receiver),
        start: impl FnOnce(Publisher) -> F,
    ) -> Subscriber
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        // Dropped after the lock: a feed takes it when it ends.
        let existing = running.get(&key).and_then(Weak::upgrade);
        if let Some(feed) = &existing
            && let Some(receiver) = feed.source.receiver()
        {
            drop(running);
            let feed = Arc::clone(feed);
            return Subscriber {
                receiver,
                _feed: Some(feed),
            };
        }
        let (sender, source, receiver) = channel();
        let feed = Arc::new(Feed {
            key,
            feeds: Arc::clone(self),
            source,
            task: Mutex::default(),
        });
        running.insert(key, Arc::downgrade(&feed));
        drop(running);
        // A task of no request: it lives longer than the one that starts it.
        let task = tokio::spawn(start(Publisher(sender)));
        *feed.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(task.abort_handle());
        Subscriber {
            receiver,
            _feed: Some(feed),
        }
    }

    /// The number of feeds that run.
    pub fn running(&self) -> usize {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.len()
    }
}

impl Source {
    /// For a further subscriber; `None` if the feed has ended.
    fn receiver(&self) -> Option<Receiver> {
        match self {
            Source::States(latest) => {
                let mut receiver = latest.clone();
                // The latest state is new to this one.
                receiver.mark_changed();
                receiver.has_changed().ok()?;
                Some(Receiver::States(receiver))
            }
            Source::Events(sender) => Some(Receiver::Events(sender.upgrade()?.subscribe())),
        }
    }
}

impl Subscriber {
    /// A subscriber of events that no task publishes.
    pub(super) fn of_events(events: broadcast::Receiver<Event>) -> Subscriber {
        Subscriber {
            receiver: Receiver::Events(events),
            _feed: None,
        }
    }

    /// The next event.
    pub async fn next(&mut self) -> Next {
        match &mut self.receiver {
            Receiver::States(latest) => loop {
                if latest.changed().await.is_err() {
                    return Next::Ended;
                }
                // Nothing has been published yet.
                if let Some(event) = latest.borrow_and_update().clone() {
                    return Next::Event(event);
                }
            },
            Receiver::Events(events) => match events.recv().await {
                Ok(event) => Next::Event(event),
                Err(RecvError::Lagged(_)) => Next::Missed,
                Err(RecvError::Closed) => Next::Ended,
            },
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        let task = self.task.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = task {
            task.abort();
        }
        let mut running = self.feeds.running.lock();
        let running = running
            .as_mut()
            .unwrap_or_else(|poisoned| poisoned.get_mut());
        // Another feed may have taken its place.
        if running
            .get(&self.key)
            .is_some_and(|feed| feed.strong_count() == 0)
        {
            running.remove(&self.key);
        }
    }
}

impl fmt::Debug for Feeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feeds")
            .field("running", &self.running())
            .finish()
    }
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subscriber")
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Publisher")
    }
}
