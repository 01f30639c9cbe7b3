//! Executions that several requests share: a query that arrives while the same query is being executed gets the response of
//! that execution (`[cache] share_in_flight`).
//!
//! "The same" is the key of a cached response: the operation, the variables, and the request headers that the connectors of
//! its plan read. An execution is joined for a second (`share_in_flight_for`), and not by a request that arrives after a
//! mutation of one of these connectors has ended. If the last response of one of them says that it is for one request or one
//! user, the query is not shared. If a response of the shared execution says so, the request that started it gets its result,
//! and the others execute the query themselves.
//!
//! The execution is a task of its own (a [flight](crate::cache::flight)): when the request that started it leaves, the others
//! still get the response. It ends when the last of them has left.

use std::sync::Arc;
use std::task::Poll;

use futures_util::poll;
use metrics::Counter;
use smallvec::SmallVec;
use tracing::{Instrument, Span};

use super::execution::{ExecutedOperation, OperationExecution};
use super::refusal::Refusal;
use crate::cache::flight::{FlightTerms, Flights, Lost, Waiter};
use crate::cache::{Admissions, Endpoint, ResponseKey, Sharing, SharingRules};
use crate::config::Cache;
use crate::connector::{SchemaLifetime, Scope};
use crate::execute::Runtime;
use crate::observe::metrics::JOINED;
use crate::plan::Plan;

type Outcome = Result<ExecutedOperation, Refusal>;

/// How a query takes part.
pub(super) enum Joining {
    /// It waits for an execution of the same query.
    Joined(Waiter<Outcome>),
    /// It begins an execution that others may join, on these terms.
    MayBegin(FlightTerms),
    /// It is not shared.
    Alone,
}

/// The executions that requests may join.
#[derive(Clone)]
pub(super) struct InFlight {
    flights: Arc<Flights<ResponseKey, Outcome>>,
    rules: SharingRules,
    joined: Counter,
}

impl InFlight {
    pub(super) fn new(settings: &Cache) -> InFlight {
        InFlight {
            flights: Flights::new(),
            rules: SharingRules {
                sharing: settings.share_in_flight.into(),
                joinable_for: settings.share_in_flight_for,
            },
            joined: metrics::counter!(JOINED),
        }
    }

    /// The same executions under other settings.
    pub(super) fn with_settings(&self, settings: &Cache) -> InFlight {
        InFlight {
            flights: Arc::clone(&self.flights),
            ..InFlight::new(settings)
        }
    }

    /// How a query with this key takes part.
    pub(super) fn join(&self, key: &ResponseKey, runtime: &Runtime, plan: &Plan) -> Joining {
        let Some(epoch) = self.epoch(runtime, plan) else {
            return Joining::Alone;
        };
        let terms = FlightTerms {
            epoch,
            not_before: self.rules.not_before(),
            // It may be, but to look once more would cost every request more than a second execution costs the few that
            // come just when one has ended.
            is_stored: false,
            looked: None,
        };
        match self.flights.join(key, &terms) {
            Some(waiter) => Joining::Joined(waiter),
            None => Joining::MayBegin(terms),
        }
    }

    /// Executes the query, and lets others join.
    pub(super) async fn begin(
        &self,
        key: ResponseKey,
        terms: FlightTerms,
        execution: OperationExecution,
    ) -> Outcome {
        let is_long = execution.context.is_long;
        let mut running = Box::pin(execution.run());
        // If all documents are at hand, it ends at once, and nothing need be shared. Long work would move this task to the
        // lower priority, and not the one that goes on with it.
        if !is_long && let Poll::Ready(outcome) = poll!(running.as_mut()) {
            return outcome;
        }
        let mut running = Some(running);
        let start = || match running.take() {
            // The spans of its calls are below the span of the request that starts it.
            Some(running) => Ok(running.instrument(Span::current())),
            None => Err(Lost),
        };
        match self.flights.join_since(key, terms, start) {
            Ok(waiter) if waiter.first => waiter.wait().await.unwrap_or_else(lost),
            // Another one has begun meanwhile, or this is one more than are shared.
            _ => match running {
                Some(running) => running.await,
                None => lost(Lost),
            },
        }
    }

    /// The outcome of another request's execution; `None` if this request may not have it, or may not wait for it.
    pub(super) async fn outcome(
        &self,
        waiter: Waiter<Outcome>,
        runtime: &Runtime,
        plan: &Plan,
    ) -> Option<Outcome> {
        // Requests that wait for a system which does not respond must not use up all permits.
        let own = Admissions::new();
        let endpoints = plan.fetches.iter();
        let endpoints = endpoints.filter_map(|fetch| runtime.endpoint(fetch));
        let admissions = endpoints.map(|endpoint| own.join(endpoint.connector()));
        let _admissions: SmallVec<[_; 4]> = admissions.collect::<Option<_>>()?;
        let outcome = waiter.wait().await.unwrap_or_else(lost);
        let may_be_shared = match &outcome {
            Ok(executed) => executed.may_be_shared || self.rules.sharing == Sharing::On,
            Err(_) => true,
        };
        may_be_shared.then(|| {
            self.joined.increment(1);
            outcome
        })
    }

    /// The number of mutations that may have changed what the plan reads; `None` if the query is not shared.
    fn epoch(&self, runtime: &Runtime, plan: &Plan) -> Option<u64> {
        if plan.fetches.is_empty() {
            return None;
        }
        let mut epoch = 0;
        for fetch in &plan.fetches {
            let endpoint = runtime.endpoint(fetch)?;
            if !self.may_be_shared(endpoint, fetch.lifetime) {
                return None;
            }
            epoch += endpoint.epoch().now();
        }
        Some(epoch)
    }

    fn may_be_shared(&self, endpoint: &Endpoint, lifetime: Option<SchemaLifetime>) -> bool {
        match self.rules.sharing {
            Sharing::Off => false,
            Sharing::Auto => endpoint.may_be_shared(lifetime),
            Sharing::On => lifetime.and_then(|one| one.scope) != Some(Scope::Private),
        }
    }

    /// Whether clients may share the executions of a plan, as far as it is known before them: on the terms on which requests
    /// join an execution.
    pub(super) fn may_share(&self, runtime: &Runtime, plan: &Plan) -> bool {
        plan.fetches.iter().all(|fetch| {
            let endpoint = runtime.endpoint(fetch);
            endpoint.is_some_and(|endpoint| self.may_be_shared(endpoint, fetch.lifetime))
        })
    }

    /// Whether clients may share a response that says that it is for one request only.
    pub(super) fn shares_all(&self) -> bool {
        self.rules.sharing == Sharing::On
    }
}

fn lost(_: Lost) -> Outcome {
    Err(Refusal::internal("The execution ended without a result"))
}
