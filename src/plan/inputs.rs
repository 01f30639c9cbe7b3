//! What a fetch takes from the rows that it starts from.

use apollo_compiler::Name;

use crate::graph::query::TypeId;

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
