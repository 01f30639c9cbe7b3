//! The cost of an operation for the variables of one request.

use std::collections::HashMap;

use super::inputs::Counted;
use super::objects::{CostClass, CostField, CostList, CostObject, CostSize};
use crate::document::{Str, Value};

/// The estimated cost of an operation for the variables of one request, by its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    /// The values of the guards.
    guards: Vec<bool>,
    /// The cost of each variable's value.
    inputs: Vec<Counted>,
    objects: Vec<Below>,
}

/// The cost of one object of a selection set; of several types the greatest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Below {
    /// The cost of its selection.
    selected: u64,
    /// The same plus the weight of the object.
    with_weight: u64,
}

/// The coerced variables of a request.
pub(super) type Variables = HashMap<Str, Value>;

impl Estimate {
    /// The costs of a program's selection sets, with the values of its guards and the counts of its variables.
    pub(super) fn new(
        objects: &[CostObject],
        guards: Vec<bool>,
        inputs: Vec<Counted>,
        variables: &Variables,
    ) -> Estimate {
        let mut estimate = Estimate {
            guards,
            inputs,
            objects: vec![Below::default(); objects.len()],
        };
        // Children have greater indices than their parents, so they are evaluated first.
        for (index, object) in objects.iter().enumerate().rev() {
            let mut greatest = Below::default();
            for class in &object.classes {
                let selected = estimate.selected(class, variables);
                greatest.selected = greatest.selected.max(selected);
                let with_weight = class.weight.saturating_add(selected);
                greatest.with_weight = greatest.with_weight.max(with_weight);
            }
            estimate.objects[index] = greatest;
        }
        estimate
    }

    /// The cost of the operation.
    pub fn total(&self) -> u64 {
        self.objects.first().map_or(0, |root| root.selected)
    }

    /// The cost of the selection on one object of a class.
    pub(super) fn selected(&self, class: &CostClass, variables: &Variables) -> u64 {
        let included = class.fields.iter().filter(|field| self.includes(field));
        included.fold(0, |sum: u64, field| {
            sum.saturating_add(self.field(field, variables))
        })
    }

    /// The cost of one field, for one parent.
    pub(super) fn field(&self, field: &CostField, variables: &Variables) -> u64 {
        let below = field
            .below
            .and_then(|object| self.objects.get(object as usize));
        let below = below.copied().unwrap_or_default();
        let each = match field.weight {
            Some(weight) => weight.saturating_add(below.selected),
            None => below.with_weight,
        };
        let size = field.size(variables).unwrap_or(1);
        self.once(field).saturating_add(size.saturating_mul(each))
    }

    /// Whether a field is in the response.
    pub(crate) fn includes(&self, field: &CostField) -> bool {
        let outcome = self.guards.get(field.guard as usize);
        field.guard == 0 || outcome.copied().unwrap_or(true)
    }

    /// The cost of a field that does not depend on its value.
    pub(crate) fn once(&self, field: &CostField) -> u64 {
        let arguments = &field.arguments;
        let constant = field.once.saturating_add(arguments.constant);
        arguments
            .variables
            .iter()
            .fold(constant, |sum, (input, weight)| {
                let counted = self.inputs.get(*input as usize);
                let counted = counted.copied().unwrap_or_default();
                sum.saturating_add(counted.cost(*weight))
            })
    }
}

impl CostField {
    /// The assumed number of values; `None` if it is not a list.
    pub(super) fn size(&self, variables: &Variables) -> Option<u64> {
        self.list.as_ref().map(|list| list.size(variables))
    }
}

impl CostList {
    fn size(&self, variables: &Variables) -> u64 {
        let sizes = self.sizes.iter().map(|size| size.evaluate(variables));
        sizes.max().unwrap_or(0).saturating_mul(self.within)
    }
}

impl CostSize {
    fn evaluate(&self, variables: &Variables) -> u64 {
        let value = |name: &str| variables.get(name).cloned();
        let given = self.slicing.iter().filter_map(|argument| {
            let value = argument.evaluate(&value)?;
            if let Some(ids) = value.as_array() {
                return u64::try_from(ids.len()).ok();
            }
            u64::try_from(value.as_number()?.as_whole()?).ok()
        });
        let greatest = given.max().filter(|size| *size > 0);
        greatest.unwrap_or(self.assumed)
    }
}
