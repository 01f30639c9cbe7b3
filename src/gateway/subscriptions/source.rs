//! Where the events of a subscription come from.

use std::sync::Arc;
use std::time::Duration;

use super::running::Running;
use crate::cache::Endpoint;
use crate::connector::{Invalidates, Poll, Webhook};
use crate::errors::{ErrorKind, code};
use crate::events::{
    FeedKey, PollTimes, Publisher, ServiceSubscription, Subscriber, poll, service,
};
use crate::execute::{Event, EventCall, Execution, Polled};
use crate::gateway::compile::CompiledOperation;
use crate::gateway::refusal::Refusal;
use crate::gateway::run::Gateway;
use crate::mapping::Selection;

/// The least interval of polls, whatever settings say.
const LEAST: Duration = Duration::from_millis(1);

/// The source of a subscription's events.
pub(super) struct EventSource {
    pub(super) subscriber: Subscriber,
    filter: Option<Filter>,
}

/// Which events of a webhook a subscriber gets.
struct Filter {
    mapping: Arc<Selection>,
    call: EventCall,
    /// The bytes that evaluation may hold.
    most: usize,
}

impl EventSource {
    /// Whether the subscriber gets an event.
    pub(super) fn admits(&self, event: &Event) -> bool {
        match (&self.filter, event) {
            (Some(filter), Event::Document(fetched)) => {
                let document = &fetched.document;
                filter.call.admits(&filter.mapping, document, filter.most)
            }
            _ => true,
        }
    }
}

impl Gateway {
    /// Where the events of a subscription come from; `None` if its request cannot be rendered.
    ///
    /// # Errors
    /// The settings of the connector have no source.
    pub(super) fn event_source(
        &self,
        running: &Arc<Running>,
        ready: &CompiledOperation,
    ) -> Result<Option<EventSource>, Refusal> {
        let (runtime, plan) = (&self.runtime, &ready.operation.plan);
        let Some(call) = Execution::event_call(runtime, plan, &running.context(None)) else {
            return Ok(None);
        };
        let Some(endpoint) = runtime.event_endpoint(plan) else {
            return Ok(None);
        };
        let connect = runtime.event_connect(plan);
        if let Some(webhook) = connect.and_then(|connect| connect.options.get::<Webhook>()) {
            return self.of_webhook(webhook, endpoint, call).map(Some);
        }
        let Some(key) = self.feed_key(running, endpoint, &call) else {
            return Ok(None);
        };
        let poll = connect.and_then(|connect| connect.options.get::<Poll>());
        let subscriber = match poll {
            Some(poll) => Some(self.of_poll(poll, key, running, call)),
            None => self.of_service(key, running, endpoint, call),
        };
        Ok(subscriber.map(|subscriber| EventSource {
            subscriber,
            filter: None,
        }))
    }

    /// What decides which events a subscription has.
    fn feed_key(
        &self,
        running: &Running,
        endpoint: &Endpoint,
        call: &EventCall,
    ) -> Option<FeedKey> {
        let coordinate = endpoint.coordinate();
        let connector = connector_of(coordinate);
        let version = self.compiling.fingerprints.of(connector)?;
        let identity = call.identity(&self.runtime, running.plan()?);
        let mut parts: Vec<&[u8]> = vec![version.as_bytes(), coordinate.as_bytes()];
        parts.extend(identity.iter().map(Vec::as_slice));
        Some(FeedKey::new(&parts))
    }

    fn of_webhook(
        &self,
        webhook: &Webhook,
        endpoint: &Endpoint,
        call: EventCall,
    ) -> Result<EventSource, Refusal> {
        let coordinate = endpoint.coordinate();
        let connector = connector_of(coordinate);
        if !self.hooks.contains_key(connector) {
            let message =
                format!("No events arrive: the settings of {connector} have no webhook_secret");
            let (code, kind) = (code::SUBSCRIPTION_WITHOUT_SOURCE, ErrorKind::Internal);
            return Err(Refusal::new(code, kind, &message));
        }
        let most = self.runtime.limits.operation_bytes;
        let filter = webhook.filter.as_ref().map(|mapping| Filter {
            mapping: Arc::clone(mapping),
            call,
            most,
        });
        Ok(EventSource {
            subscriber: self.shared.subscriptions.hooks.subscribe(coordinate),
            filter,
        })
    }

    /// The subscription of a GraphQL service.
    fn of_service(
        &self,
        key: FeedKey,
        running: &Running,
        endpoint: &Arc<Endpoint>,
        call: EventCall,
    ) -> Option<Subscriber> {
        let options = self.runtime.event_options(running.plan()?)?;
        let subscription = ServiceSubscription {
            endpoint: Arc::clone(endpoint),
            request: call.request?,
            options: options.clone(),
            documents: Arc::clone(&self.runtime.documents),
        };
        let feeds = &self.shared.subscriptions.feeds;
        Some(feeds.events(key, |publisher| service(publisher, subscription)))
    }

    fn of_poll(
        &self,
        declared: &Poll,
        key: FeedKey,
        running: &Arc<Running>,
        call: EventCall,
    ) -> Subscriber {
        let interval = running
            .plan()
            .and_then(|plan| self.runtime.event_interval(plan));
        let every = interval.unwrap_or(declared.every).max(LEAST);
        let (running, call) = (Arc::clone(running), Arc::new(call));
        let feeds = &self.shared.subscriptions.feeds;
        feeds.states(key, |publisher: Publisher| {
            let (asking, asked) = (Arc::clone(&running), Arc::clone(&call));
            let ask = move || {
                let (running, call) = (Arc::clone(&asking), Arc::clone(&asked));
                async move { running.poll(&call).await }
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
        })
    }
}

/// The connector of a coordinate.
fn connector_of(coordinate: &str) -> &str {
    coordinate.split(':').next().unwrap_or_default()
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
