//! The plan while it is drawn: fetches with their trees, and the positions that the planner stands at.

use std::collections::HashMap;
use std::rc::Rc;

use apollo_compiler::Name;

use super::planner::CaseSet;
use super::reachability::Reachable;
use super::requested::PositionId;
use crate::graph::query::LookupId;
use crate::graph::query::NodeId;
use crate::graph::query::TypeId;

/// A place that the planner stands at: a node, inside a fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ProviderId(pub(super) u32);

/// A node of a fetch's tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct TreeId(pub(super) u32);

/// See [`ProviderId`].
#[derive(Debug, Clone)]
pub(super) struct Provider {
    pub(super) fetch: usize,
    pub(super) node: NodeId,
    pub(super) position: PositionId,
    /// How its tree is found when it is first used.
    pub(super) origin: Origin,
    pub(super) tree: Option<TreeId>,
}

/// Where a position comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Origin {
    /// A lookup was entered.
    Lookup,
    /// A composite field of another position.
    Field(ProviderId, u16),
    /// Another position, narrowed to a concrete type.
    Cast(ProviderId, TypeId),
}

/// What a fetch reads at one position.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub(super) position: PositionId,
    pub(super) node: NodeId,
    /// Slots of the need.
    pub(super) fields: Vec<TreeField>,
    /// At an abstract position: what is read of one concrete type only.
    pub(super) casts: Vec<(TypeId, TreeId)>,
}

/// A slot that a fetch reads.
#[derive(Debug, Clone, Copy)]
pub(super) struct TreeField {
    pub(super) slot: u16,
    /// What is read below a composite one.
    pub(super) child: Option<TreeId>,
    /// In which worlds.
    pub(super) cases: CaseSet,
}

/// A fetch while the plan is drawn.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) lookup: LookupId,
    pub(super) position: PositionId,
    /// The type of the rows that it starts from (abstract when it serves them all).
    pub(super) ty: TypeId,
    /// The slot whose arguments it takes, for a call that serves one field.
    pub(super) arguments_of: Option<u16>,
    pub(super) inputs: Vec<Input>,
    /// Which of them single fields require.
    pub(super) requirements: Vec<Requirement>,
    pub(super) tree: TreeId,
    /// Mutations: the slot of the root field that it is made for.
    pub(super) sequence: u32,
    /// In which worlds it is made.
    pub(super) cases: CaseSet,
    /// Merged into another one.
    pub(super) merged_into: Option<usize>,
}

/// A value that a fetch takes from the rows that it starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The field's name in the representation or in `$this`.
    pub name: Name,
    /// The slot that holds it; `None` for `__typename`.
    pub slot: Option<u16>,
    /// Its type is `ID` or `String`: a number is sent as text, so that `5` and `"5"` make one request.
    pub text: bool,
    /// Part of a key: without it there is no call.
    pub key: bool,
    /// Counts only for rows of this concrete type.
    pub only: Option<TypeId>,
    /// For a composite field.
    pub children: Vec<Input>,
}

/// What one field of a fetch needs beside the key (`@requires`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The field.
    pub field: Name,
    /// What it requires.
    pub inputs: Vec<Input>,
    /// When the field is read, by index into [`Plan::guards`](super::Plan::guards).
    pub guard: u32,
}

impl Input {
    /// Whether it is the same part of the same rows; parts of it may differ.
    pub fn is(&self, other: &Input) -> bool {
        (self.slot, &self.name, self.only) == (other.slot, &other.name, other.only)
    }
}

/// What identifies an entry at a level: entering the same lookup again reuses it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct EntryKey {
    pub(super) lookup: LookupId,
    pub(super) slot: Option<u16>,
    pub(super) required: Option<Name>,
}

/// The rows of one type at one need, and where the planner stands for them.
#[derive(Debug, Clone, Default)]
pub(super) struct Level {
    pub(super) providers: Vec<ProviderId>,
    pub(super) entered: HashMap<EntryKey, ProviderId>,
    /// The positions by the fields that they offer.
    pub(super) by_field: HashMap<Name, Vec<ProviderId>>,
    /// What can be entered from here; `None` when it must be worked out again.
    pub(super) reachable: Option<Rc<Reachable>>,
}

/// Adds an input; what is there already only gains children.
pub(crate) fn merge_input(inputs: &mut Vec<Input>, input: Input) {
    match inputs.iter_mut().find(|known| known.is(&input)) {
        Some(known) => {
            for child in input.children {
                merge_input(&mut known.children, child);
            }
        }
        None => inputs.push(input),
    }
}
