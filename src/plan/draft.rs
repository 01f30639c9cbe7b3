//! The draft of a plan: the planner's providers, fetches and the trees of what they read.

use std::sync::Arc;

use ahash::HashMap;
use apollo_compiler::Name;

use super::cases::{CaseSet, Decided};
use super::inputs::{ContextInput, FilledArgument};
use super::reachability::Reachable;
use super::requested::PositionId;
use super::{Input, Requirement};
use crate::graph::query::{LookupId, NodeId, TypeId};

/// A provider, as an index into `Planner::providers`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ProviderId(pub(super) u32);

/// A node of the tree that a fetch reads, as an index into `Planner::trees`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct TreeId(pub(super) u32);

/// A fetch that arrives at a node of the query graph: it can provide the fields of the node to the rows of a position.
#[derive(Debug, Clone)]
pub(super) struct Provider {
    pub(super) fetch: usize,
    pub(super) node: NodeId,
    pub(super) position: PositionId,
    /// Where its tree is attached on first use.
    pub(super) origin: ReachedBy,
    pub(super) tree: Option<TreeId>,
}

/// How a provider was reached.
#[derive(Debug, Clone, Copy)]
pub(super) enum ReachedBy {
    /// By entering a lookup.
    Lookup,
    /// By a composite field of another provider.
    Field(ProviderId, u16),
    /// By narrowing another provider to a concrete type.
    Cast(ProviderId, TypeId),
}

/// What a fetch reads at one position.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub(super) position: PositionId,
    pub(super) node: NodeId,
    /// The slots that it reads.
    pub(super) fields: Vec<TreeField>,
    /// At an abstract position: what it reads of one concrete type only.
    pub(super) casts: Vec<(TypeId, TreeId)>,
}

/// A slot that a fetch reads.
#[derive(Debug, Clone, Copy)]
pub(super) struct TreeField {
    pub(super) slot: u16,
    /// What it reads below, for a composite slot.
    pub(super) child: Option<TreeId>,
    /// The cases that read it.
    pub(super) cases: CaseSet,
}

/// A fetch of the draft.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) lookup: LookupId,
    pub(super) position: PositionId,
    /// The type of the rows that it starts from; abstract when it serves all member types.
    pub(super) ty: TypeId,
    /// The slot whose arguments it takes, for a connect on a field.
    pub(super) arguments_of: Option<u16>,
    pub(super) inputs: Vec<Input>,
    /// The inputs that single fields require.
    pub(super) requirements: Vec<Requirement>,
    /// The values that it takes from ancestors.
    pub(super) contexts: Vec<ContextInput>,
    /// The arguments that have these values. A fetch with one provides only fields with one.
    pub(super) filled: Vec<FilledArgument>,
    pub(super) tree: TreeId,
    /// For mutations: the slot of the root field that it runs for.
    pub(super) sequence: u32,
    /// The cases that it was made in.
    pub(super) cases: CaseSet,
    /// It tells whether its rows exist, so it runs whatever it reads.
    pub(super) tells_existence: bool,
    /// The fetch that it was merged into.
    pub(super) merged_into: Option<usize>,
}

/// One combination of outcomes, and what was planned for it.
#[derive(Debug)]
pub(super) struct OverrideCase {
    /// The outcomes.
    pub(super) decided: Decided,
    /// The provider of each slot for rows of each type.
    pub(super) served: HashMap<(PositionId, u16, TypeId), ProviderId>,
    /// The providers that tell the concrete type of a position's rows.
    pub(super) typed_by: HashMap<PositionId, ProviderId>,
}

/// What identifies an entry into a lookup at a level. An equal entry reuses its provider.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct EntryKey {
    pub(super) lookup: LookupId,
    pub(super) slot: Option<u16>,
    pub(super) required: Option<Name>,
}

/// The rows of one type at one position, with the providers at hand for them.
#[derive(Debug, Clone, Default)]
pub(super) struct Level {
    pub(super) providers: Vec<ProviderId>,
    pub(super) entered: HashMap<EntryKey, ProviderId>,
    /// The providers by the fields that they offer.
    pub(super) by_field: HashMap<Name, Vec<ProviderId>>,
    /// The requested slots, in the order in which they are served.
    pub(super) slots: Vec<u16>,
    /// What can be entered from here; `None` when it must be computed again.
    pub(super) reachable: Option<Arc<Reachable>>,
}
