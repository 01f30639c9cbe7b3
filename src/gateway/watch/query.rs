//! A query that is executed again and again for its watchers.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Notify;

use super::super::compile::Compiled;
use super::super::{ClientContext, GraphqlRequest, GraphqlResponse};
use super::generation::QueryGeneration;
use super::terms::LiveTerms;
use crate::cache::{EpochsAt, ResponseKey};

/// The generation that serves; none if a gateway is used without [`LiveGateway`](crate::gateway::LiveGateway).
pub(super) type Serving = Option<Weak<dyn QueryGeneration>>;

/// A query that is executed again and again for its watchers, by one generation.
pub(super) struct WatchedQuery {
    pub(super) generation: Arc<dyn QueryGeneration>,
    pub(super) terms: Arc<LiveTerms>,
    /// The operation, which is ready.
    pub(super) compiled: Arc<Compiled>,
    /// The request of its first watcher. Those of the others are the same in all that its answer depends on.
    pub(super) request: Arc<GraphqlRequest>,
    /// The first watcher, to which a whole response is sent.
    pub(super) client: ClientContext,
    /// The key of its response in the cache; `None` if it is not cached.
    pub(super) response: Option<ResponseKey>,
    /// The least time between two executions.
    pub(super) throttle: Duration,
    /// Further watchers may join.
    pub(super) is_shared: bool,
    /// A watcher gets patches.
    pub(super) has_patches: AtomicBool,
    /// A client wants to watch, to which no answer so far may be given: the next execution does not wait for the throttle.
    pub(super) asked: Notify,
}

impl WatchedQuery {
    /// Whether its generation is the one that serves.
    pub(super) fn is_of(&self, serving: &Serving) -> bool {
        let own = Arc::downgrade(&self.generation);
        serving.as_ref().is_some_and(|serving| serving.ptr_eq(&own))
    }

    /// The epochs of all that its plan may read, as they are now.
    pub(super) fn epochs(&self) -> EpochsAt {
        match &*self.compiled {
            Compiled::Ready(ready) => self.generation.epochs(ready),
            Compiled::Refused(_) => EpochsAt::default(),
        }
    }

    /// Executes it as a request is executed, when there is a permit.
    pub(super) async fn execute(&self) -> GraphqlResponse {
        // There is one in the end, since the semaphore is never closed.
        let _permit = self.terms.executing.acquire().await;
        self.terms.executions.increment(1);
        let (compiled, request) = (&self.compiled, &self.request);
        let execution = self.generation.execute(compiled, request, &self.client);
        execution.await
    }

    /// How long its response stays fresh in the cache; `None` if it is not in it.
    pub(super) fn fresh_for(&self) -> Option<Duration> {
        self.generation.fresh_for(self.response.as_ref()?)
    }
}
