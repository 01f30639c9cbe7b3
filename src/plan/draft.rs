//! The draft of a plan: the planner's providers, fetches and the trees of what they read.

use std::collections::HashMap;
use std::rc::Rc;

use apollo_compiler::Name;

use super::planner::CaseSet;
use super::reachability::Reachable;
use super::requested::PositionId;
use crate::graph::query::LookupId;
use crate::graph::query::NodeId;
use crate::graph::query::TypeId;

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
    pub(super) origin: Origin,
    pub(super) tree: Option<TreeId>,
}

/// How a provider was reached.
#[derive(Debug, Clone, Copy)]
pub(super) enum Origin {
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
    pub(super) tree: TreeId,
    /// For mutations: the slot of the root field that it runs for.
    pub(super) sequence: u32,
    /// The cases that it was made in.
    pub(super) cases: CaseSet,
    /// The fetch that it was merged into.
    pub(super) merged_into: Option<usize>,
}

/// A value that a fetch takes from the rows that it starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The field's name in the representation or in `$this`.
    pub name: Name,
    /// The slot that holds it; `None` for `__typename`.
    pub slot: Option<u16>,
    /// Its type is `ID` or `String`. A number is sent as text, so that `5` and `"5"` make one request.
    pub text: bool,
    /// It is part of a key: without it no call is made.
    pub key: bool,
    /// It applies only to rows of this concrete type.
    pub only: Option<TypeId>,
    /// The parts of a composite field.
    pub children: Vec<Input>,
}

/// What one field of a fetch requires besides the key (`@requires`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The field.
    pub field: Name,
    /// What it requires.
    pub inputs: Vec<Input>,
    /// The guard of the field, as an index into [`Plan::guards`](super::Plan::guards).
    pub guard: u32,
}

impl Input {
    /// Whether both are the same field of the same rows; their children may differ.
    pub fn is(&self, other: &Input) -> bool {
        (self.slot, &self.name, self.only) == (other.slot, &other.name, other.only)
    }
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
    /// What can be entered from here; `None` when it must be computed again.
    pub(super) reachable: Option<Rc<Reachable>>,
}

/// Adds an input, or its children to an equal input.
pub(crate) fn merge_input(inputs: &mut Vec<Input>, input: Input) {
    match inputs.iter_mut().find(|existing| existing.is(&input)) {
        Some(existing) => {
            for child in input.children {
                merge_input(&mut existing.children, child);
            }
        }
        None => inputs.push(input),
    }
}
