//! The stages of planning:
//!
//! 1. `normalised`: what the operation selects, with fields collected once per class of types and numbered.
//! 2. `requested`: the positions of the operation, with the requested fields as slots.
//! 3. `planner`: the search. It decides which fetch provides each slot, with costs from `reachability`. Its result is a
//!    `draft`.
//! 4. `lowering`: merges drafts, orders the fetches, computes guards, writes the operations for GraphQL services
//!    (`print`).
//! 5. `lifetime` and `batch`: how long documents may be cached, and which entity fetches share a call.
//!
//!    Stages 2 to 5 are done again, at most three times, if the planner had decisions that depend on the rest of the
//!    operation (`Manner`). The plan with the fewest calls one after the other is taken; of equal ones, that with the fewest
//!    calls, then that with the fewest lookups.
//! 6. `output`: how rows become the response; `prerendered` finds fields that can be written as one text.
//! 7. `projection`: how each document is read into rows.

use std::collections::HashSet;
use std::sync::Arc;

use ahash::HashMap;
use apollo_compiler::executable;
use apollo_compiler::validation::Valid;

use super::bounds::{PlanError, PlanLimits, Steps};
use super::conditions::Conditions;
use super::guard::Guard;
use super::normalised::NormalisedOperation;
use super::nulls::Nullable;
use super::output::{MadeIds, Output, OutputBuilder};
use super::planner::Manner;
use super::projection::Projection;
use super::reachability::KeptClosures;
use super::requested::{Position, PositionBuilder, PositionId};
use super::streamed_lists::StreamedParts;
use super::{
    Batch, Fetch, FetchCall, Plan, Read, batch, lifetime, lowering, normalised, planner,
    prerendered, print, projection, reachability,
};
use crate::graph::query::{ConnectMode, QueryGraph, SubgraphId};

