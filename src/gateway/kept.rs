//! The response to a request that is known by its bytes: from the cache, or from an execution that is under way.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::HeaderMap;

use super::compile::{Compiled, CompiledOperation};
use super::in_flight::Joining;
use super::known_requests::RequestKeys;
use super::respond::served_response;
use super::run::Gateway;
use super::{GraphqlRequest, GraphqlResponse};
use crate::plan::ConditionValues;

/// One of so many requests takes the usual way, so that the cache of compiled operations sees that its entry is used.
const SEEN: u32 = 64;

/// The response to a request that is known by its bytes.
pub enum Known {
    /// It is in the cache.
    Kept(GraphqlResponse),
    /// The same query is being executed. `None` if this request may not have the response: it takes the usual way.
    InFlight(BoxFuture<'static, Option<GraphqlResponse>>),
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Known::Kept(_) => "Kept",
            Known::InFlight(_) => "InFlight",
        })
    }
}

impl Gateway {
    /// The response to a request with these bytes ([`GraphqlRequest::sent`]), if it is known what they ask for, and it is in the
    /// cache or about to be. `None` says nothing about the request. The transport delivers whole responses only.
    pub fn known(&self, sent: &[u8], headers: &HeaderMap) -> Option<Known> {
        let (compiled, keys) = self.known.get(sent)?;
        let Compiled::Ready(ready) = &*compiled else {
            return None;
        };
        let uses = ready.uses.load(Ordering::Relaxed);
        if uses.is_multiple_of(SEEN) || self.cost.is_reported_to(headers) {
            return None;
        }
        let known = match self.shared.responses.get_now(&keys.response) {
            Some(served) => Known::Kept(served_response(served, ready)),
            None => Known::InFlight(self.known_in_flight(&compiled, ready, &keys)?),
        };
        ready.uses.fetch_add(1, Ordering::Relaxed);
        self.plans.count_hit();
        Some(known)
    }

    fn known_in_flight(
        &self,
        compiled: &Arc<Compiled>,
        ready: &CompiledOperation,
        keys: &RequestKeys,
    ) -> Option<BoxFuture<'static, Option<GraphqlResponse>>> {
        let plan = &ready.operation.plan;
        let in_flight = &self.shared.in_flight;
        let joining = in_flight.join(keys.execution.as_ref()?, &self.runtime, plan);
        let Joining::Joined(waiter) = joining else {
            return None;
        };
        self.shared.responses.missed();
        let (in_flight, runtime) = (in_flight.clone(), Arc::clone(&self.runtime));
        let compiled = Arc::clone(compiled);
        let response = async move {
            let Compiled::Ready(ready) = &*compiled else {
                return None;
            };
            let outcome = in_flight.outcome(waiter, &runtime, &ready.operation.plan);
            Some(match outcome.await? {
                Ok(executed) => executed.into_response(ready),
                Err(refusal) => refusal.response(&ready.observed),
            })
        };
        Some(response.boxed())
    }

    /// Keeps what a request asks for that can be had by these keys, if the bytes of the request decide it alone.
    pub(super) fn remember(
        &self,
        request: &GraphqlRequest,
        compiled: &Arc<Compiled>,
        ready: &CompiledOperation,
        (keys, conditions): (RequestKeys, &ConditionValues),
    ) {
        let Some(sent) = &request.sent else {
            return;
        };
        let operation = &ready.operation;
        let is_alike =
            conditions.is_empty() && !operation.all_headers && operation.headers.is_empty();
        // A reference to an operation text and an operation that should be trusted are counted and logged each time.
        let is_counted = request.is_reference() || ready.is_untrusted.load(Ordering::Relaxed);
        if is_alike && !is_counted {
            self.known.put(sent, compiled, keys);
        }
    }
}
