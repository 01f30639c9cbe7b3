//! The call of the root field of a subscription, and the event in its place.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::call::{CacheUse, CallScope, Called, Caller};
use super::context::{RequestContext, Runtime};
use super::event::Event;
use crate::cache::{Document, Endpoint};
use crate::connector::{Connect, Request};
use crate::document::Value;
use crate::errors::ErrorKind;
use crate::mapping::{Selection, Variables};
use crate::plan::{FetchCall, Plan};
use crate::response::bounds::Bounds;
use crate::response::outcome::{CallOutcome, JudgedDocument};
use crate::response::upstream_document::{
    follows_from_document, judging, read_of, succeeded, with_response,
};
use crate::source::{SourceError, SubscribeOptions};

/// The call of a subscription's root field: it is made by a poll, or opens the upstream's own subscription.
#[derive(Debug, Clone)]
pub struct EventCall {
    /// `None` for a webhook.
    pub request: Option<Request>,
    pub(super) variables: Arc<Variables>,
    /// The index of its fetch.
    pub(super) fetch: usize,
    /// Whose credentials or headers the request has.
    pub(super) subject: Option<[u8; 32]>,
}

/// The result of a poll.
#[derive(Debug)]
pub struct Polled {
    /// For the subscribers.
    pub event: Event,
    /// What the mapping yields of it; `None` for a failure.
    pub value: Option<Value>,
    /// After how many seconds a busy upstream accepts requests again.
    pub retry_after: Option<u32>,
}

/// The index of the fetch that an event seeds: the only one that starts from the root of a subscription.
pub(super) fn event_fetch(plan: &Plan) -> Option<usize> {
    plan.fetches.iter().position(|fetch| fetch.path.is_empty())
}

impl Plan {
    /// The connect whose events feed a subscription, as an index into those of its subgraph; 0 for a GraphQL service.
    fn event_endpoint(&self) -> Option<(usize, usize)> {
        let fetch = &self.fetches[event_fetch(self)?];
        let index = match &fetch.call {
            FetchCall::Connect { connect, .. } => *connect,
            _ => 0,
        };
        Some((fetch.subgraph.0 as usize, index))
    }
}

impl Runtime {
    /// The endpoint whose events feed a subscription.
    pub fn event_endpoint(&self, plan: &Plan) -> Option<&Arc<Endpoint>> {
        let (subgraph, index) = plan.event_endpoint()?;
        self.connectors.get(subgraph)?.endpoints.get(index)
    }

    /// The connect whose events feed a subscription; `None` for a GraphQL service.
    pub fn event_connect(&self, plan: &Plan) -> Option<&Arc<Connect>> {
        let fetch = &plan.fetches[event_fetch(plan)?];
        match &fetch.call {
            FetchCall::Connect { connect, .. } => self.graph.connect(fetch.subgraph, *connect),
            _ => None,
        }
    }

    /// How often the connector is asked whose events feed a subscription, if its settings say so.
    pub fn event_interval(&self, plan: &Plan) -> Option<Duration> {
        let (subgraph, _) = plan.event_endpoint()?;
        self.connectors.get(subgraph)?.poll_every
    }

    /// How the GraphQL service sends events that feeds a subscription; `None` for a connect.
    pub fn event_options(&self, plan: &Plan) -> Option<&SubscribeOptions> {
        let (subgraph, _) = plan.event_endpoint()?;
        self.connectors.get(subgraph)?.subscriptions.as_ref()
    }
}

impl EventCall {
    /// What decides which events the call gives, so that subscriptions with the same parts can share it.
    pub fn identity(&self, runtime: &Runtime, plan: &Plan) -> Vec<Vec<u8>> {
        let mut parts = Vec::new();
        if let Some(request) = &self.request {
            parts.push(request.fingerprint());
        }
        parts.extend(self.subject.map(Vec::from));
        // The value is compared by the mapping of one of them.
        if let Some(connect) = runtime.event_connect(plan) {
            let depends = !judging(connect).all(|mapping| follows_from_document(mapping))
                || !follows_from_document(&connect.selection);
            if depends && let Some(arguments) = self.variables.get("$args") {
                let mut text = Vec::new();
                arguments.write_json(&mut text);
                parts.push(text);
            }
        }
        parts
    }

