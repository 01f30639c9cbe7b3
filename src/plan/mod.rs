//! An operation compiled against the graph: which calls, in which order, what feeds what.
//!
//! A [`Plan`] is a DAG of fetches over rows. The operation's positions are *needs*; an object in flight is a row with a
//! cell per slot of its need; a fetch starts from the rows of one need and fills slots of them. Slots and fetches carry
//! guards, so that one plan serves all values of `@skip` and `@include` variables and all outcomes of `@override` labels,
//! and a delivery group. Made once per
//! operation, kept, and explainable. Pure: no IO, no clock; the work is bounded by counted steps.

pub mod arguments;
mod batch;
mod draft;
mod explain;
pub mod guard;
mod lifetime;
pub mod limits;
mod location;
mod lowering;
mod nulls;
pub mod output;
mod planner;
mod prerendered;
mod print;
pub mod projection;
mod reachability;
pub mod requested;
mod weight;

use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::executable;
use apollo_compiler::validation::Valid;

use self::arguments::Argument;
pub(crate) use self::batch::list_of_key;
pub use self::draft::Input;
pub use self::draft::Requirement;
pub(crate) use self::draft::merge_input;
pub use self::explain::explain;
pub use self::explain::explain_json;
use self::guard::Guard;
pub(crate) use self::location::location;
pub(crate) use self::location::location_at;
use self::nulls::Nullable;
use self::output::Output;
use self::output::OutputBuilder;
pub use self::print::Selected;
pub use self::print::ServiceOperation;
use self::projection::Projection;
use self::requested::Position;
use self::requested::PositionBuilder;
use self::requested::PositionId;
use crate::connector::SchemaLifetime;
use crate::graph::query::ConnectMode;
use crate::graph::query::QueryGraph;
use crate::graph::query::SubgraphId;
use crate::graph::query::TypeId;

/// How much work one operation may cause before it is refused as `PLAN_TOO_COMPLEX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanLimits {
    /// Selections and positions of the operation, fragments and concrete types expanded.
    pub selections: usize,
    /// Steps of the search.
    pub steps: usize,
}

impl Default for PlanLimits {
    fn default() -> Self {
        PlanLimits {
            selections: 100_000,
            steps: 2_000_000,
        }
    }
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The budget of [`PlanLimits`] is spent.
    #[error("The operation is too complex to plan")]
    TooComplex,
    /// Nothing provides a field on its path; composition should have refused the graph.
    #[error("No connector can provide {0} here")]
    Unsatisfiable(String),
}

/// An operation compiled against the graph.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Query or mutation.
    pub kind: executable::OperationType,
    /// Positions and their rows; the first is the root.
    pub positions: Vec<Position>,
    /// In an order in which each comes after those that it waits for.
    pub fetches: Vec<Fetch>,
    /// The calls of `_entities`, each for one fetch or several.
    pub batches: Vec<Batch>,
    /// What the fetches read of their answers.
    pub reads: Vec<Read>,
    /// Guards that fetches and their operations refer to; the first holds always.
    pub guards: Vec<Guard>,
    /// The `@override` labels that guards depend on, sorted.
    pub labels: Vec<Arc<str>>,
    /// From rows to the response.
    pub output: Output,
}

/// From rows to slots of them: by one call, by one per row or batch of rows, or by a part of a call.
#[derive(Debug, Clone)]
pub struct Fetch {
    /// Whom it calls.
    pub subgraph: SubgraphId,
    /// How.
    pub call: FetchCall,
    /// The need whose rows it starts from and fills.
    pub position: PositionId,
    /// From the root to those rows.
    pub path: Vec<PathStep>,
    /// Only rows of this concrete type.
    pub only: Option<TypeId>,
    /// What it takes from each row.
    pub inputs: Vec<Input>,
    /// Which of them only single fields require: where they cannot be had, the others are asked for without these fields.
    pub requirements: Vec<Requirement>,
    /// The arguments of the field that it serves, for a call that serves one field.
    pub arguments: Vec<Argument>,
    /// The slot of that field.
    pub argument_slot: Option<u16>,
    /// The fetches that must have ended before.
    pub after: Vec<usize>,
    /// When it runs, by index into [`Plan::guards`].
    pub guard: u32,
    /// The delivery group; 0 is the initial answer.
    pub group: u16,
    /// Mutations: the slot of the root field that it is made for.
    pub sequence: u32,
    /// What is read of its answer, per row.
    pub read: ReadId,
    /// How it is read: of a connect on a field, the field's value; else an object that fills a row.
    pub projection: Arc<Projection>,
    /// How long its answer may be kept, and by whom, as the schema says; `None`: the upstream's headers decide.
    pub lifetime: Option<SchemaLifetime>,
}

