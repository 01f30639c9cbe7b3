//! The stages of planning:
//!
//! 1. `normalised`: what the operation selects, with fields collected once per class of types and numbered.
//! 2. `requested`: the positions of the operation, with the requested fields as slots.
//! 3. `planner`: the search. It decides which fetch provides each slot, with costs from `reachability`. Its result is a
//!    `draft`.
//! 4. `lowering`: merges drafts, orders the fetches, computes guards, writes the operations for GraphQL services
//!    (`print`).
//! 5. `lifetime` and `batch`: how long documents may be cached, and which entity fetches share a call.
//! 6. `output`: how rows become the response; `prerendered` finds fields that can be written as one text.
//! 7. `projection`: how each document is read into rows.

use std::collections::HashSet;
use std::sync::Arc;

use apollo_compiler::executable;
use apollo_compiler::validation::Valid;

use super::bounds::{PlanError, PlanLimits, Steps};
use super::conditions::Conditions;
use super::nulls::Nullable;
use super::output::{Output, OutputBuilder};
use super::projection::Projection;
use super::requested::{Position, PositionBuilder};
use super::{
    Fetch, FetchCall, Plan, Read, batch, lifetime, lowering, normalised, planner, prerendered,
    print, projection, reachability,
};
use crate::graph::query::{ConnectMode, QueryGraph, SubgraphId};

/// Plans an operation of a validated executable document. From outside of the crate, operations are planned by
/// [`Compiler`](crate::operation::Compiler), which checks them first.
///
/// `varying` are the subgraphs whose calls take unequally long: a call to them waits for nothing that it does not need.
pub(crate) fn plan(
    graph: &QueryGraph,
    api: &Valid<apollo_compiler::Schema>,
    document: &Valid<executable::ExecutableDocument>,
    operation: &executable::Operation,
    limits: PlanLimits,
    varying: &HashSet<SubgraphId>,
) -> Result<Plan, PlanError> {
    let nullable = Nullable::of(api, operation);
    let steps = Steps::new(limits.selections);
    let normalised = normalised::normalise(graph, document, operation, &nullable, steps)?;
    let mut builder = PositionBuilder {
        graph,
        operation: &normalised,
        serial: operation.is_mutation(),
        positions: Vec::new(),
        steps: Steps::new(limits.selections),
    };
    let position = builder.root()?;
    let reachability = reachability::Reachability::new(graph, limits.steps);
    let mut planner = planner::Planner::new(reachability, builder.positions);
    planner.plan_cases(position, operation.is_mutation())?;
    let mut lowering = lowering::Lowering::new(&mut planner);
    let client = print::ClientOperation {
        name: operation.name.as_ref(),
        variables: &operation.variables,
    };
    let mut fetches = lowering.lower(&client)?;
    let lowering::Lowering { reads, guards, .. } = lowering;
    let guards = guards.into_guards();
    let mut positions = planner.positions;
    for fetch in &mut fetches {
        fetch.lifetime = lifetime::of_fetch(graph, &reads, &positions, fetch);
    }
    let batches = batch::Batches {
        graph,
        reads: &reads,
        positions: &positions,
        guards: &guards,
        varying,
        client: &client,
    }
    .form(&mut fetches, &mut |steps| planner.reachability.spend(steps))?;
    let mut output = OutputBuilder {
        graph,
        api,
        operation: &normalised,
        positions: &positions,
        serial: operation.is_mutation(),
        output: Output::default(),
        steps: Steps::new(limits.selections),
    }
    .build(position)?;
    prerendered::find(&mut output, &mut positions, &fetches, &reads);
    for fetch in &mut fetches {
        fetch.projection = Arc::new(project(graph, &reads, &positions, fetch));
    }
    let conditions = Conditions::of(guards.iter().chain(&output.guards));
    Ok(Plan {
        kind: operation.operation_type,
        positions,
        fetches,
        batches,
        reads,
        guards,
        conditions,
        output,
    })
}

fn project(
    graph: &QueryGraph,
    reads: &[Read],
    positions: &[Position],
    fetch: &Fetch,
) -> Projection {
    let FetchCall::Connect { connect, mode } = &fetch.call else {
        return projection::of_service(reads, positions, fetch.read);
    };
    let Some(connect) = graph.connect(fetch.subgraph, *connect) else {
        return Projection::default();
    };
    match mode {
        ConnectMode::Root | ConnectMode::Implicit => {
            let below = reads[fetch.read.0 as usize]
                .fields
                .first()
                .and_then(|field| field.read);
            projection::of_connect(reads, positions, &connect.selection, below)
        }
        ConnectMode::Explicit | ConnectMode::Batch | ConnectMode::Single => {
            projection::of_connect(reads, positions, &connect.selection, Some(fetch.read))
        }
    }
}
