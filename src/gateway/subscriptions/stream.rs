//! The payloads of a subscription.

use std::sync::{Arc, Weak};

use futures_util::StreamExt;
use futures_util::stream::{BoxStream, unfold};
use tokio::sync::watch;

use super::running::Running;
use super::shared::{Subscriptions, Successor};
use super::source::EventSource;
use crate::cache::Payload;
use crate::errors::{ErrorKind, code};
use crate::events::Next;
use crate::execute::Event;
use crate::gateway::GraphqlRequest;
use crate::gateway::refusal::Refusal;
use crate::source::{SourceError, SourceErrorKind};

/// A subscription of one client.
pub(super) struct Subscription {
    pub(super) request: GraphqlRequest,
    /// `None` if there is no source: an execution then says why.
    pub(super) source: Option<EventSource>,
    pub(super) serving: watch::Receiver<Weak<dyn Successor>>,
    pub(super) subscriptions: Arc<Subscriptions>,
    pub(super) running: Arc<Running>,
}

/// What a subscription waits for.
enum Occurrence {
    /// Something happened at the source.
    Source(Next),
    /// Another generation serves.
    Reload,
}

impl Subscription {
    /// Its payloads: one for each event. The last one says so, unless the source ends.
    pub(super) fn payloads(self) -> BoxStream<'static, Payload> {
        let begin = Some(Box::new(self));
        let payloads = unfold(begin, |subscription| async move {
            let mut subscription = subscription?;
            let payload = subscription.next().await?;
            let left = (!payload.is_last).then_some(subscription);
            Some((payload, left))
        });
        payloads.boxed()
    }

    /// The next payload; `None` if the source has ended.
    async fn next(&mut self) -> Option<Payload> {
        loop {
            match self.occurrence().await {
                Occurrence::Source(Next::Event(event)) => {
                    if self
                        .source
                        .as_ref()
                        .is_some_and(|source| !source.admits(&event))
                    {
                        continue;
                    }
                    let permit = self.subscriptions.executions.acquire().await;
                    let mut payload = self.running.execute(event).await;
                    drop(permit);
                    payload.is_last = self.source.is_none();
                    return Some(payload);
                }
                Occurrence::Source(Next::Missed) => return Some(too_slow()),
                Occurrence::Source(Next::Ended) => return None,
                Occurrence::Reload => {
                    let serving = self.serving.borrow_and_update().upgrade();
                    // Without a generation, the gateway is stopping.
                    let gateway = serving?;
                    match gateway.goes_on(&self.request, &self.running).await {
                        Some(running) => self.running = Arc::new(running),
                        None => return Some(graph_has_changed()),
                    }
                }
            }
        }
    }

    async fn occurrence(&mut self) -> Occurrence {
        let Some(source) = &mut self.source else {
            return Occurrence::Source(Next::Event(self.unrendered()));
        };
        tokio::select! {
            biased;
            Ok(()) = self.serving.changed() => Occurrence::Reload,
            next = source.subscriber.next() => Occurrence::Source(next),
        }
    }

    /// The event of a subscription without a source.
    fn unrendered(&mut self) -> Event {
        let detail = "the source of the events has no request";
        Event::Failed(SourceError::new(SourceErrorKind::Internal, detail))
    }
}

/// The last payload of a client that reads too slowly.
fn too_slow() -> Payload {
    let message = "Events were lost, because they came faster than they were read: subscribe again";
    let refusal = Refusal::new(code::SUBSCRIPTION_EVENTS_LOST, ErrorKind::Busy, message);
    Payload::only(refusal.body())
}

/// The last payload of a subscription that another generation would execute in another way.
fn graph_has_changed() -> Payload {
    let message = "The graph has changed: subscribe again";
    let refusal = Refusal::new(code::SUBSCRIPTION_SCHEMA_RELOAD, ErrorKind::Busy, message);
    Payload::only(refusal.body())
}
