//! The approximate memory of a plan, for the bound of the plan cache.
//!
//! The figures per part come from counted allocations over plans of the demonstration's connectors (from one fetch to
//! ninety). Expressions of mappings are not counted: projections share them with the mappings of the connectors.

use super::projection::{Projection, Root};
use super::{Fetch, FetchCall, Plan, ServiceOperation};

/// An expression that a projection evaluates.
const EVALUATED: usize = 200;

impl Plan {
    /// The bytes that it holds, approximately.
    pub fn weight(&self) -> usize {
        const SLOT: usize = 500;
        const FIELD: usize = 500;
        let positions = self.positions.iter().map(|position| {
            let index = position.index.values().map(|slots| 64 + slots.len() * 80);
            400 + position.slots.len() * SLOT + index.sum::<usize>()
        });
        let reads = self.reads.iter().map(|read| 100 + read.fields.len() * 160);
        let batches = self.batches.iter().map(|batch| {
            let lists = batch.lists.len() * 120;
            200 + operation(&batch.operation) + lists
        });
        let objects = self.output.objects.iter().map(|object| {
            let classes = object
                .classes
                .iter()
                .map(|class| 100 + class.fields.len() * 2 + class.prerendered.len() * 32);
            200 + object.fields.len() * FIELD + classes.sum::<usize>()
        });
        let deferred = self.output.deferred.as_ref();
        let deferred = deferred.map_or(0, |deferred| deferred.weight());
        let streamed = self.output.streamed.as_ref();
        let streamed = streamed.map_or(0, |streamed| streamed.weight());
        let ids = self.output.ids.iter();
        let ids = ids.map(|made| 60 + made.key.len() * 150);
        let fetches = self.fetches.iter().map(fetch);
        2_000
            + positions.sum::<usize>()
            + reads.sum::<usize>()
            + batches.sum::<usize>()
            + objects.sum::<usize>()
            + fetches.sum::<usize>()
            + ids.sum::<usize>()
            + deferred
            + streamed
            + (self.guards.len() + self.output.guards.len()) * 100
            + self.conditions.weight()
    }
}

fn fetch(fetch: &Fetch) -> usize {
    let call = match &fetch.call {
        FetchCall::Operation(subgraph_operation) => operation(subgraph_operation),
        FetchCall::Entities {
            selected, partial, ..
        } => {
            let partial = partial
                .as_ref()
                .map_or(0, |call| 300 + operation(&call.batch.operation));
            selected.text.len() + selected.canonical.len() + partial
        }
        FetchCall::Connect { .. } => 0,
    };
    let inputs = fetch.inputs.len() + fetch.requirements.len() + fetch.arguments.len();
    let contexts = fetch.contexts.iter().map(|context| {
        let sources = context.sources.iter();
        300 + sources
            .map(|one| 100 + one.inputs.len() * 150)
            .sum::<usize>()
    });
    let contexts = contexts.sum::<usize>();
    let projections = [Some(&fetch.projection), fetch.refusal.as_ref()];
    let projections = projections.into_iter().flatten().map(|one| projection(one));
    let projections = projections.sum::<usize>();
    3_000 + contexts + call + inputs * 150 + fetch.path.len() * 60 + projections
}

fn operation(operation: &ServiceOperation) -> usize {
    operation.text.len() + (operation.variables.len() + operation.guards.len()) * 40
}

fn projection(projection: &Projection) -> usize {
    let nodes = projection.nodes.iter().map(|node| {
        let keys = node.keys.iter();
        let keys = keys.map(|key| 60 + key.name.len() + key.sinks.len() * 40);
        let dynamic = node.dynamic.iter();
        let dynamic = dynamic.map(|value| EVALUATED + root(&value.then));
        let captures = node.captures.iter().map(|key| 32 + key.len());
        let leaf = node.leaf.as_deref();
        150 + leaf.map_or(0, root)
            + node.rows.len() * 24
            + keys.sum::<usize>()
            + dynamic.sum::<usize>()
            + captures.sum::<usize>()
    });
    100 + nodes.sum::<usize>() + root(&projection.root)
}

fn root(root: &Root) -> usize {
    match root {
        Root::Leaf | Root::Object(_) => 0,
        Root::Path {
            keys,
            then,
            otherwise,
        } => 100 + keys.len() * 32 + self::root(then) + self::root(otherwise),
        Root::Evaluated { then, .. } => EVALUATED + self::root(then),
    }
}
