//! The keys of cached responses, the cache policy of executed ones, and the responses of the cache.

use std::sync::Arc;
use std::time::Duration;

use super::compile::CompiledOperation;
use super::{ClientContext, GraphqlResponse, RequestOutcome, ResponseCachePolicy};
use crate::cache::responses::Served;
use crate::cache::{Documents, HeadersRead, ResponseKey, ResponseKeyParts};
use crate::execute::Executed;
use crate::operation::CoercedVariables;
use crate::plan::ConditionValues;

/// The key of an operation's response in the cache.
pub(super) fn response_key(
    ready: &CompiledOperation,
    coerced: &CoercedVariables,
    client: &ClientContext,
    conditions: &ConditionValues,
) -> ResponseKey {
    let operation = &ready.operation;
    let parts = || ResponseKeyParts {
        generation: &ready.generation,
        operation: &ready.key,
        variables: &coerced.text,
        headers: match operation.all_headers {
            true => HeadersRead::All,
            false => HeadersRead::Named(&operation.headers),
        },
        client: &client.headers,
        conditions: conditions.as_slice(),
        media_type: "json",
    };
    // Most frequent operations have no variables, labels or headers: their key is computed once.
    let is_bare = coerced.text.is_empty()
        && conditions.is_empty()
        && !operation.all_headers
        && operation.headers.is_empty();
    match is_bare {
        true => *ready.bare_key.get_or_init(|| parts().key()),
        false => parts().key(),
    }
}

/// How long the response of an execution may be cached.
pub(super) fn cache_policy(
    executed: &Executed,
    ready: &CompiledOperation,
    documents: &Documents,
) -> ResponseCachePolicy {
    let provenance = &executed.provenance;
    let now = documents.now();
    let seconds = |time: Duration| time.as_secs();
    let age = provenance.age(now).map(seconds).filter(|age| *age > 0);
    let mut cache = ResponseCachePolicy {
        data_age: age,
        private: provenance.is_private(),
        for_one_request: !provenance.may_be_shared(),
        must_revalidate: provenance.must_revalidate(),
        ..ResponseCachePolicy::default()
    };
    if !executed.failed && provenance.may_be_fresh() {
        let fresh_for = provenance.fresh_for(now).filter(|_| has_vary(ready));
        cache.max_age = fresh_for.map(seconds);
        cache.private_max_age =
            fresh_for.map(|left| seconds(provenance.private_fresh_for(now, left)));
        cache.age = age;
    }
    cache
}

/// Whether `Vary` can name all headers that a response depends on. A response that depends on every client header is only
/// cached in the gateway, whose key has all of them.
fn has_vary(ready: &CompiledOperation) -> bool {
    !ready.operation.all_headers
}

/// The response of the cache.
pub(super) fn served_response(served: Served, ready: &CompiledOperation) -> GraphqlResponse {
    GraphqlResponse {
        payloads: served.payload.into(),
        outcome: RequestOutcome::Executed,
        cache: ResponseCachePolicy {
            // A response that depends on the connectors alone is cached in the gateway but not by clients: connectors may
            // change.
            max_age: Some(served.fresh_for.as_secs())
                .filter(|_| has_vary(ready) && !ready.operation.is_constant()),
            private_max_age: Some(served.private_fresh_for.as_secs()),
            must_revalidate: served.must_revalidate,
            private: served.private,
            for_one_request: false,
            age: served.age.map(|age| age.as_secs()),
            data_age: served.age.map(|age| age.as_secs()),
        },
        vary: Arc::clone(&ready.operation.headers),
        operation: Some(Arc::clone(&ready.observed)),
        has_errors: false,
    }
}
