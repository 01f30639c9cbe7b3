//! A client that watches a query: the stream of its payloads.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::unfold;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::super::compile::Compiled;
use super::super::payloads::{AcceptedDeliveries, Delivery, Payloads};
use super::super::refusal::Refusal;
use super::super::{
    ClientContext, Draw, GraphqlRequest, GraphqlResponse, Payload, RequestOutcome,
    ResponseCachePolicy,
};
use super::answer::{Answer, Fingerprint};
use super::arguments::LiveArguments;
use super::join::{Joined, join};
use super::registry::{Counted, Watch, Watches};
use super::state::{Checked, Ending, State};

/// A client that watches a query.
struct Watcher {
    watches: Watches,
    client: ClientContext,
    joined: Joined,
    state: watch::Receiver<Option<State>>,
    /// It has a query of its own.
    apart: bool,
    /// What it got last.
    sent: Option<Sent>,
    /// The next payload is not sent before.
    not_before: Option<Instant>,
    /// The last payload was sent.
    is_over: bool,
    _counted: Counted,
}

/// The last payload of a client.
struct Sent {
    fingerprint: Fingerprint,
    /// The version of its answer; `None` if that is one of another watched query.
    version: Option<u64>,
    /// The number of payloads so far.
    revision: u64,
}

/// The response to a live query: its payloads are the answers. `None` if no generation serves.
pub(in super::super) async fn watch(
    watches: &Watches,
    request: &GraphqlRequest,
    client: &ClientContext,
) -> Option<Result<GraphqlResponse, Refusal>> {
    let request = Arc::new(request.clone());
    let client = ClientContext {
        deliveries: AcceptedDeliveries::default(),
        // A client is on one side of a percentage as long as it watches.
        draw: match client.draw {
            Draw::Random => Draw::At(rand::random::<f64>() * 100.0),
            at => at,
        },
        // Many executions follow, for several clients.
        trace: None,
        trace_state: None,
        ..client.clone()
    };
    let mut apart = false;
    loop {
        let generation = watches.serving()?;
        let joined = match join(watches, generation, &request, &client, apart).await {
            Ok(joined) => joined,
            Err(refusal) => return Some(Err(refusal)),
        };
        joined.watch.is_current().await;
        let state = joined.watch.state.borrow().clone();
        match state {
            Some(State::Answer(answer)) => {
                let watcher = Watcher::new(watches, client, joined, apart);
                return Some(Ok(watcher.into_response(&answer)));
            }
            Some(State::Ended(ending)) => return Some(Ok(joined.ended(&ending))),
            Some(State::Apart) => apart = true,
            // Another generation serves.
            None => {}
        }
    }
}

impl Joined {
    /// The response of a query that cannot be executed.
    fn ended(&self, ending: &Ending) -> GraphqlResponse {
        let mut response = self.response(Payload::only(ending.body.clone()).into());
        response.outcome = ending.outcome;
        response.has_errors = true;
        response
    }

    fn response(&self, payloads: Payloads) -> GraphqlResponse {
        let ready = match &*self.watch.query.compiled {
            Compiled::Ready(ready) => Some(ready),
            Compiled::Refused(_) => None,
        };
        let headers = ready.map(|ready| Arc::clone(&ready.operation.headers));
        GraphqlResponse {
            outcome: RequestOutcome::Executed,
            // No cache holds a response that does not end.
            cache: ResponseCachePolicy::default(),
            vary: headers.unwrap_or_default(),
            operation: ready.map(|ready| Arc::clone(&ready.observed)),
            has_errors: false,
            payloads,
        }
    }
}

impl Watch {
    /// Waits until the answer shows all mutations that have ended before.
    async fn is_current(&self) {
        let now = Instant::now();
        let is_current = |checked: &Option<Checked>| {
            let is_current =
                |checked: &Checked| checked.began >= now || checked.epochs.is_current();
            checked.as_ref().is_some_and(is_current)
        };
        let mut checked = self.checked.clone();
        if checked.borrow_and_update().is_some() {
            if is_current(&checked.borrow()) {
                return;
            }
            self.query.asked.notify_one();
        }
        // It fails if the task ends: the state says why.
        let _ = checked.wait_for(is_current).await;
    }
}

