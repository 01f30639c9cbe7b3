//! Subscriptions: for each event, one execution of the operation, and one payload.
//!
//! A subscription is the same plan as a query, seeded by an event: the fetch of its only root field has the event's document, and
//! all other fetches are made as for a query, through the caches. Events come from [feeds](crate::events), which all
//! subscriptions share that want the same.

mod hook;
mod hook_settings;
mod reload;
mod running;
mod shared;
mod source;
mod stream;

use std::sync::Arc;

pub use self::hook::{HOOKS_PATH, HookRefusal, HookRequest, Hooked};
pub(super) use self::hook_settings::{HookSettings, hooks};
use self::running::Running;
pub(super) use self::shared::Subscriptions;
use self::stream::Subscription;
use super::compile::{Compiled, CompiledOperation};
use super::refusal::Refusal;
use super::run::Gateway;
use super::{
    ClientContext, Delivery, GraphqlRequest, GraphqlResponse, Payloads, RequestOutcome,
    ResponseCachePolicy,
};
use crate::errors::{ErrorKind, code};
use crate::operation::CoercedVariables;

impl Gateway {
    /// The number of sources of events that run for subscriptions. Subscriptions that want the same share one.
    pub fn feeds(&self) -> usize {
        self.shared.subscriptions.feeds()
    }

    /// Begins a subscription. Events that happen from now on are in its response.
    pub(super) async fn subscribe(
        &self,
        compiled: &Arc<Compiled>,
        ready: &CompiledOperation,
        request: &GraphqlRequest,
        client: &ClientContext,
        coerced: CoercedVariables,
    ) -> Result<GraphqlResponse, Refusal> {
        if !client.deliveries.events {
            return Err(not_streamed());
        }
        let report = self.cost.is_reported(request, client);
        let admitted = self.cost.admit(&ready.operation, &coerced, report, None)?;
        let running = Running {
            runtime: Arc::clone(&self.runtime),
            cost: Arc::clone(&self.cost),
            compiling: Arc::clone(&self.compiling),
            compiled: Arc::clone(compiled),
            conditions: self.decide(ready, &coerced, client),
            variables: coerced.values,
            client: client.clone(),
            on_error: request.on_error,
            is_long: admitted.is_long,
        };
        let running = Arc::new(running);
        let source = self.event_source(&running, ready)?;
        let subscriptions = &self.shared.subscriptions;
        let subscription = Subscription {
            request: request.clone(),
            source,
            serving: subscriptions.serving.subscribe(),
            subscriptions: Arc::clone(subscriptions),
            running,
        };
        Ok(GraphqlResponse {
            outcome: RequestOutcome::Executed,
            cache: ResponseCachePolicy::default(),
            vary: Arc::clone(&ready.operation.headers),
            operation: Some(Arc::clone(&ready.observed)),
            has_errors: false,
            payloads: Payloads::stream(Delivery::Events, subscription.payloads()),
        })
    }
}

/// The transport of the request has one response.
fn not_streamed() -> Refusal {
    let message = "A subscription needs a transport that streams: a WebSocket (graphql-transport-ws), \
                   or a request with `Accept: text/event-stream` or `Accept: multipart/mixed;subscriptionSpec=\"1.0\"`";
    Refusal::new(code::NOT_SUPPORTED, ErrorKind::Invalid, message)
}
