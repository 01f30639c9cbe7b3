//! An operation compiled against the query graph: which calls are made, in which order, and what feeds what.
//!
//! A [`Plan`] is a DAG of fetches over rows. During execution, each object at a position of the operation is a row with
//! a cell per slot of the [`Position`]. A fetch starts from the rows of one position, takes inputs from their cells
//! (keys, `@requires` fields) and fills others.
//!
//! `stages` makes it, from the operation to the finished plan. Parts that the plan and several stages have are files of their
//! own (`inputs`, `guard`, `service_operation`), so that the stages import the plan and it imports no stage.
//!
//! A plan is made once per operation text, cached, and can be explained. The module is pure (no IO, no clock), and its
//! work is bounded by [`PlanLimits`].

pub mod arguments;
mod batch;
mod bounds;
mod cases;
mod conditions;
pub mod deferred;
pub mod division;
mod draft;
mod explain;
mod explain_parts;
pub mod guard;
pub mod initial_count;
mod inputs;
mod lifetime;
mod location;
mod lowering;
mod normalised;
mod nulls;
pub mod output;
mod planner;
mod prerendered;
mod print;
pub mod projection;
mod reachability;
pub mod requested;
mod service_operation;
mod slot_key;
mod stages;
pub mod streamed;
mod streamed_lists;
mod weight;

use std::sync::Arc;

use apollo_compiler::{Name, executable};

use self::arguments::Argument;
pub(crate) use self::batch::list_of_key;
pub use self::bounds::{PlanError, PlanLimits};
pub use self::conditions::{ConditionValues, Conditions};
pub use self::explain::{explain, explain_json};
use self::guard::Guard;
use self::inputs::merge_input;
pub use self::inputs::{ContextInput, ContextSource, Input, Requirement};
pub(crate) use self::location::{location, location_at};
use self::output::Output;
use self::projection::Projection;
pub(crate) use self::reachability::KeptClosures;
use self::requested::{Position, PositionId};
pub use self::service_operation::{Selected, ServiceOperation};
pub(crate) use self::stages::plan;
use crate::connector::SchemaLifetime;
use crate::graph::query::{ConnectMode, SubgraphId, TypeId};

/// An operation compiled against the graph.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Query or mutation.
    pub kind: executable::OperationType,
    /// The positions; the first is the root.
    pub positions: Vec<Position>,
    /// The fetches; each comes after those that it waits for.
    pub fetches: Vec<Fetch>,
    /// The calls of `_entities`, each for one or more fetches.
    pub batches: Vec<Batch>,
    /// What the fetches read of their documents.
    pub reads: Vec<Read>,
    /// The guards that fetches and their operations refer to; the first always holds.
    pub guards: Vec<Guard>,
    /// The conditions that these guards and those of the output depend on.
    pub conditions: Conditions,
    /// How rows become the response.
    pub output: Output,
}

/// Fills slots of rows: by one call, by a call per row or per batch of rows, or by a part of a call.
#[derive(Debug, Clone)]
pub struct Fetch {
    /// The subgraph that it calls.
    pub subgraph: SubgraphId,
    /// How it calls.
    pub call: FetchCall,
    /// The position whose rows it starts from and fills.
    pub position: PositionId,
    /// The path from the root to these rows.
    pub path: Vec<PathStep>,
    /// Set if it starts only from rows of this concrete type.
    pub only: Option<TypeId>,
    /// The inputs that it takes from each row.
    pub inputs: Vec<Input>,
    /// The inputs that single fields require. Where one is missing, the call leaves that field out and requests the
    /// others.
    pub requirements: Vec<Requirement>,
    /// The values that it takes from ancestors of its rows. Rows with different values are fetched by different calls.
    pub contexts: Vec<ContextInput>,
    /// The fetch of a list of all objects: this one starts only from the rows that are not in the list.
    pub absent_from: Option<usize>,
    /// A row that it finds no object for does not exist.
    pub tells_existence: bool,
    /// It reads nothing else: if it fails, nothing is known of its rows.
    pub only_existence: bool,
    /// Its rows share no objects: below them, values of contexts differ by ancestor.
    pub unshared: bool,
    /// The arguments of its field, for a call that serves one field.
    pub arguments: Vec<Argument>,
    /// The slot of this field.
    pub argument_slot: Option<u16>,
    /// Its field is a connection (`@connection`), of which the pages are joined.
    pub connection: bool,
    /// The fetches that must have ended before it starts.
    pub after: Vec<usize>,
    /// When it runs, as an index into [`Plan::guards`].
    pub guard: u32,
    /// For mutations: the slot of the root field that it runs for.
    pub sequence: u32,
    /// What it reads of its document for each row.
    pub read: ReadId,
    /// How the document is read: as the field's value for a connect on a field, else as an object that fills a row.
    pub projection: Arc<Projection>,
    /// The same for a document that refuses the client's input, if that is a value and no error.
    pub refusal: Option<Arc<Projection>>,
    /// How long its document may be cached, and for which clients, by the schema; `None`: the upstream's headers decide.
    pub lifetime: Option<SchemaLifetime>,
}