    /// Whether a mapping yields `true` for a document. Evaluation may hold `most` bytes.
    pub fn admits(&self, mapping: &Selection, document: &Document, most: usize) -> bool {
        yields_true(mapping, document, &self.variables, most)
    }

    /// Makes the call, past the caches.
    pub async fn poll(&self, runtime: &Runtime, plan: &Plan, request: &RequestContext) -> Polled {
        let account = runtime.account(false);
        let scope = CallScope {
            runtime,
            request,
            plan,
            fetch: &plan.fetches[self.fetch],
            cache_use: CacheUse::Uncached,
            bounds: Bounds {
                account: &account,
                rows: runtime.limits.rows,
                deadline: Instant::now() + runtime.limits.timeout,
            },
        };
        let caller = Caller::new(scope);
        let Some(rendered) = self.request.clone() else {
            return Polled::failed(no_request());
        };
        let judged = match caller.fetched(rendered, &self.variables).await {
            Ok(judged) => judged,
            Err(CallOutcome::Failed(error)) => return Polled::failed(error),
            Err(_) => return Polled::failed(too_large()),
        };
        let document = &judged.fetched.document;
        let value = caller
            .connect
            .filter(|_| judged.succeeded)
            .and_then(|connect| {
                let variables = with_response(&self.variables, document);
                let most = runtime.limits.operation_bytes;
                let read = read_of(document, &connect.selection, &variables, most);
                read.ok().map(|read| read.value.unwrap_or_default())
            });
        match (judged.succeeded, document.outcome.failure()) {
            _ if value.is_some() => judged.report(None),
            (_, kind) => {
                let fault = crate::response::outcome::CallFault {
                    kind: kind.unwrap_or(ErrorKind::BadAnswer),
                    why: "a poll has no value".into(),
                    of_client: false,
                };
                judged.report(Some(&fault));
            }
        }
        Polled {
            retry_after: document.retry_after,
            value,
            event: Event::Document(judged.fetched),
        }
    }
}

impl Polled {
    /// The result of a poll that could not be made.
    pub fn none() -> Polled {
        Polled::failed(no_request())
    }

    fn failed(error: SourceError) -> Polled {
        Polled {
            event: Event::Failed(error),
            value: None,
            retry_after: None,
        }
    }
}

fn no_request() -> SourceError {
    SourceError::new(
        crate::source::SourceErrorKind::Internal,
        "a poll has no request",
    )
}

fn too_large() -> SourceError {
    let detail = "all operations together have reached the memory limit";
    SourceError::new(crate::source::SourceErrorKind::Busy, detail)
}

/// Whether a mapping yields `true` for a document.
pub fn yields_true(
    mapping: &Selection,
    document: &Document,
    variables: &Variables,
    most: usize,
) -> bool {
    let variables = with_response(variables, document);
    let read = read_of(document, mapping, &variables, most);
    read.is_ok_and(|read| read.value == Some(Value::Bool(true)))
}

impl Caller<'_> {
    /// What a call of the root field gives if an event takes its place.
    pub(super) fn of_event(&self, event: &Event, variables: &Variables) -> CallOutcome {
        let mut fetched = match event {
            Event::Document(fetched) => fetched.clone(),
            Event::Failed(error) => return CallOutcome::Failed(error.clone()),
        };
        let document = &fetched.document;
        if let Err(exceeded) = self.bounds.account.charge(document.body.len()) {
            return CallOutcome::Exceeded(exceeded);
        }
        // The feed has counted the call, and each subscriber reads the document.
        fetched.report = None;
        let document = &fetched.document;
        let most = self.runtime.limits.operation_bytes;
        let succeeded = match self.connect {
            // What the upstream sends by itself is no response.
            Some(connect) if connect.template.is_some() => {
                succeeded(connect, document, variables, most)
            }
            _ => true,
        };
        CallOutcome::Documents {
            pages: vec![JudgedDocument {
                succeeded,
                with_credentials: false,
                fetched,
                span: tracing::Span::none(),
            }],
            cut_off: None,
            limit: None,
            part: None,
        }
    }
}

impl Called<'_> {
    /// A call that no upstream was asked for.
    pub(super) fn of(outcome: CallOutcome) -> Self {
        Called {
            rest: None,
            outcome,
            cached: Vec::new(),
            sent: Vec::new(),
        }
    }
}
