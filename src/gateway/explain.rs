//! Explains a request: its plan, its cost, and on request its calls and its response.

use bytes::Bytes;

use super::compile::{Compiled, CompiledOperation};
use super::cost::{CostControl, ExplainedCost};
use super::execution::first_payload;
use super::refusal::Refusal;
use super::run::Gateway;
use super::{ClientContext, GraphqlRequest};
use crate::cost::CallBound;
use crate::execute::{CallRecord, Executed};
use crate::operation::CoercedVariables;
use crate::plan;

/// What `explain` shows.
#[derive(Debug)]
pub struct Explained {
    /// The plan as text.
    pub plan: String,
    /// The plan as JSON.
    pub plan_json: serde_json::Value,
    /// The signature of the operation, as logs, traces and metrics have it.
    pub signature: String,
    /// What the operation costs.
    pub cost: ExplainedCost,
    /// The most calls that it makes.
    pub most_calls: CallBound,
    /// The upstream calls, with `run`.
    pub calls: Vec<CallRecord>,
    /// The response body, with `run`.
    pub answer: Option<Bytes>,
}

impl Gateway {
    /// The plan and cost of an operation; with `run`, also its calls and its response.
    ///
    /// # Errors
    /// The body of the refusal, as clients would get it.
    pub async fn explain(
        &self,
        request: &GraphqlRequest,
        client: &ClientContext,
        run: bool,
    ) -> Result<Explained, Bytes> {
        let explained = async {
            let compiled = self.compiled(request).await?;
            let ready = match &*compiled {
                Compiled::Ready(ready) => ready,
                Compiled::Refused(refusal) => return Err(refusal.clone()),
            };
            let operation = &ready.operation;
            let coerced = self
                .compiling
                .compiler
                .coerce(operation, request.variables.as_ref());
            let mut explained = Explained {
                plan: plan::explain(&operation.plan, &self.runtime.graph),
                plan_json: plan::explain_json(&operation.plan, &self.runtime.graph),
                signature: ready.observed.hash.to_string(),
                cost: self.cost.explain(operation, coerced.as_ref().ok()),
                most_calls: self
                    .compiling
                    .compiler
                    .most_calls(operation, request.variables.as_ref()),
                calls: Vec::new(),
                answer: None,
            };
            if run {
                let executed = self.recorded(ready, coerced?, client).await?;
                explained.cost.actual = executed.cost;
                explained.calls = executed.calls;
                explained.answer = Some(executed.payload.body);
            }
            Ok(explained)
        };
        explained.await.map_err(|refusal: Refusal| refusal.body())
    }

    /// Executes an operation without the response cache, and records its calls and its cost.
    async fn recorded(
        &self,
        ready: &CompiledOperation,
        coerced: CoercedVariables,
        client: &ClientContext,
    ) -> Result<Executed, Refusal> {
        let counting = CostControl::counting(&ready.operation, &coerced);
        let conditions = self.decide(ready, &coerced, client);
        let (introspection, _account) = self.introspected(ready, &coerced).await?;
        let mut context = self.context(ready, coerced, client, conditions, introspection);
        context.record = true;
        context.counting = Some(counting);
        first_payload(&self.runtime, ready, &context).await
    }
}
