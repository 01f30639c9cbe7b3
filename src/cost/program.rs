//! A program: the parts of an operation's cost, before the variables are known.

use std::borrow::Cow;
use std::sync::Arc;

use apollo_compiler::Schema;

use super::estimate::{Estimate, Variables};
use super::inputs::{Counted, InputVariable, count};
use super::objects::{CostField, CostObject};
use crate::plan::Conditions;
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

impl Program {
    /// The cost for these coerced variables. One pass over the program and the variables that it reads.
    pub fn estimate(&self, variables: &Variables) -> Cow<'_, Arc<Estimate>> {
        match &self.constant {
            Some(constant) => Cow::Borrowed(constant),
            None => Cow::Owned(Arc::new(self.evaluate(variables))),
        }
    }

    pub(super) fn evaluate(&self, variables: &Variables) -> Estimate {
        let input = |input: &InputVariable| {
            let value = variables.get(input.name.as_str());
            value.map_or(Counted::default(), |value| {
                count(&self.schema, &input.ty, value)
            })
        };
        // Labels decide which subgraph resolves a field, not whether it is in the response.
        let values = self.conditions.decide(variables, |_| true);
        let holds = |guard| self.conditions.holds(guard, &values);
        let guards = self.guards.iter().map(holds).collect();
        let inputs = self.inputs.iter().map(input).collect();
        Estimate::new(&self.objects, guards, inputs, variables)
    }

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
