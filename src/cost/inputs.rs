//! The cost of the values of arguments.
//!
//! Each value in a list counts; an object counts its own weight and that of its fields. A variable can occur in many
//! arguments: its value is counted once per request, and each use multiplies.

use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Schema, ast};

use super::schema::{input_weight, type_weight};
use crate::document::Value;
use crate::plan::arguments::Expression;

/// A variable whose value has a cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InputVariable {
    pub(super) name: Name,
    /// The named type at its positions.
    pub(super) ty: Name,
}

/// The counts of one value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// The values that are neither lists nor null: each has the weight of its position.
    pub(super) values: u64,
    /// The cost of the fields of objects among them.
    pub(super) below: u64,
}

impl Counted {
    /// The cost at a position whose values have this weight.
    pub(super) fn cost(self, weight: u64) -> u64 {
        self.values
            .saturating_mul(weight)
            .saturating_add(self.below)
    }
}

/// Counts a value of a named type, or a list of it.
pub(super) fn count(schema: &Schema, ty: &str, value: &Value) -> Counted {
    match (schema.types.get(ty), value) {
        (_, Value::Null) => Counted::default(),
        // A value of a custom scalar counts as one value.
        (Some(ExtendedType::Scalar(scalar)), _) if !scalar.is_built_in() => Counted {
            values: 1,
            below: 0,
        },
        (_, Value::Array(items)) => {
            let mut total = Counted::default();
            for item in items.iter() {
                let counted = count(schema, ty, item);
                total.values = total.values.saturating_add(counted.values);
                total.below = total.below.saturating_add(counted.below);
            }
            total
        }
        (Some(ExtendedType::InputObject(definition)), Value::Object(members)) => {
            let mut below: u64 = 0;
            for (name, member) in members.iter() {
                if let Some(field) = definition.fields.get(&**name) {
                    let counted = count(schema, field.ty.inner_named_type(), member);
                    below = below.saturating_add(counted.cost(weight_of(schema, field)));
                }
            }
            Counted { values: 1, below }
        }
        _ => Counted {
            values: 1,
            below: 0,
        },
    }
}

/// The weight of one value of an argument or input field.
pub(super) fn weight_of(schema: &Schema, definition: &ast::InputValueDefinition) -> u64 {
    let weight = input_weight(definition);
    weight.unwrap_or_else(|| type_weight(schema, definition.ty.inner_named_type()))
}

/// The cost of arguments: the constant part, and the uses of variables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct InputCost {
    pub(super) constant: u64,
    /// The variables, as indices into the program's variables, each with the weight of one value.
    pub(super) variables: Vec<(u32, u64)>,
}

/// Adds up the cost of arguments.
pub(super) struct InputCosts<'s> {
    pub(super) schema: &'s Schema,
    /// The variables so far.
    pub(super) variables: &'s mut Vec<InputVariable>,
    pub(super) cost: InputCost,
}

impl InputCosts<'_> {
    /// Adds the value of an argument or input field.
    pub(super) fn add(&mut self, definition: &ast::InputValueDefinition, given: &Expression) {
        let weight = weight_of(self.schema, definition);
        self.expression(definition.ty.inner_named_type(), weight, given);
    }

    fn expression(&mut self, ty: &Name, weight: u64, given: &Expression) {
        match given {
            Expression::Constant(value) => {
                let cost = count(self.schema, ty, value).cost(weight);
                self.cost.constant = self.cost.constant.saturating_add(cost);
            }
            // If the variable is not provided, the service applies the default of the position.
            Expression::Variable(name) | Expression::VariableOr(name, _) => {
                self.variable(ty, weight, name);
            }
            Expression::List(items) => {
                for item in items {
                    self.expression(ty, weight, item);
                }
            }
            Expression::Object(members) => {
                self.cost.constant = self.cost.constant.saturating_add(weight);
                let schema = self.schema;
                let Some(ExtendedType::InputObject(definition)) = schema.types.get(ty) else {
                    return;
                };
                for (name, member) in members {
                    if let Some(field) = definition.fields.get(&**name) {
                        self.add(field, member);
                    }
                }
            }
        }
    }

    fn variable(&mut self, ty: &Name, weight: u64, name: &Name) {
        let holds_objects = matches!(
            self.schema.types.get(ty),
            Some(ExtendedType::InputObject(_))
        );
        if weight == 0 && !holds_objects {
            return;
        }
        let index = self
            .variables
            .iter()
            .position(|variable| variable.name == *name && variable.ty == *ty);
        let index = index.unwrap_or_else(|| {
            self.variables.push(InputVariable {
                name: name.clone(),
                ty: ty.clone(),
            });
            self.variables.len() - 1
        });
        self.cost.variables.push((index as u32, weight));
    }
}
