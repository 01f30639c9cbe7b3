//! The stack of objects and lists that are being written.

use crate::graph::query::TypeId;
use crate::plan::output::{FieldSource, OutputField, OutputObject, OutputOfType, OutputType};
use crate::response::failures::Below;
use crate::response::store::RowId;

/// How far a value has been written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Completion {
    Written,
    /// It is an object or a list, now on top of the stack.
    Begun,
}

/// An object or a list that is being written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'w> {
    pub(super) part: Part<'w>,
    /// The index in the text where it starts.
    pub(super) start: usize,
    /// Whether null may stand in its place.
    pub(super) nullable: bool,
}

impl Frame<'_> {
    /// The step from this object or list to the value in it that is being written.
    pub(super) fn step(&self) -> Option<Below> {
        match &self.part {
            Part::Object(open) => match open.current_field()?.source {
                FieldSource::Slot(slot) => Some(Below::Slot(slot)),
                _ => None,
            },
            Part::List(open, ..) | Part::Any(open) => {
                Some(Below::Index(open.next.saturating_sub(1)))
            }
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Part<'w> {
    Object(OpenObject<'w>),
    List(OpenList, &'w OutputType, &'w OutputField),
    /// A list in a value of a custom scalar.
    Any(OpenList),
}

/// Small, since it is copied from the stack and back for each of its composite fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct OpenObject<'w> {
    pub(super) row: RowId,
    /// The index of the next field in the class, and of the next prerendered text.
    pub(super) at: u32,
    pub(super) run: u32,
    pub(super) object: &'w OutputObject,
    pub(super) class: &'w OutputOfType,
}

impl<'w> OpenObject<'w> {
    /// The field that is being written.
    pub(super) fn current_field(&self) -> Option<&'w OutputField> {
        let index = self.class.fields.get(self.at.saturating_sub(1) as usize)?;
        Some(&self.object.fields[usize::from(*index)])
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct OpenList {
    pub(super) at: u32,
    pub(super) len: u32,
    pub(super) next: u32,
}

/// The class of a row whose type has no class: no fields.
pub(super) static NO_FIELDS: OutputOfType = OutputOfType {
    ty: TypeId(0),
    fields: Vec::new(),
    prerendered: Vec::new(),
};
