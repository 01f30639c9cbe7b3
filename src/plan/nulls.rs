//! Nullable variables at non-null positions.
//!
//! Such a use is valid if a default replaces a variable that is not provided: the variable's own, or that of the
//! argument or input field (GraphQL specification, 5.8.5). An explicit null is then a field error (6.4.1). Planning
//! finds these uses and guards their fields, so that a field with such a null is not fetched, and operations without
//! such a use pay nothing.

use std::collections::HashSet;

use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node, Schema, ast, executable};

/// The nullable variables of an operation.
#[derive(Debug, Clone)]
pub(super) struct Nullable<'a> {
    schema: &'a Schema,
    names: HashSet<&'a Name>,
}

/// The use of a nullable variable where null is not allowed.
#[derive(Debug, Clone, Copy)]
pub(super) struct NullableUse<'f> {
    pub(super) variable: &'f Name,
    /// The argument that contains it.
    pub(super) argument: &'f Node<ast::Argument>,
    /// The type of the argument, input field or list item.
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

    /// The uses in a field's arguments, in the order of the argument definitions; the first of each variable.
    pub(super) fn uses(&self, field: &'a executable::Field) -> Vec<NullableUse<'a>> {
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
        uses.retain(|null_use| seen.insert(null_use.variable));
        uses
    }

    fn find(
        &self,
        argument: &'a Node<ast::Argument>,
        value: &'a ast::Value,
        expected: &'a ast::Type,
        into: &mut Vec<NullableUse<'a>>,
    ) {
        let schema = self.schema;
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
                let ty = schema.types.get(expected.inner_named_type());
                // The contents of a custom scalar have no type.
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
