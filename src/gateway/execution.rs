//! One execution of an operation, up to its first payload. It owns what it needs, so that it can be a task of its own.

use std::sync::{Arc, PoisonError};

use super::compile::{Compiled, CompiledOperation};
use super::cost::CostControl;
use super::refusal::Refusal;
use super::respond::cache_policy;
use super::{GraphqlResponse, RequestOutcome, ResponseCachePolicy};
use crate::cache::responses::Responses;
use crate::cache::{Payload, Provenance, ResponseKey};
use crate::execute::{Executed, Execution, RequestContext, Runtime};
use crate::observe::scope;
use crate::priority;

/// An operation that is about to be executed.
pub(super) struct OperationExecution {
    pub(super) runtime: Arc<Runtime>,
    pub(super) cost: Arc<CostControl>,
    pub(super) responses: Arc<Responses>,
    /// The operation, which is ready.
    pub(super) compiled: Arc<Compiled>,
    pub(super) context: RequestContext,
    /// The key of its response in the cache; `None` if it is not cached.
    pub(super) key: Option<ResponseKey>,
    /// Clients may not cache the response, whatever its documents say.
    pub(super) uncached: bool,
}

/// The result of an execution. Several requests may get it.
#[derive(Debug, Clone)]
pub(super) struct ExecutedOperation {
    payload: Payload,
    cache: ResponseCachePolicy,
    has_errors: bool,
    /// Whether other requests that wait for the same may have it.
    pub(super) may_be_shared: bool,
}

impl ExecutedOperation {
    /// The response of the operation.
    pub(super) fn into_response(self, ready: &CompiledOperation) -> GraphqlResponse {
        GraphqlResponse {
            payloads: self.payload.into(),
            outcome: RequestOutcome::Executed,
            cache: self.cache,
            vary: Arc::clone(&ready.operation.headers),
            operation: Some(Arc::clone(&ready.observed)),
            has_errors: self.has_errors,
        }
    }
}

impl OperationExecution {
    /// Executes it, and stores the response if it may be used again.
    pub(super) async fn run(self) -> Result<ExecutedOperation, Refusal> {
        let Compiled::Ready(ready) = &*self.compiled else {
            return Err(Refusal::internal("The operation is not compiled"));
        };
        let _permit = match self.context.is_long {
            true => Some(self.cost.long_permit()?),
            false => None,
        };
        if self.context.is_long {
            priority::lower().await;
        }
        let executed = first_payload(&self.runtime, ready, &self.context);
        let executed = scope::of_operation(&ready.observed, executed).await?;
        Ok(self.ended(executed, ready))
    }

    /// The result of an execution with one payload. Stores the response if it may be used again.
    pub(super) fn ended(
        &self,
        mut executed: Executed,
        ready: &CompiledOperation,
    ) -> ExecutedOperation {
        if self.key.is_some() {
            // Several requests may get it: it is compressed once.
            executed.payload.memo = Some(Arc::default());
        }
        *ready.sizes.lock().unwrap_or_else(PoisonError::into_inner) = executed.sizes;
        self.cost.counted(executed.cost);
        if let Some(key) = self.key {
            self.store(key, &executed, ready);
        }
        let mut cache = cache_policy(&executed, ready, &self.runtime.documents);
        if self.uncached {
            cache = ResponseCachePolicy {
                data_age: cache.data_age,
                for_one_request: cache.for_one_request,
                ..ResponseCachePolicy::default()
            };
        }
        ExecutedOperation {
            cache,
            has_errors: executed.failed,
            may_be_shared: executed.provenance.may_be_shared(),
            payload: executed.payload,
        }
    }

    /// Stores the response of a query, if it may be used again.
    fn store(&self, key: ResponseKey, executed: &Executed, ready: &CompiledOperation) {
        let provenance = match ready.operation.is_constant() {
            true => &Provenance::constant(),
            false if executed.provenance.may_be_fresh() => &executed.provenance,
            false => return,
        };
        if !executed.failed {
            let vary = &ready.operation.headers;
            self.responses.put(key, &executed.payload, vary, provenance);
        }
    }
}

/// Executes an operation up to its first payload, which is the only one of a query or a mutation.
pub(super) async fn first_payload(
    runtime: &Runtime,
    ready: &CompiledOperation,
    context: &RequestContext,
) -> Result<Executed, Refusal> {
    let plan = &ready.operation.plan;
    let account = runtime.account(context.is_long);
    let mut execution = Execution::new(runtime, plan, context, &account);
    let executed = execution.next().await;
    executed.ok_or_else(|| Refusal::internal("The operation has no result"))
}