/// How a fetch calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchCall {
    /// Root fields of a GraphQL service.
    Operation(ServiceOperation),
    /// `_entities` of a GraphQL service; other fetches may share the call.
    Entities {
        /// The representations' `__typename`.
        typename: Name,
        /// The selection on each entity.
        selected: Selected,
        /// The call, as an index into [`Plan::batches`].
        batch: usize,
        /// The list of this call, as an index into [`Batch::lists`].
        list: usize,
        /// A separate call for rows of which a required value is missing; `None` if nothing would remain to be
        /// selected.
        partial: Option<Box<Partial>>,
    },
    /// A connect of the subgraph.
    Connect {
        /// Its index among the connects of the subgraph.
        connect: usize,
        /// How it is called.
        mode: ConnectMode,
    },
}

impl Fetch {
    /// Whether its document has the value of one field, without a row that it belongs to.
    pub fn adds_to_rows(&self) -> bool {
        let is_batch = matches!(
            self.call,
            FetchCall::Connect {
                mode: ConnectMode::Batch,
                ..
            }
        );
        self.argument_slot.is_some() && !is_batch
    }

    /// The inputs when the requirements with these indices are not met.
    pub fn inputs_without(&self, unmet: &[usize]) -> Vec<Input> {
        let of_any = |input: &Input| {
            let mut all = self
                .requirements
                .iter()
                .flat_map(|requirement| &requirement.inputs);
            all.any(|required| required.is(input))
        };
        let others = |input: &&Input| input.key || !of_any(input);
        let mut inputs: Vec<Input> = self.inputs.iter().filter(others).cloned().collect();
        for (index, requirement) in self.requirements.iter().enumerate() {
            if !unmet.contains(&index) {
                for input in &requirement.inputs {
                    merge_input(&mut inputs, input.clone());
                }
            }
        }
        inputs
    }
}

/// One call of `_entities`. Its fetches start and end together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The operation that is sent.
    pub operation: ServiceOperation,
    /// Its lists of entities; more than one if selections cannot share a list.
    pub lists: Vec<EntityList>,
    /// Its fetches, in the order of their lists.
    pub fetches: Vec<usize>,
}

/// A list of entities in a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityList {
    /// Its response key.
    pub key: String,
    /// The name of the variable that carries its representations.
    pub variable: String,
}

/// A call of `_entities` for one fetch, which can leave out each field with a missing required value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partial {
    /// The selection on each entity.
    pub selected: Selected,
    /// The call.
    pub batch: Batch,
}

/// A step from the rows of one position to those of the next; lists are flattened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathStep {
    /// The slot.
    pub slot: u16,
    /// The field, for explanations.
    pub field: Name,
    /// The concrete types of the rows that it starts from; empty for all.
    pub only: Vec<TypeId>,
}

/// A [`Read`], as an index into [`Plan::reads`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReadId(pub u32);

/// What is read of one object of a document.
#[derive(Debug, Clone)]
pub struct Read {
    /// The position whose slots are filled.
    pub position: PositionId,
    /// The concrete type, if it is known without `__typename`.
    pub ty: Option<TypeId>,
    /// The concrete type is read from `__typename`.
    pub typename: bool,
    /// The fields that are read.
    pub fields: Vec<ReadField>,
}

/// One field that is read.
#[derive(Debug, Clone)]
pub struct ReadField {
    /// The slot that it fills.
    pub slot: u16,
    /// The field.
    pub name: Name,
    /// The response key in the document of a GraphQL service.
    pub key: String,
    /// The concrete types that it is read of; empty for all.
    pub only: Vec<TypeId>,
    /// When it is read, as an index into [`Plan::guards`].
    pub guard: u32,
    /// What is read below a composite field.
    pub read: Option<ReadId>,
}

impl Plan {
    /// A position.
    pub fn position(&self, id: PositionId) -> &Position {
        &self.positions[id.0 as usize]
    }

    /// All fetches that share the call of this one.
    pub fn parts<'p>(&'p self, fetch: &'p Fetch) -> Vec<&'p Fetch> {
        match &fetch.call {
            FetchCall::Entities { batch, .. } => {
                let all = self.batches[*batch].fetches.iter();
                all.map(|index| &self.fetches[*index]).collect()
            }
            _ => vec![fetch],
        }
    }

    /// The operation that a fetch sends to a GraphQL service.
    pub fn operation<'p>(&'p self, fetch: &'p Fetch) -> Option<&'p ServiceOperation> {
        match &fetch.call {
            FetchCall::Operation(operation) => Some(operation),
            FetchCall::Entities { batch, .. } => Some(&self.batches[*batch].operation),
            FetchCall::Connect { .. } => None,
        }
    }

    /// The number of each fetch's call, from 1, for explanations: the fetches of a call of `_entities` are adjacent and
    /// share one.
    pub fn call_numbers(&self) -> Vec<usize> {
        let batch = |fetch: &Fetch| match fetch.call {
            FetchCall::Entities { batch, .. } => Some(batch),
            _ => None,
        };
        let (mut number, mut before) = (0, None);
        let all = self.fetches.iter().map(|fetch| {
            let fetch_batch = batch(fetch);
            if fetch_batch.is_none() || fetch_batch != before {
                number += 1;
            }
            before = fetch_batch;
            number
        });
        all.collect()
    }

    /// A read.
    pub fn read(&self, id: ReadId) -> &Read {
        &self.reads[id.0 as usize]
    }
}