/// Plans an operation of a validated executable document. From outside of the crate, operations are planned by
/// [`Compiler`](crate::operation::Compiler), which checks them first.
///
/// `closures` are of this graph. `varying` are the subgraphs whose calls take unequally long: a call to them waits for nothing that it does not need.
pub(crate) fn plan(
    graph: &QueryGraph,
    api: &Valid<apollo_compiler::Schema>,
    document: &Valid<executable::ExecutableDocument>,
    operation: &executable::Operation,
    limits: PlanLimits,
    varying: &HashSet<SubgraphId>,
    closures: &KeptClosures,
) -> Result<Plan, PlanError> {
    let nullable = Nullable::of(api, operation);
    let steps = Steps::new(limits.selections);
    let normalised = normalised::normalise(graph, document, operation, &nullable, steps)?;
    // A joined call would make the initial payload wait for what only a deferred fragment needs.
    let all: HashSet<SubgraphId>;
    let varying = match normalised.may_defer() {
        true => {
            all = (0..graph.subgraphs.len() as u32).map(SubgraphId).collect();
            &all
        }
        false => varying,
    };
    let planning = Planning {
        graph,
        normalised: &normalised,
        operation,
        limits,
        varying,
        closures,
    };
    let (mut planned, other_manners) = planning.plan(Manner::default())?;
    for manner in other_manners {
        if let Ok((other, _)) = planning.plan(manner)
            && other.length() < planned.length()
        {
            planned = other;
        }
    }
    let Planned {
        position,
        mut positions,
        mut fetches,
        batches,
        reads,
        guards,
        ids,
    } = planned;
    let mut output = OutputBuilder {
        graph,
        api,
        operation: &normalised,
        positions: &positions,
        ids: &ids,
        serial: operation.is_mutation(),
        output: Output::default(),
        steps: Steps::new(limits.selections),
        fragments: HashMap::default(),
        path: Vec::new(),
    }
    .build(position)?;
    let parts = StreamedParts {
        positions: &positions,
        fetches: &fetches,
        batches: &batches,
        reads: &reads,
        graph,
        is_mutation: operation.is_mutation(),
    };
    parts.find(&mut output);
    prerendered::find(&mut output, &mut positions, &fetches, &reads);
    for fetch in &mut fetches {
        let (projection, refusal) = project(graph, &reads, &positions, fetch);
        fetch.projection = Arc::new(projection);
        fetch.refusal = refusal.map(Arc::new);
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

/// What fetches are planned from.
struct Planning<'p, 'a> {
    graph: &'a QueryGraph,
    normalised: &'p NormalisedOperation<'a>,
    operation: &'p executable::Operation,
    limits: PlanLimits,
    varying: &'p HashSet<SubgraphId>,
    closures: &'a KeptClosures,
}

/// The fetches of a plan.
struct Planned {
    /// The root.
    position: PositionId,
    positions: Vec<Position>,
    fetches: Vec<Fetch>,
    batches: Vec<Batch>,
    reads: Vec<Read>,
    guards: Vec<Guard>,
    ids: MadeIds,
}

impl Planning<'_, '_> {
    /// The fetches, and other manners that may give a better plan.
    fn plan(&self, manner: Manner) -> Result<(Planned, Vec<Manner>), PlanError> {
        let serial = self.operation.is_mutation();
        let mut builder = PositionBuilder {
            graph: self.graph,
            operation: self.normalised,
            serial,
            positions: Vec::new(),
            steps: Steps::new(self.limits.selections),
        };
        let position = builder.root()?;
        let reachability =
            reachability::Reachability::new(self.graph, self.closures, self.limits.steps);
        let mut planner = planner::Planner::new(reachability, builder.positions, manner);
        planner.plan_cases(position, serial)?;
        let mut lowering = lowering::Lowering::new(&mut planner);
        let client = print::ClientOperation {
            name: self.operation.name.as_ref(),
            variables: &self.operation.variables,
            kind: self.operation.operation_type,
            directives: Some(&self.operation.directives),
        };
        let mut fetches = lowering.lower(&client)?;
        let lowering::Lowering {
            reads, guards, ids, ..
        } = lowering;
        let guards = guards.into_guards();
        let positions = std::mem::take(&mut planner.positions);
        for fetch in &mut fetches {
            fetch.lifetime = lifetime::of_fetch(self.graph, &reads, &positions, fetch);
        }
        let batches = batch::Batches {
            graph: self.graph,
            reads: &reads,
            positions: &positions,
            guards: &guards,
            varying: self.varying,
            client: &client,
        }
        .form(&mut fetches, &mut |steps| planner.reachability.spend(steps))?;
        let planned = Planned {
            position,
            positions,
            fetches,
            batches,
            reads,
            guards,
            ids,
        };
        Ok((planned, planner.other_manners()))
    }
}

impl Planned {
    /// How long the response takes: the calls that are made one after the other, then all calls, then those of lookups.
    fn length(&self) -> (usize, usize, usize) {
        let mut levels: Vec<usize> = Vec::with_capacity(self.fetches.len());
        for fetch in &self.fetches {
            let before = fetch.after.iter().map(|before| levels[*before]);
            let before = before.max().unwrap_or_default();
            // Usually a list has all objects, and looking others up makes no call.
            levels.push(before + usize::from(fetch.absent_from.is_none()));
        }
        let is_entities = |fetch: &&Fetch| matches!(fetch.call, FetchCall::Entities { .. });
        let others = self.fetches.iter();
        let others = others.filter(|fetch| !is_entities(fetch) && fetch.absent_from.is_none());
        let lookups = others.clone().filter(|fetch| !fetch.inputs.is_empty());
        (
            levels.into_iter().max().unwrap_or_default(),
            others.count() + self.batches.len(),
            lookups.count() + self.batches.len(),
        )
    }
}

/// How the document of a fetch is read, and how one that refuses the client's input, if that is a value.
fn project(
    graph: &QueryGraph,
    reads: &[Read],
    positions: &[Position],
    fetch: &Fetch,
) -> (Projection, Option<Projection>) {
    let FetchCall::Connect { connect, mode } = &fetch.call else {
        return (projection::of_service(reads, positions, fetch.read), None);
    };
    let Some(connect) = graph.connect(fetch.subgraph, *connect) else {
        return (Projection::default(), None);
    };
    let of_connect = |selection, references, below| {
        projection::of_connect(reads, positions, selection, references, below)
    };
    let (selection, references) = (&connect.selection, &connect.references);
    match mode {
        ConnectMode::Root | ConnectMode::Implicit => {
            let below = reads[fetch.read.0 as usize]
                .fields
                .first()
                .and_then(|field| field.read);
            let refusal = connect.refusal.as_ref();
            let refusal =
                refusal.map(|refusal| of_connect(&refusal.selection, &refusal.references, below));
            (of_connect(selection, references, below), refusal)
        }
        ConnectMode::Explicit | ConnectMode::Batch | ConnectMode::Single | ConnectMode::List => {
            (of_connect(selection, references, Some(fetch.read)), None)
        }
    }
}
