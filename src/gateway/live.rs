//! The gateway that serves now, and its replacement by a successor.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use http::HeaderMap;

use super::compile::Compiled;
use super::kept::Known;
use super::run::Gateway;
use super::{ClientContext, GraphqlRequest, GraphqlResponse};
use crate::cache::plans::PlanOrigin;

/// The number of operations that are compiled before a successor serves.
const WARMED: usize = 256;

/// The time for that. What is not compiled by then is compiled when it is requested.
const WARMING: Duration = Duration::from_secs(5);

/// The gateway that serves now. A request ends on the generation with which it began; a live query goes on over the next one.
pub struct LiveGateway {
    current: ArcSwap<Gateway>,
}

impl LiveGateway {
    /// Serves this generation.
    pub fn new(gateway: Gateway) -> LiveGateway {
        let gateway = Arc::new(gateway);
        gateway.serve();
        LiveGateway {
            current: ArcSwap::new(gateway),
        }
    }

    /// The generation that serves now.
    pub fn current(&self) -> Arc<Gateway> {
        self.current.load_full()
    }

    /// Compiles the most used operations for a successor; then it serves.
    pub async fn replace(&self, successor: Gateway) {
        successor.warm(&self.current()).await;
        let successor = Arc::new(successor);
        self.current.store(Arc::clone(&successor));
        successor.serve();
    }

    /// Executes one request, by the generation that serves now.
    pub async fn execute(
        &self,
        request: GraphqlRequest,
        client: &ClientContext,
    ) -> GraphqlResponse {
        self.current().execute(request, client).await
    }

    /// The response to a request that is known by its bytes ([`Gateway::known`]), of the generation that serves now.
    pub fn known(&self, sent: &[u8], headers: &HeaderMap) -> Option<Known> {
        self.current.load().known(sent, headers)
    }

    /// Executes the requests of a batch, all by the generation that serves now.
    pub async fn execute_batch(
        &self,
        requests: Vec<GraphqlRequest>,
        client: &ClientContext,
    ) -> Vec<GraphqlResponse> {
        self.current().execute_batch(requests, client).await
    }
}

impl std::fmt::Debug for LiveGateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("LiveGateway").field(&self.current()).finish()
    }
}

impl Gateway {
    /// From now on this generation executes what clients watch and have subscribed to.
    fn serve(self: &Arc<Gateway>) {
        let generation: Weak<Gateway> = Arc::downgrade(self);
        let watched = Weak::clone(&generation);
        self.shared.watches.serve(watched);
        self.shared.subscriptions.serves(generation);
    }

    /// Compiles the operations that another generation has executed most often, the most frequent first.
    async fn warm(&self, other: &Gateway) {
        let mut used: Vec<(u32, PlanOrigin)> = Vec::new();
        for (origin, compiled) in other.plans.iter() {
            let Compiled::Ready(ready) = &*compiled else {
                continue;
            };
            used.push((ready.uses.load(Ordering::Relaxed), origin));
        }
        used.sort_by_key(|(uses, _)| std::cmp::Reverse(*uses));
        let begun = Instant::now();
        for (uses, origin) in used.into_iter().take(WARMED) {
            if begun.elapsed() > WARMING {
                return;
            }
            // A refusal, such as a field that is gone, is for the client that sends the operation.
            if let Ok(compiled) = self.compiled_again(origin).await
                && let Compiled::Ready(ready) = &*compiled
            {
                // An operation that is no longer sent is forgotten after some generations.
                ready.uses.store(uses / 2, Ordering::Relaxed);
            }
        }
    }
}