/// How a fetch calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchCall {
    /// Root fields of a GraphQL service.
    Operation(ServiceOperation),
    /// `_entities` of a GraphQL service, which other fetches may ask in the same call.
    Entities {
        /// The representations' `__typename`.
        typename: Name,
        /// What is asked of each entity.
        selected: Selected,
        /// The call, by its place in [`Plan::batches`].
        batch: usize,
        /// The list of that call, by its place in [`Batch::lists`].
        list: usize,
        /// A call of its own for rows of which something required has failed; `None` where nothing would remain.
        partial: Option<Box<Partial>>,
    },
    /// A connect of the service, by its place.
    Connect {
        /// Which.
        connect: usize,
        /// How.
        mode: ConnectMode,
    },
}

impl Fetch {
    /// What it takes from each row when some of its requirements, by their places, are not to be met.
    pub fn inputs_without(&self, unmet: &[usize]) -> Vec<Input> {
        let of_any = |input: &Input| {
            let mut all = self.requirements.iter().flat_map(|own| &own.inputs);
            all.any(|own| own.is(input))
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

/// One call of `_entities`. Its fetches begin and end together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// What is sent.
    pub operation: ServiceOperation,
    /// Its lists of entities; one, unless what is selected cannot stand beside one another in one.
    pub lists: Vec<EntityList>,
    /// The fetches that it is made for, in the order of their lists.
    pub fetches: Vec<usize>,
}

/// A list of entities of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityList {
    /// Its response key.
    pub key: String,
    /// The name of the variable that carries its representations.
    pub variable: String,
}

/// A call of `_entities` for one fetch that leaves out, on demand, each field of which something required has failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partial {
    /// What is asked of each entity.
    pub selected: Selected,
    /// The call.
    pub batch: Batch,
}

/// A step from rows of one need to those of the next; lists are passed through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathStep {
    /// The slot.
    pub slot: u16,
    /// The field, for people.
    pub field: Name,
    /// Only from rows of these concrete types; empty for all.
    pub only: Vec<TypeId>,
}

/// A [`Read`], by its place in [`Plan::reads`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReadId(pub u32);

/// What is read of one object of an answer.
#[derive(Debug, Clone)]
pub struct Read {
    /// The need whose slots are filled.
    pub position: PositionId,
    /// The concrete type, where the service knows it without asking.
    pub ty: Option<TypeId>,
    /// The concrete type is read from `__typename`.
    pub typename: bool,
    /// What is read.
    pub fields: Vec<ReadField>,
}

/// One field that is read.
#[derive(Debug, Clone)]
pub struct ReadField {
    /// Where it goes.
    pub slot: u16,
    /// The field.
    pub name: Name,
    /// The response key in a GraphQL service's answer.
    pub key: String,
    /// Only of these concrete types; empty for all.
    pub only: Vec<TypeId>,
    /// When it is read, by index into [`Plan::guards`].
    pub guard: u32,
    /// What is read below, for a composite field.
    pub read: Option<ReadId>,
}

impl Plan {
    /// A need.
    pub fn position(&self, id: PositionId) -> &Position {
        &self.positions[id.0 as usize]
    }

    /// Whether a variable decides `@skip` or `@include` anywhere.
    pub fn is_condition(&self, variable: &str) -> bool {
        let mut guards = self.guards.iter().chain(&self.output.guards);
        guards.any(|guard| guard.variables().any(|name| name == variable))
    }

