//! A program: what an operation's cost is made of, before the variables are known.

use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::Schema;

use super::estimate::Estimate;
use super::inputs::InputCost;
use super::inputs::InputVariable;
use crate::graph::query::TypeId;
use crate::plan::arguments::Argument;
use crate::plan::guard::Guard;

/// What the cost of one operation is made of.
///
/// Objects, classes and fields are those of the plan's output, without leaves that cost nothing. An object's children have
/// greater numbers than itself, so that one pass backwards evaluates all of them.
#[derive(Debug)]
pub struct Program {
    pub(super) schema: Arc<Schema>,
    /// One per selection set; the first is the root.
    pub(super) objects: Vec<CostObject>,
    /// The guards of fields, by the numbers of the plan's output.
    pub(super) guards: Vec<Guard>,
    /// Variables whose values have a cost.
    pub(super) inputs: Vec<InputVariable>,
    /// Fields whose slicing arguments are not given as their `@listSize` requires.
    pub(super) problems: Vec<SlicingProblem>,
    /// The estimate, where no variable has a part in it.
    pub(super) constant: Option<Arc<Estimate>>,
    pub(super) fields: usize,
}

/// A field that must have exactly one of its slicing arguments, and has none or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlicingProblem {
    /// What is wrong, for the client.
    pub message: String,
    /// Lines and columns in the operation's text.
    pub locations: Arc<[(usize, usize)]>,
}

/// One selection set.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CostObject {
    /// What is selected, by concrete type: types that cost the same share one.
    pub(crate) classes: Vec<CostClass>,
}

impl CostObject {
    /// The class of an object in the answer.
    pub(crate) fn class_of(&self, ty: Option<TypeId>) -> Option<&CostClass> {
        let own = ty.and_then(|ty| {
            let mut classes = self.classes.iter();
            classes.find(|class| class.types.contains(&ty))
        });
        own.or(self.classes.first())
    }
}

/// What is selected of objects of some concrete types.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CostClass {
    pub(crate) types: Vec<TypeId>,
    /// The weight of such an object.
    pub(crate) weight: u64,
    pub(crate) fields: Vec<CostField>,
}

/// One response field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CostField {
    /// Its response name.
    pub(crate) name: Name,
    /// When it is part of the answer.
    pub(crate) guard: u32,
    /// The slot of its value.
    pub(crate) slot: u16,
    /// What it costs whatever it yields.
    pub(crate) once: u64,
    /// What its arguments cost.
    pub(super) arguments: InputCost,
    /// The weight of each value; `None` where the value's type says.
    pub(crate) weight: Option<u64>,
    /// How many values there are, for a list.
    pub(super) list: Option<CostList>,
    /// What is selected below, for a composite field.
    pub(crate) below: Option<u32>,
}

/// How many items a list is taken to have.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CostList {
    /// Of these the greatest.
    pub(super) sizes: Vec<CostSize>,
    /// For a list of lists: the product of the sizes of those within.
    pub(super) within: u64,
}

/// One size.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CostSize {
    /// The greatest of these counts, where one has a value of at least 1.
    pub(super) slicing: Vec<Argument>,
    /// What counts otherwise.
    pub(super) assumed: u64,
}

impl Program {
    /// What is wrong with the slicing arguments.
    pub fn problems(&self) -> &[SlicingProblem] {
        &self.problems
    }

    /// A selection set.
    pub(crate) fn object(&self, index: u32) -> Option<&CostObject> {
        self.objects.get(index as usize)
    }

    /// The bytes that it holds, about.
    pub fn weight(&self) -> usize {
        self.objects.len() * 48 + self.fields * (size_of::<CostField>() + 32)
    }
}
