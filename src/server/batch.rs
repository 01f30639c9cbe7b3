//! A batch: a JSON list of requests in the body of one `POST`, which gets a list of responses in the same order.
//!
//! The batch has one permit and one status: 200, whatever becomes of its requests. An element that is no request has an
//! error in its place, and the others are executed.

use std::panic::AssertUnwindSafe;

use bytes::Bytes;
use futures_util::FutureExt;

use super::coded_body::with_body;
use super::compression;
use super::media::MediaType;
use super::observe_request::{ExecutedRequest, ObservedResponse};
use super::refusal::HttpRefusal;
use super::response::http_response;
use super::state::ServerState;
use crate::gateway::{
    ClientContext, GraphqlRequest, GraphqlResponse, Payload, RequestOutcome, ResponseCachePolicy,
};

/// Executes the requests of a batch and joins their responses.
pub(super) async fn respond(
    state: &ServerState,
    requests: Vec<Result<GraphqlRequest, HttpRefusal>>,
    client: &ClientContext,
    media: MediaType,
) -> Result<ObservedResponse, HttpRefusal> {
    let mut refusals = Vec::with_capacity(requests.len());
    let mut wellformed = Vec::with_capacity(requests.len());
    for request in requests {
        match request {
            Ok(request) => {
                wellformed.push(request);
                refusals.push(None);
            }
            Err(refusal) => refusals.push(Some(refusal)),
        }
    }
    let executed = state.executor.execute_batch(wellformed, client);
    let executed = AssertUnwindSafe(executed).catch_unwind().await;
    let Ok(responses) = executed else {
        tracing::error!(outcome = "panic", "executing a batch ended abnormally");
        return Err(HttpRefusal::internal());
    };
    let mut batch = Joined::new(refusals.len());
    let mut responses = responses.into_iter();
    for refusal in refusals {
        match refusal {
            Some(refusal) => batch.push_refusal(&refusal),
            None => {
                let response = responses.next().ok_or_else(HttpRefusal::internal)?;
                batch.push(response).await?;
            }
        }
    }
    let (policy, payload, executed) = batch.finish();
    let headers = &client.headers;
    let negotiated = compression::negotiate(state.compression, headers, &payload.body);
    let http = http_response(&policy, media, negotiated);
    Ok(ObservedResponse {
        response: with_body(http, &payload, negotiated.coding).await,
        executed: None,
        batch: executed,
    })
}

/// The responses of a batch as one.
struct Joined {
    body: Vec<u8>,
    /// The policy of all: what each allows. It has no payloads.
    policy: GraphqlResponse,
    executed: Vec<Option<ExecutedRequest>>,
}

impl Joined {
    fn new(count: usize) -> Joined {
        Joined {
            body: vec![b'['],
            policy: GraphqlResponse {
                outcome: RequestOutcome::Executed,
                cache: ResponseCachePolicy {
                    max_age: Some(u64::MAX),
                    ..ResponseCachePolicy::default()
                },
                vary: [].into(),
                operation: None,
                has_errors: false,
                payloads: Default::default(),
            },
            executed: Vec::with_capacity(count),
        }
    }

    /// Appends the error of an element that is no request.
    fn push_refusal(&mut self, refusal: &HttpRefusal) {
        self.append(&refusal.body());
        self.policy.cache.max_age = None;
        self.executed.push(None);
    }

    /// Appends a response.
    async fn push(&mut self, mut response: GraphqlResponse) -> Result<(), HttpRefusal> {
        let payload = response.payloads.next().await;
        let Some(payload) = payload.filter(|payload| payload.is_last) else {
            tracing::error!("a JSON response has several payloads, or none");
            return Err(HttpRefusal::internal());
        };
        self.append(&payload.body);
        if response.outcome != RequestOutcome::Executed {
            self.policy.cache.max_age = None;
        }
        self.policy.cache = least(self.policy.cache, response.cache);
        let mut names = self.policy.vary.to_vec();
        names.extend(response.vary.iter().cloned());
        names.sort();
        names.dedup();
        self.policy.vary = names.into();
        self.executed.push(Some(ExecutedRequest {
            outcome: response.outcome,
            bytes: payload.body.len(),
            has_errors: response.has_errors,
            operation: response.operation,
        }));
        Ok(())
    }

    fn append(&mut self, body: &[u8]) {
        if !self.executed.is_empty() {
            self.body.push(b',');
        }
        self.body.extend_from_slice(body);
    }

    fn finish(mut self) -> (GraphqlResponse, Payload, Vec<Option<ExecutedRequest>>) {
        self.body.push(b']');
        let payload = Payload::only(Bytes::from(self.body));
        (self.policy, payload, self.executed)
    }
}

/// What both policies allow.
fn least(left: ResponseCachePolicy, right: ResponseCachePolicy) -> ResponseCachePolicy {
    let both = [left.private_max_age, right.private_max_age];
    ResponseCachePolicy {
        max_age: left
            .max_age
            .zip(right.max_age)
            .map(|(one, other)| one.min(other)),
        private_max_age: both.into_iter().flatten().min(),
        must_revalidate: left.must_revalidate || right.must_revalidate,
        private: left.private || right.private,
        for_one_request: left.for_one_request || right.for_one_request,
        age: left.age.max(right.age),
        data_age: left.data_age.max(right.data_age),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_of_a_batch_is_what_each_response_allows() {
        let kept = |max_age, age| ResponseCachePolicy {
            max_age,
            age,
            ..ResponseCachePolicy::default()
        };
        let private = ResponseCachePolicy {
            private: true,
            private_max_age: Some(5),
            ..kept(Some(60), None)
        };
        let joined = least(kept(Some(50), Some(10)), private);
        assert_eq!(
            joined,
            ResponseCachePolicy {
                private: true,
                private_max_age: Some(5),
                ..kept(Some(50), Some(10))
            }
        );
        assert_eq!(least(joined, kept(None, None)).max_age, None);
    }
}
