//! What generations share of subscriptions.

use std::fmt;
use std::sync::{Arc, Weak};

use futures_util::future::BoxFuture;
use tokio::sync::{Semaphore, watch};

use super::running::Running;
use crate::events::{Feeds, Hooks};
use crate::gateway::GraphqlRequest;

/// A generation, as far as a running subscription needs it.
pub(in crate::gateway) trait Successor: Send + Sync {
    /// The subscription as this generation executes it, if nothing that it depends on has changed.
    fn goes_on<'a>(
        &'a self,
        request: &'a GraphqlRequest,
        before: &'a Running,
    ) -> BoxFuture<'a, Option<Running>>;
}

/// None has replaced the first one.
struct NoGeneration;

impl Successor for NoGeneration {
    fn goes_on<'a>(
        &'a self,
        _: &'a GraphqlRequest,
        _: &'a Running,
    ) -> BoxFuture<'a, Option<Running>> {
        Box::pin(async { None })
    }
}

/// Executions for events that may run at the same time. An event may have thousands of subscribers: further ones wait.
const EXECUTIONS: usize = 64;

/// What generations share of subscriptions.
pub(in crate::gateway) struct Subscriptions {
    pub(super) feeds: Arc<Feeds>,
    pub(super) hooks: Hooks,
    /// The generation that serves now.
    pub(super) serving: watch::Sender<Weak<dyn Successor>>,
    pub(super) executions: Semaphore,
}

impl Default for Subscriptions {
    fn default() -> Self {
        Subscriptions {
            feeds: Arc::default(),
            hooks: Hooks::default(),
            serving: watch::Sender::new(Weak::<NoGeneration>::new()),
            executions: Semaphore::new(EXECUTIONS),
        }
    }
}

impl Subscriptions {
    /// Another generation serves from now on.
    pub(in crate::gateway) fn serves(&self, gateway: Weak<dyn Successor>) {
        self.serving.send_replace(gateway);
    }

    /// The number of feeds that run.
    pub(in crate::gateway) fn feeds(&self) -> usize {
        self.feeds.running()
    }
}

impl fmt::Debug for Subscriptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Subscriptions").field(&self.feeds).finish()
    }
}