impl Watcher {
    fn new(watches: &Watches, client: ClientContext, joined: Joined, apart: bool) -> Watcher {
        let mut watcher = Watcher {
            watches: watches.clone(),
            client,
            state: joined.watch.state.clone(),
            joined,
            apart,
            sent: None,
            not_before: None,
            is_over: false,
            _counted: watches.count(),
        };
        watcher.use_joined();
        watcher
    }

    /// Begins with the state of the watched query that it has joined.
    fn use_joined(&mut self) {
        self.state = self.joined.watch.state.clone();
        self.state.mark_changed();
        if let Some(sent) = &mut self.sent {
            sent.version = None;
        }
    }

    /// The response whose payloads are the answers, of which `first` is the first one.
    fn into_response(self, first: &Answer) -> GraphqlResponse {
        let mut response = self.joined.response(Payloads::default());
        response.has_errors = first.has_errors;
        let next = async |mut watcher: Box<Watcher>| {
            let payload = watcher.next().await?;
            Some((payload, watcher))
        };
        let payloads = unfold(Box::new(self), next).boxed();
        response.payloads = Payloads::stream(Delivery::Live, payloads);
        response
    }

    /// The next payload, when there is one. `None` after the last one.
    async fn next(&mut self) -> Option<Payload> {
        while !self.is_over {
            if self.state.changed().await.is_err() {
                // Boxed: it is rare, and the future that many watchers wait in should be small.
                if let Some(last) = Box::pin(self.join_again()).await {
                    return Some(last);
                }
                continue;
            }
            if let Some(at) = self.not_before {
                sleep_until(at).await;
            }
            // By now it may be a later one.
            let state = self.state.borrow_and_update().clone();
            match state {
                None => {}
                Some(State::Apart) => self.apart = true,
                Some(State::Ended(ending)) => {
                    return Some(self.last(Payload::only(ending.body.clone())));
                }
                Some(State::Answer(answer)) => {
                    if let Some(payload) = self.payload_of(&answer).await {
                        let throttle = self.joined.arguments.throttle;
                        self.not_before = throttle.map(|throttle| Instant::now() + throttle);
                        return Some(payload);
                    }
                }
            }
        }
        None
    }

    /// Joins the watched query of the generation that serves, after the task of the one before has ended. The last payload if it
    /// cannot be watched any more.
    async fn join_again(&mut self) -> Option<Payload> {
        // Those of all its watchers say the same.
        let request = Arc::clone(&self.joined.watch.query.request);
        let joined = match self.watches.serving() {
            Some(generation) => {
                join(
                    &self.watches,
                    generation,
                    &request,
                    &self.client,
                    self.apart,
                )
                .await
            }
            None => Err(Refusal::internal("The gateway has stopped")),
        };
        match joined {
            Ok(joined) => {
                self.joined = joined;
                self.use_joined();
                None
            }
            Err(refusal) => Some(self.last(Payload::only(refusal.body()))),
        }
    }

    fn last(&mut self, payload: Payload) -> Payload {
        self.is_over = true;
        payload
    }

    /// What the client gets of an answer; `None` if it has that already.
    async fn payload_of(&mut self, answer: &Answer) -> Option<Payload> {
        let LiveArguments { patch, .. } = self.joined.arguments;
        let version = Some(answer.version);
        let Some(sent) = &mut self.sent else {
            self.sent = Some(Sent {
                fingerprint: answer.fingerprint,
                version,
                revision: 1,
            });
            return Some(match patch {
                true => answer.first_of_patches(),
                false => answer.payload.clone(),
            });
        };
        let last = std::mem::replace(&mut sent.version, version);
        if sent.fingerprint == answer.fingerprint {
            return None;
        }
        sent.fingerprint = answer.fingerprint;
        sent.revision += 1;
        Some(match patch {
            true => answer.next_of_patches(last, sent.revision).await,
            false => answer.payload.clone(),
        })
    }
}
