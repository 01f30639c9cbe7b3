//! The requested fields of each position of an operation.
//!
//! A [`Position`] is the root of the operation or a composite field in it. Its slots are the fields that are read of
//! each object there, addressed by (field, arguments) and never by response name: an alias of the client can neither
//! capture a key nor cause a second fetch of the same value. In
//!
//! ```graphql
//! { district { id: name  code: name  works(year: 2024) { spent }  old: works(year: 2023) { spent } } }
//! ```
//!
//! the position `district` has three slots: `name`, `works(year: 2024)` and `works(year: 2023)`; the last two lead to
//! positions of their own. The planner adds slots that no client requested, for keys and `@requires`.
//!
//! At an abstract position the possible types can request different fields. A slot lists the concrete types that it
//! applies to, and types that request the same share their slots.
//!
//! `build` makes the positions of the normalised operation: the slots of a position are the union of the selection sets
//! of all response fields that lead there. `nullability` keeps response fields apart that cannot share a slot.

mod build;
mod nullability;

use std::collections::BTreeMap;

use apollo_compiler::{Name, Node, ast};

pub(super) use self::build::PositionBuilder;
use super::guard::Guard;
use super::normalised::{NormalisedOperation, ResponseId};
pub use super::slot_key::SlotKey;
use crate::graph::query::TypeId;

/// A position, as an index into [`Plan::positions`](super::Plan::positions).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PositionId(pub u32);

/// One position and its requested fields.
#[derive(Debug, Clone)]
pub struct Position {
    /// The static type of the objects here.
    pub ty: TypeId,
    /// The parent position and the slot that leads here; `None` at the root.
    pub parent: Option<(PositionId, u16)>,
    /// What is read of each object. During execution an object is a row with a cell per slot.
    pub slots: Vec<Slot>,
    /// The slot of each field, by concrete type.
    pub index: BTreeMap<TypeId, BTreeMap<SlotKey, u16>>,
    /// Response fields that cannot share the slot of their field and arguments, because they select non-null fields
    /// that the others do not (see `nullability`): by concrete type and response key, the response key in the
    /// [`SlotKey`].
    pub separated: BTreeMap<(TypeId, Name), Name>,
    /// The response depends on the concrete type: the operation selects `__typename`, or requests other fields of some
    /// types.
    pub needs_typename: bool,
    /// How many prerendered texts its rows have cells for, after the cells of the slots.
    pub prerendered: u16,
}

/// One value that is read of each object at a position.
#[derive(Debug, Clone)]
pub struct Slot {
    /// The field and its arguments.
    pub key: SlotKey,
    /// The arguments as written.
    pub arguments: Vec<Node<ast::Argument>>,
    /// The directives that are passed on to services.
    pub directives: Vec<Node<ast::Directive>>,
    /// The concrete types that it applies to, sorted.
    pub types: Vec<TypeId>,
    /// When it is read. During planning, `never` marks a slot that no client requested; lowering sets its guard.
    pub guard: Guard,
    /// The position it leads to, for a composite field.
    pub child: Option<PositionId>,
}

impl Position {
    /// How many cells a row has.
    pub fn width(&self) -> u32 {
        self.slots.len() as u32 + u32::from(self.prerendered)
    }

    /// The slot of a response field for rows of a concrete type. With `each`, every response field has a slot of its own.
    pub(super) fn slot_of(
        &self,
        concrete: TypeId,
        operation: &NormalisedOperation<'_>,
        response: ResponseId,
        each: bool,
    ) -> Option<u16> {
        let slots = self.index.get(&concrete)?;
        let field = operation.first_field(response);
        if !each && self.separated.is_empty() && operation.directives(response).is_empty() {
            return slots.get(&field.key).copied();
        }
        let mut key = operation.slot_key(response);
        key.response = if each {
            Some(field.response.clone())
        } else {
            let response_field = (concrete, field.response.clone());
            self.separated.get(&response_field).cloned()
        };
        slots.get(&key).copied()
    }
}
