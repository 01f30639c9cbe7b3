//! The normalised operation: what the operation selects, with fields collected once and identified by number.
//!
//! It has two layers.
//!
//! 1. `written` reads the selections as they stand in the text, each once however often its fragment is spread. A
//!    [`Field`] holds everything that later stages want to know of it. Constant conditions are decided, and type
//!    conditions are resolved to types of the graph.
//! 2. `collect` makes a [`SelectionSet`] of the selections that apply to the objects at one place: the root, or what is
//!    below a [`ResponseField`]. It partitions the possible types into classes of types to which the same fragments
//!    apply, and collects the fields (GraphQL specification, 6.3.2) once per class, not once per type.
//!
//! For example, in
//!
//! ```graphql
//! { card { id  ... on One { player { name } }  ...P } }  fragment P on Card { player { id } }
//! ```
//!
//! where `Card` is implemented by `One`, `Two` and `Three`, the set below `card` has the classes {`One`} and {`Two`,
//! `Three`}. They share the response field `id`. The first has a `player` that merges two fields, of which the second
//! has one only: two response fields, with a set each.
//!
//! A response field is identified by its name and the fields that it merges, each with its guard. The guard is part of
//! the identity because types may include one fragment under conditions of their own.
//!
//! The work is bounded: each selection that is visited, each set and each test of a type spends from
//! [`PlanLimits::selections`](crate::plan::PlanLimits::selections), and a set is made once for equal selections below.

mod collect;
mod operation;
mod written;

use std::collections::HashMap;

use apollo_compiler::executable;

use self::collect::Collector;
pub(super) use self::operation::Field;
pub(super) use self::operation::GuardId;
use self::operation::Guards;
pub(super) use self::operation::NormalisedOperation;
pub(super) use self::operation::ResponseId;
pub(super) use self::operation::Selection;
pub(super) use self::operation::SelectionSetId;
pub(super) use self::operation::WrittenId;
use self::written::Reader;
use super::bounds::PlanError;
use super::bounds::Steps;
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
    let mut reader = Reader {
        graph,
        document,
        nullable,
        fields: Vec::new(),
        written: Vec::new(),
        fragments: HashMap::new(),
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
    };
    let mut collector = Collector {
        operation: &mut normalised,
        made: HashMap::new(),
        steps: reader.steps,
    };
    let root = collector.set(root, vec![(set, GuardId::ALWAYS)])?;
    normalised.root = root;
    Ok(normalised)
}
