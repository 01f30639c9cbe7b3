//! The cached response to a request that is known by its bytes.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::HeaderMap;

use super::compile::{Compiled, CompiledOperation};
use super::respond::served_response;
use super::run::Gateway;
use super::{GraphqlRequest, GraphqlResponse};
use crate::cache::ResponseKey;
use crate::plan::ConditionValues;

/// One of so many requests takes the usual way, so that the cache of compiled operations sees that its entry is used.
const SEEN: u32 = 64;

impl Gateway {
    /// The cached response to a request with these bytes ([`GraphqlRequest::sent`]), if it is known what they ask for. `None` says
    /// nothing about the request. The transport delivers whole responses only.
    pub fn kept(&self, sent: &[u8], headers: &HeaderMap) -> Option<GraphqlResponse> {
        let (compiled, key) = self.known.get(sent)?;
        let Compiled::Ready(ready) = &*compiled else {
            return None;
        };
        let uses = ready.uses.load(Ordering::Relaxed);
        if uses.is_multiple_of(SEEN) || self.cost.is_reported_to(headers) {
            return None;
        }
        let served = self.shared.responses.get_now(&key)?;
        ready.uses.fetch_add(1, Ordering::Relaxed);
        self.plans.count_hit();
        Some(served_response(served, ready))
    }

    /// Keeps what a request asks for whose response was in the cache under this key, if the bytes of the request decide it alone.
    pub(super) fn remember(
        &self,
        request: &GraphqlRequest,
        compiled: &Arc<Compiled>,
        ready: &CompiledOperation,
        (key, conditions): (&ResponseKey, &ConditionValues),
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
            self.known.put(sent, compiled, *key);
        }
    }
}
