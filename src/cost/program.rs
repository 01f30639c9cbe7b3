//! A program: the parts of an operation's cost, before the variables are known.

use std::sync::Arc;

use apollo_compiler::{Name, Schema};

use super::estimate::Estimate;
use super::inputs::{InputCost, InputVariable};
use crate::graph::query::TypeId;
use crate::plan::Conditions;
use crate::plan::arguments::Argument;
use crate::plan::guard::Guard;

/// The parts of the cost of one operation.
///
/// Objects, classes and fields are those of the plan's output, without leaves that cost nothing. Children of an object
/// have greater indices than the object, so that one pass backwards evaluates all of them.
#[derive(Debug)]
pub struct Program {
    pub(super) schema: Arc<Schema>,
    /// One per selection set; the first is the root.
    pub(super) objects: Vec<CostObject>,
    /// The guards of fields, with the indices of the plan's output.
    pub(super) guards: Vec<Guard>,
    /// The conditions that these guards depend on.
    pub(super) conditions: Conditions,
    /// Variables whose values have a cost.
    pub(super) inputs: Vec<InputVariable>,
    /// The fields whose slicing arguments do not fit their `@listSize`.
    pub(super) problems: Vec<SlicingProblem>,
    /// The estimate, if it is independent of variables.
    pub(super) constant: Option<Arc<Estimate>>,
    pub(super) fields: usize,
}

/// A field that must have exactly one of its slicing arguments, and has none or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlicingProblem {
    /// The message for the client.
    pub message: String,
    /// Lines and columns in the operation text.
    pub locations: Arc<[(usize, usize)]>,
}

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

impl Program {
    /// The fields with wrong slicing arguments.
    pub fn problems(&self) -> &[SlicingProblem] {
        &self.problems
    }

    /// A selection set.
    pub(crate) fn object(&self, index: u32) -> Option<&CostObject> {
        self.objects.get(index as usize)
    }

    /// The bytes that it holds, approximately.
    pub fn weight(&self) -> usize {
        self.objects.len() * 48 + self.fields * (size_of::<CostField>() + 32)
    }
}
