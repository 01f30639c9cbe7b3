//! The normalised operation: what the operation selects, with fields collected once and identified by number.
//!
//! It is made in two steps.
//!
//! 1. `written` reads each selection of the text once, however often its fragment is spread. A [`Field`] holds what
//!    later stages need of it. Constant conditions are decided, and type conditions become types of the graph.
//! 2. `collect` makes selection sets: one for the root, and one for what is below each response field. A set partitions
//!    its possible types into classes of types to which the same fragments apply, and collects the fields (GraphQL
//!    specification, 6.3.2) once per class, not once per type.
//!
//! For example, in
//!
//! ```graphql
//! { card { id  ... on One { player { name } }  ...P } }  fragment P on Card { player { id } }
//! ```
//!
//! where `One`, `Two` and `Three` implement `Card`, the set below `card` has the classes {`One`} and {`Two`, `Three`}.
//! Both have the same response field `id`. `player` is two response fields with a set each: that of `One` merges two
//! fields of the operation, the other one has the field of the fragment `P` only.
//!
//! A response field is identified by the fields that it merges, each with its guard. The guard is part of the identity
//! because types may include one fragment under conditions of their own. A set is made once for the same selections
//! under the same guards.
//!
//! A field also has the innermost fragment with `@defer` around it: its [`GuardId`] says both. Such a fragment is another one
//! in each set where its fields are collected, since each object that a set describes has a deferred part of its own.
//!
//! The work is bounded: each selection that is visited, each set and each type that is tested spends a step of
//! [`PlanLimits::selections`](crate::plan::PlanLimits::selections).

mod collect;
mod operation;
mod written;

use ahash::{HashMap, HashMapExt};
use apollo_compiler::executable;

use self::collect::FieldCollector;
use self::operation::Guards;
pub(super) use self::operation::{
    DeferredId, Field, GuardId, NormalisedOperation, ResponseId, Selection, SelectionSetId,
    WrittenId,
};
use self::written::SelectionReader;
use super::bounds::{PlanError, Steps};
use super::nulls::Nullable;
use crate::graph::query::QueryGraph;

/// Normalises an operation of a validated document.
pub(super) fn normalise<'a>(
    graph: &'a QueryGraph,
    document: &'a executable::ExecutableDocument,
    operation: &'a executable::Operation,
    nullable: &Nullable<'a>,
    steps: Steps,
) -> Result<NormalisedOperation<'a>, PlanError> {
    let set = &operation.selection_set;
    let root = graph
        .types
        .id(&set.ty)
        .ok_or_else(|| PlanError::Unsatisfiable(set.ty.to_string()))?;
    let mut reader = SelectionReader {
        graph,
        document,
        nullable,
        fields: Vec::new(),
        written: Vec::new(),
        fragments: HashMap::new(),
        defers: Vec::new(),
        streams: Vec::new(),
        steps,
    };
    let set = reader.set(set)?;
    let mut normalised = NormalisedOperation {
        graph,
        sources: &document.sources,
        root: SelectionSetId(0),
        fields: reader.fields,
        written: reader.written,
        sets: Vec::new(),
        responses: Vec::new(),
        guards: Guards::new(),
        defers: reader.defers,
        fragments: Vec::new(),
        streams: reader.streams,
    };
    let mut collector = FieldCollector {
        operation: &mut normalised,
        made: HashMap::new(),
        deferred: HashMap::new(),
        begun: 0,
        steps: reader.steps,
    };
    let root = collector.set(root, vec![(set, GuardId::ALWAYS)])?;
    normalised.root = root;
    Ok(normalised)
}
