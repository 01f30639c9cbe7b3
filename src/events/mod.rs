//! What feeds subscriptions.
//!
//! A subscription is a plan whose first fetch is seeded by events ([`Event`](crate::execute::Event)). Here is where events come
//! from: a *feed* ([`feed`]) is one source of events for all subscribers that want the same. It runs as long as it has one.
//!
//! - [`poll`]: asks an upstream at intervals, and gives what has changed.

mod feed;
mod poll;

pub use feed::{FeedKey, Feeds, Next, Publisher, Subscriber};
pub use poll::{PollTimes, poll};
