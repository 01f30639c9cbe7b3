//! A generation, as it executes watched queries ([`watch`](super::watch)).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::compile::{Compiled, CompiledOperation};
use super::refusal::Refusal;
use super::respond::response_key;
use super::run::Gateway;
use super::watch::{LiveArguments, LiveTerms, Prepared, QueryGeneration};
use super::{ClientContext, GraphqlRequest, GraphqlResponse};
use crate::cache::{EpochsAt, ResponseKey};

#[async_trait]
impl QueryGeneration for Gateway {
    async fn prepare(
        &self,
        request: &GraphqlRequest,
        client: &ClientContext,
    ) -> Result<Prepared, Refusal> {
        let compiled = self.compiled(request).await?;
        let ready = match &*compiled {
            Compiled::Ready(ready) => ready,
            Compiled::Refused(refusal) => return Err(refusal.clone()),
        };
        let operation = &ready.operation;
        let compiler = &self.compiling.compiler;
        let coerced = compiler.coerce(operation, request.variables.as_ref())?;
        let arguments = LiveArguments::of(request, ready, &coerced)?.unwrap_or_default();
        let conditions = self.decide(ready, &coerced, client);
        let key = response_key(ready, &coerced, client, &conditions);
        let report = self.cost.is_reported(request, client);
        let in_flight = &self.shared.in_flight;
        let may_share = !report
            && client.instant.is_none()
            && in_flight.may_share(&self.runtime, &operation.plan);
        Ok(Prepared {
            arguments,
            key,
            is_cached: !report && !operation.reads_instant,
            may_share,
            compiled,
        })
    }

    async fn execute(
        &self,
        compiled: &Arc<Compiled>,
        request: &GraphqlRequest,
        client: &ClientContext,
    ) -> GraphqlResponse {
        self.execute_compiled(compiled, request, client).await
    }

    fn epochs(&self, ready: &CompiledOperation) -> EpochsAt {
        let fetches = ready.operation.plan.fetches.iter();
        let endpoints = fetches.filter_map(|fetch| self.runtime.endpoint(fetch));
        EpochsAt::now(endpoints.map(|endpoint| endpoint.epoch()))
    }

    fn fresh_for(&self, key: &ResponseKey) -> Option<Duration> {
        self.shared.responses.fresh_for(key)
    }

    fn shares_all(&self) -> bool {
        self.shared.in_flight.shares_all()
    }

    fn terms(&self) -> &Arc<LiveTerms> {
        &self.shared.live
    }
}