    /// The fetches that one call is made for, of which this is one.
    pub fn parts<'p>(&'p self, fetch: &'p Fetch) -> Vec<&'p Fetch> {
        match &fetch.call {
            FetchCall::Entities { batch, .. } => {
                let all = self.batches[*batch].fetches.iter();
                all.map(|index| &self.fetches[*index]).collect()
            }
            _ => vec![fetch],
        }
    }

    /// What a fetch sends to a GraphQL service.
    pub fn operation<'p>(&'p self, fetch: &'p Fetch) -> Option<&'p ServiceOperation> {
        match &fetch.call {
            FetchCall::Operation(operation) => Some(operation),
            FetchCall::Entities { batch, .. } => Some(&self.batches[*batch].operation),
            FetchCall::Connect { .. } => None,
        }
    }

    /// The calls for people, from 1 on, by fetch: those of one call of `_entities` stand together and have one number.
    pub fn call_numbers(&self) -> Vec<usize> {
        let batch = |fetch: &Fetch| match fetch.call {
            FetchCall::Entities { batch, .. } => Some(batch),
            _ => None,
        };
        let (mut number, mut before) = (0, None);
        let all = self.fetches.iter().map(|fetch| {
            let own = batch(fetch);
            if own.is_none() || own != before {
                number += 1;
            }
            before = own;
            number
        });
        all.collect()
    }

    /// A read.
    pub fn read(&self, id: ReadId) -> &Read {
        &self.reads[id.0 as usize]
    }
}

/// Plans an operation of a validated document.
pub fn plan(
    graph: &QueryGraph,
    api: &Valid<apollo_compiler::Schema>,
    document: &Valid<executable::ExecutableDocument>,
    operation: &executable::Operation,
    limits: PlanLimits,
) -> Result<Plan, PlanError> {
    let set = &operation.selection_set;
    let root = graph
        .types
        .id(&set.ty)
        .ok_or_else(|| PlanError::Unsatisfiable(set.ty.to_string()))?;
    let nullable = Nullable::of(api, operation);
    let mut builder = PositionBuilder {
        graph,
        document,
        nullable: &nullable,
        serial: operation.is_mutation(),
        positions: Vec::new(),
        budget: limits.selections,
    };
    let position = builder.root(root, set)?;
    let reachability = reachability::Reachability::new(graph, limits.steps);
    let mut planner = planner::Planner::new(reachability, builder.positions);
    planner.plan_cases(position, operation.is_mutation())?;
    let mut lowering = lowering::Lowering::new(&mut planner);
    let client = print::ClientOperation {
        name: operation.name.as_ref(),
        variables: &operation.variables,
    };
    let fetches = lowering.lower(&client)?;
    let (reads, guards) = (
        std::mem::take(&mut lowering.reads),
        std::mem::take(&mut lowering.guards),
    );
    let mut positions = planner.positions;
    let mut fetches = fetches;
    for fetch in &mut fetches {
        fetch.lifetime = lifetime::of_fetch(graph, &reads, &positions, fetch);
    }
    let batches = batch::Batches {
        graph,
        reads: &reads,
        positions: &positions,
        guards: &guards,
        client: &client,
    }
    .form(&mut fetches, &mut |steps| planner.reachability.spend(steps))?;
    let mut output = OutputBuilder {
        graph,
        api,
        document,
        nullable: &nullable,
        positions: &positions,
        serial: operation.is_mutation(),
        output: Output::default(),
        budget: limits.selections,
    }
    .build(position, set)?;
    prerendered::find(&mut output, &mut positions, &fetches, &reads);
    for fetch in &mut fetches {
        fetch.projection = Arc::new(project(graph, &reads, &positions, fetch));
    }
    let mut labels: Vec<Arc<str>> = guards.iter().flat_map(Guard::labels).cloned().collect();
    labels.sort();
    labels.dedup();
    Ok(Plan {
        kind: operation.operation_type,
        positions,
        fetches,
        batches,
        reads,
        guards,
        labels,
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
