//! Executes the requests of a batch: a list of requests that a client sends at once.
//!
//! Queries are executed at the same time. A mutation waits for all requests before it, and those behind it wait for it, so
//! that a query sees the effects of the mutations before it and of no other. For `[query A, query B, mutation C, query D]`:
//! A and B together, then C, then D.
//!
//! What one operation may use, all of them may use together: their costs are added up in the order of the list
//! ([`BatchCost`]), and their responses are held until the last one is complete, within `limits.answer_bytes`.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use futures_util::future::join_all;
use tracing::{Instrument, Span, field};

use super::batch_cost::BatchCost;
use super::compile::Compiled;
use super::refusal::Refusal;
use super::{AcceptedDeliveries, ClientContext, Gateway, GraphqlRequest, GraphqlResponse};
use crate::errors::{ErrorKind, code};
use crate::observe::operations::ObservedOperation;

impl Gateway {
    /// Executes the requests of a batch, and gives their responses in the same order. Each has one payload, which is
    /// complete. Never fails: errors are in the responses.
    pub async fn execute_batch(
        &self,
        requests: Vec<GraphqlRequest>,
        client: &ClientContext,
    ) -> Vec<GraphqlResponse> {
        let client = ClientContext {
            batch_cost: Some(Arc::new(BatchCost::default())),
            deliveries: AcceptedDeliveries::default(),
            ..client.clone()
        };
        // First, since the type of an operation says what waits for what. Then the operations begin in their order, in which
        // they share the cost.
        let compiled = join_all(requests.iter().map(|request| self.compiled(request))).await;
        let held = AtomicUsize::new(0);
        let mut responses = Vec::with_capacity(requests.len());
        while responses.len() < requests.len() {
            let begin = responses.len();
            let end = end_of_group(&compiled, begin);
            let group = requests[begin..end].iter().zip(&compiled[begin..end]);
            let group = group.map(|(request, compiled)| {
                Box::pin(self.execute_one(request, compiled, &client, &held))
            });
            responses.extend(join_all(group).await);
        }
        responses
    }

    /// Executes one of the requests, in a span of its own.
    async fn execute_one(
        &self,
        request: &GraphqlRequest,
        compiled: &Result<Arc<Compiled>, Refusal>,
        client: &ClientContext,
        held: &AtomicUsize,
    ) -> GraphqlResponse {
        let span = tracing::info_span!(
            "operation",
            graphql.operation.name = field::Empty,
            "graphql.operation.type" = field::Empty,
            sangam.operation.hash = field::Empty,
            sangam.has_errors = field::Empty,
        );
        let executed = async {
            match compiled {
                Ok(compiled) => self.execute_compiled(compiled, request, client).await,
                Err(refusal) => refusal.not_compiled(request),
            }
        };
        let response = executed.instrument(span.clone()).await;
        let response = self.within(response, held);
        if let Some(operation) = &response.operation {
            record(&span, operation, response.has_errors);
        }
        response
    }

    /// The response, or an error in its place if the responses of the batch are too long with it.
    fn within(&self, response: GraphqlResponse, held: &AtomicUsize) -> GraphqlResponse {
        let most = self.runtime.limits.answer_bytes;
        let bytes = response.payloads.bytes();
        if held.fetch_add(bytes, Relaxed).saturating_add(bytes) <= most {
            return response;
        }
        held.fetch_sub(bytes, Relaxed);
        let message = format!(
            "The operation was executed, but the responses of the batch are longer than allowed ({most} bytes)"
        );
        let refusal = Refusal::new(code::LIMIT_EXCEEDED, ErrorKind::Limit, &message);
        match &response.operation {
            Some(operation) => refusal.response(operation),
            None => refusal.response(&Arc::new(ObservedOperation::not_compiled(None))),
        }
    }
}

/// Where the group of requests ends that begins at an index: a mutation alone, or all up to the next mutation.
fn end_of_group(compiled: &[Result<Arc<Compiled>, Refusal>], begin: usize) -> usize {
    let is_mutation = |compiled: &Result<Arc<Compiled>, Refusal>| match compiled.as_deref() {
        Ok(Compiled::Ready(ready)) => ready.operation.definition.is_mutation(),
        _ => false,
    };
    if is_mutation(&compiled[begin]) {
        return begin + 1;
    }
    let next = compiled[begin..].iter().position(is_mutation);
    next.map_or(compiled.len(), |next| begin + next)
}

/// Records an executed operation on its span.
fn record(span: &Span, operation: &ObservedOperation, has_errors: bool) {
    if span.is_disabled() {
        return;
    }
    span.record("sangam.has_errors", has_errors);
    for (attribute, value) in [
        ("graphql.operation.name", &*operation.name),
        ("graphql.operation.type", operation.kind),
        ("sangam.operation.hash", &*operation.hash),
    ] {
        if !value.is_empty() {
            span.record(attribute, value);
        }
    }
}
