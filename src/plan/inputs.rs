//! What a fetch takes from the rows that it starts from.

use apollo_compiler::{Name, ast};

use super::requested::PositionId;
use crate::graph::query::{ContextId, TypeId};

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

/// A value that a fetch takes from an ancestor of the rows that it starts from (`@fromContext`). A call has one value, so rows
/// with different values are fetched by different calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextInput {
    /// The context.
    pub context: ContextId,
    /// The variable that carries it; set by lowering.
    pub variable: String,
    /// The type of the variable.
    pub ty: ast::Type,
    /// The ancestors that may have the value, from the root down. The last one whose row has one of its types counts.
    pub sources: Vec<ContextSource>,
}

/// The ancestors at one position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextSource {
    /// The position.
    pub position: PositionId,
    /// How many steps of the fetch's path lead there.
    pub depth: usize,
    /// The concrete types of the rows that have the context; empty for all.
    pub only: Vec<TypeId>,
    /// What is read of a row: for its type, a path of fields to one value.
    pub inputs: Vec<Input>,
}

/// An argument that has the value of a [`ContextInput`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FilledArgument {
    /// The field.
    pub(super) field: Name,
    /// The argument.
    pub(super) argument: Name,
    /// The index among the contexts of the fetch.
    pub(super) context: usize,
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
