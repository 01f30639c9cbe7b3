//! Subscriptions: for each event, one execution of the operation, and one payload.
//!
//! A subscription is the same plan as a query, seeded by an event: the fetch of its only root field has the event's document, and
//! all other fetches are made as for a query, through the caches. Events come from [feeds](crate::events), which all
//! subscriptions share that want the same.

mod reload;
mod running;
mod shared;
mod stream;

use std::sync::Arc;
use std::time::Duration;

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
use crate::connector::{Invalidates, Poll};
use crate::errors::{ErrorKind, code};
use crate::events::{FeedKey, PollTimes, Subscriber, poll};
use crate::execute::{Event, EventCall, Execution, Polled};
use crate::operation::CoercedVariables;

/// The least interval of polls, whatever settings say.
const LEAST: Duration = Duration::from_millis(1);

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
        let source = self.event_source(&running, ready);
        let subscriptions = &self.shared.subscriptions;
        let subscription = Subscription {
            request: request.clone(),
            events: source,
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

    /// Where the events of a subscription come from; `None` if its request cannot be rendered.
    fn event_source(
        &self,
        running: &Arc<Running>,
        ready: &CompiledOperation,
    ) -> Option<Subscriber> {
        let (runtime, plan) = (&self.runtime, &ready.operation.plan);
        let call = Execution::event_call(runtime, plan, &running.context(None))?;
        let endpoint = runtime.event_endpoint(plan)?;
        let connector = endpoint.coordinate().split(':').next().unwrap_or_default();
        let version = self.compiling.fingerprints.of(connector)?;
        let identity = call.identity(runtime, plan);
        let mut parts: Vec<&[u8]> = vec![version.as_bytes(), endpoint.coordinate().as_bytes()];
        parts.extend(identity.iter().map(Vec::as_slice));
        let key = FeedKey::new(&parts);
        let feeds = &self.shared.subscriptions.feeds;
        let connect = runtime.event_connect(plan)?;
        let every = connect.options.get::<Poll>()?.every;
        let every = runtime.event_interval(plan).unwrap_or(every).max(LEAST);
        let running = Arc::clone(running);
        Some(feeds.states(key, |publisher| {
            let call = Arc::new(call);
            let ask = {
                let running = Arc::clone(&running);
                let call = Arc::clone(&call);
                move || {
                    let (running, call) = (Arc::clone(&running), Arc::clone(&call));
                    async move { running.poll(&call).await }
                }
            };
            let changed = move |polled: &Polled| {
                let running = Arc::clone(&running);
                let ends = running.is_invalidating(&call, &polled.event);
                async move {
                    if ends {
                        running.invalidate().await;
                    }
                }
            };
            poll(publisher, PollTimes { every }, ask, changed)
        }))
    }
}

impl Running {
    /// Makes the call of a poll.
    async fn poll(&self, call: &EventCall) -> Polled {
        match self.plan() {
            Some(plan) => call.poll(&self.runtime, plan, &self.context(None)).await,
            None => Polled::none(),
        }
    }

    /// Whether a new value of a poll ends cached documents, by the `@invalidates` of its field.
    fn is_invalidating(&self, call: &EventCall, event: &Event) -> bool {
        let connect = self
            .plan()
            .and_then(|plan| self.runtime.event_connect(plan));
        let Some(invalidates) = connect.and_then(|it| it.options.get::<Invalidates>()) else {
            return false;
        };
        let (Some(unless), Event::Document(fetched)) = (&invalidates.unless, event) else {
            return true;
        };
        let most = self.runtime.limits.operation_bytes;
        !call.admits(unless, &fetched.document, most)
    }

    /// Ends the cached documents that an event changes.
    async fn invalidate(&self) {
        let plan = self.plan();
        if let Some(endpoint) = plan.and_then(|plan| self.runtime.event_endpoint(plan)) {
            endpoint.invalidate().await;
        }
    }
}

/// The transport of the request has one response.
fn not_streamed() -> Refusal {
    let message = "A subscription needs a transport that streams: a WebSocket (graphql-transport-ws), \
                   or a request with `Accept: text/event-stream` or `Accept: multipart/mixed;subscriptionSpec=\"1.0\"`";
    Refusal::new(code::NOT_SUPPORTED, ErrorKind::Invalid, message)
}
