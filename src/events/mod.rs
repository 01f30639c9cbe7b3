//! What feeds subscriptions.
//!
//! A subscription is a plan whose first fetch is seeded by events ([`Event`](crate::execute::Event)). Here is where events come
//! from: a *feed* ([`feed`]) is one source of events for all subscribers that want the same. It runs as long as it has one.
//!
//! - [`mod@poll`]: asks an upstream at intervals, and gives what has changed.
//! - [`hooks`]: what upstreams send to `/hooks/<connector>`; [`signature`] verifies it, and [`seen`] knows copies.
//! - [`mod@service`]: subscriptions of GraphQL services.

mod feed;
mod hooks;
mod poll;
mod seen;
mod service;
mod signature;

pub use feed::{FeedKey, Feeds, Next, Publisher, Subscriber};
pub use hooks::Hooks;
pub use poll::{PollTimes, poll};
pub use seen::Novelty;
pub use service::{ServiceSubscription, service};
pub use signature::{Unverified, Verification, Verified};
