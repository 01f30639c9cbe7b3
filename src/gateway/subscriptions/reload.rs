//! Whether a subscription goes on when another generation serves.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::running::Running;
use super::shared::Successor;
use crate::gateway::GraphqlRequest;
use crate::gateway::compile::{Compiled, Compiling};
use crate::gateway::run::Gateway;
use crate::plan::{Plan, explain};

impl Successor for Gateway {
    fn goes_on<'a>(
        &'a self,
        request: &'a GraphqlRequest,
        before: &'a Running,
    ) -> BoxFuture<'a, Option<Running>> {
        Box::pin(self.take_over(request, before))
    }
}

impl Gateway {
    /// The subscription as this generation executes it, if its plan and the connectors that it calls are the same.
    async fn take_over(&self, request: &GraphqlRequest, before: &Running) -> Option<Running> {
        let compiled = self.compiled(request).await.ok()?;
        let Compiled::Ready(ready) = &*compiled else {
            return None;
        };
        let plan = &ready.operation.plan;
        if !is_same(plan, self, before) {
            return None;
        }
        let compiler = &self.compiling.compiler;
        let coerced = compiler.coerce(&ready.operation, request.variables.as_ref());
        let coerced = coerced.ok()?;
        Some(Running {
            runtime: Arc::clone(&self.runtime),
            cost: Arc::clone(&self.cost),
            compiling: Arc::clone(&self.compiling),
            conditions: self.decide(ready, &coerced, &before.client),
            variables: coerced.values,
            client: before.client.clone(),
            on_error: before.on_error,
            is_long: before.is_long,
            compiled,
        })
    }
}

/// Whether a plan makes the same calls as that of another generation, of connectors that are the same.
fn is_same(plan: &Plan, gateway: &Gateway, before: &Running) -> bool {
    let Some(old) = before.plan() else {
        return false;
    };
    let (new, old_compiling) = (&gateway.compiling, &before.compiling);
    let mut names = called(plan, new);
    names.all(|name| new.fingerprints.is_same(name, &old_compiling.fingerprints))
        && explain(plan, &gateway.runtime.graph) == explain(old, &before.runtime.graph)
}

/// The connectors that a plan calls.
fn called<'a>(plan: &'a Plan, compiling: &'a Compiling) -> impl Iterator<Item = &'a str> {
    let fetches = plan.fetches.iter();
    let names = fetches.filter_map(|fetch| compiling.names.get(fetch.subgraph.0 as usize));
    names.map(|name| &**name)
}
