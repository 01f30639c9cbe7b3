//! The selection sets of a program, with the costs that do not depend on variables.

use apollo_compiler::Name;

use super::inputs::InputCost;
use crate::graph::query::TypeId;
use crate::plan::arguments::Argument;

/// One selection set.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CostObject {
    /// The selections by concrete type; types with the same cost share one.
    pub(crate) classes: Vec<CostClass>,
}

impl CostObject {
    /// The class of an object in the response.
    pub(crate) fn class_of(&self, ty: Option<TypeId>) -> Option<&CostClass> {
        let of_type = ty.and_then(|ty| {
            let mut classes = self.classes.iter();
            classes.find(|class| class.types.contains(&ty))
        });
        of_type.or(self.classes.first())
    }
}

/// The selection on objects of some concrete types.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CostClass {
    pub(crate) types: Vec<TypeId>,
    /// The weight of an object.
    pub(crate) weight: u64,
    pub(crate) fields: Vec<CostField>,
}

/// One response field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CostField {
    /// Its response name.
    pub(crate) name: Name,
    /// When it is in the response.
    pub(crate) guard: u32,
    /// The slot of its value.
    pub(crate) slot: u16,
    /// The cost that does not depend on its value.
    pub(crate) once: u64,
    /// The cost of its arguments.
    pub(super) arguments: InputCost,
    /// The weight of each value; `None` if the value's concrete type decides.
    pub(crate) weight: Option<u64>,
    /// The number of values, for a list.
    pub(super) list: Option<CostList>,
    /// The selection set of a composite field.
    pub(crate) below: Option<u32>,
}

/// The assumed number of items of a list.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CostList {
    /// The greatest of these counts.
    pub(super) sizes: Vec<CostSize>,
    /// For a list of lists: the product of the sizes of the inner lists.
    pub(super) within: u64,
}

/// One size.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CostSize {
    /// The greatest of these arguments counts, if one is at least 1.
    pub(super) slicing: Vec<Argument>,
    /// The size otherwise.
    pub(super) assumed: u64,
}
