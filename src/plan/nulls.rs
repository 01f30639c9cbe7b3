//! Null where none may be: variables that may be null, at places that may not.
//!
//! Such a use is valid where something stands in for a variable that is left out: its own default, or that of the place
//! (GraphQL specification, 5.8.5). Null that is given all the same is an error of the field (6.4.1). Uses are found here
//! when the plan is made, and guard their field: what is null then is not fetched, and operations without such a use
//! pay nothing.

use std::collections::HashSet;

use apollo_compiler::Name;
use apollo_compiler::Node;
use apollo_compiler::Schema;
use apollo_compiler::ast;
use apollo_compiler::executable;
use apollo_compiler::schema::ExtendedType;

/// The variables of an operation that may be null.
#[derive(Debug, Clone)]
pub(super) struct Nullable<'a> {
    schema: &'a Schema,
    names: HashSet<&'a Name>,
}

/// One of them, where null must not be.
#[derive(Debug)]
pub(super) struct NullableUse<'f> {
    pub(super) variable: &'f Name,
    /// The argument in which it stands.
    pub(super) argument: &'f Node<ast::Argument>,
    /// The type of its place.
    pub(super) expected: &'f ast::Type,
}

impl<'a> Nullable<'a> {
    pub(super) fn of(schema: &'a Schema, operation: &'a executable::Operation) -> Self {
        let variables = operation.variables.iter();
        let nullable = variables.filter(|variable| !variable.ty.is_non_null());
        Nullable {
            schema,
            names: nullable.map(|variable| &variable.name).collect(),
        }
    }

    /// The uses among a field's arguments, in the order of their definitions; of each variable the first.
    pub(super) fn uses<'f>(&'f self, field: &'f executable::Field) -> Vec<NullableUse<'f>> {
        let mut uses = Vec::new();
        if self.names.is_empty() || field.arguments.is_empty() {
            return uses;
        }
        for definition in &field.definition.arguments {
            let mut given = field.arguments.iter();
            if let Some(argument) = given.find(|given| given.name == definition.name) {
                self.find(argument, &argument.value, &definition.ty, &mut uses);
            }
        }
        let mut seen = HashSet::with_capacity(uses.len());
        uses.retain(|found| seen.insert(found.variable));
        uses
    }

    fn find<'f>(
        &'f self,
        argument: &'f Node<ast::Argument>,
        value: &'f ast::Value,
        expected: &'f ast::Type,
        into: &mut Vec<NullableUse<'f>>,
    ) {
        match value {
            ast::Value::Variable(variable)
                if expected.is_non_null() && self.names.contains(variable) =>
            {
                into.push(NullableUse {
                    variable,
                    argument,
                    expected,
                });
            }
            ast::Value::List(items) if expected.is_list() => {
                for item in items {
                    self.find(argument, item, expected.item_type(), into);
                }
            }
            ast::Value::Object(members) => {
                let ty = self.schema.types.get(expected.inner_named_type());
                // What stands in a custom scalar has no type.
                let Some(ExtendedType::InputObject(definition)) = ty else {
                    return;
                };
                for (name, member) in members {
                    if let Some(field) = definition.fields.get(name) {
                        self.find(argument, member, &field.ty, into);
                    }
                }
            }
            _ => {}
        }
    }
}
