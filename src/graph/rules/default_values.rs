//! Default values must be valid, like the values that a client sends.
//!
//! They are checked first in each connector, then in the merged schema, whose enums and input types may lack what a
//! connector's default uses.

use apollo_compiler::ast::{Type, Value};
use apollo_compiler::schema::{EnumType, ExtendedType, InputObjectType, InputValueDefinition};
use apollo_compiler::{Name, Node, Schema};

use super::super::field_sets::fields_of;
use super::super::report::{Finding, Report};
use super::super::view::View;
use super::super::{code, federation as fed};

/// Checks one subgraph.
pub(super) fn check(graph: usize, view: &View<'_>, report: &mut Report) {
    for (parent, ty) in view.types() {
        each(parent, ty, &mut |coordinate, definition| {
            if let Some(wrong) = wrong(view.schema, definition) {
                let finding = Finding::new(
                    &code::INVALID_GRAPHQL,
                    graph,
                    format!("the default value of {coordinate} is not valid: {wrong}"),
                );
                let help = format!("give it a value of type `{}`, or none", definition.ty);
                report.push(finding.at(definition).help(help));
            }
        });
    }
}

/// Checks the merged schema. The subgraph with a default that not all connectors accept is blamed.
pub(crate) fn default_values(merged: &Schema, views: &[View<'_>], report: &mut Report) {
    for (parent, ty) in merged.types.iter().filter(|(_, ty)| !ty.is_built_in()) {
        each(parent, ty, &mut |coordinate, definition| {
            let Some(wrong) = wrong(merged, definition) else {
                return;
            };
            let mut given = None;
            for (graph, view) in views.iter().enumerate() {
                let Some(here) = view.schema.types.get(parent) else {
                    continue;
                };
                each(parent, here, &mut |other, same| {
                    if other == coordinate && same.default_value.is_some() {
                        given.get_or_insert((graph, same.location()));
                    }
                });
            }
            let message =
                format!("the default value of {coordinate} is not valid in the graph: {wrong}");
            let finding = match given {
                Some((graph, at)) => {
                    Finding::new(&code::INVALID_GRAPHQL, graph, message).at_span(at)
                }
                None => Finding::global(&code::INVALID_GRAPHQL, message),
            };
            report.push(finding.help("give it a value that all connectors know, or none"));
        });
    }
}

/// Every argument and input field of a type, with its name for messages.
fn each(
    parent: &Name,
    ty: &ExtendedType,
    visit: &mut dyn FnMut(String, &Node<InputValueDefinition>),
) {
    for (field, definition) in fields_of(ty) {
        for argument in &definition.arguments {
            let name = &argument.name;
            visit(format!("argument `{parent}.{field}({name}:)`"), argument);
        }
    }
    if let ExtendedType::InputObject(input) = ty {
        for (field, definition) in &input.fields {
            visit(format!("input field `{parent}.{field}`"), definition);
        }
    }
}

fn wrong(schema: &Schema, definition: &InputValueDefinition) -> Option<String> {
    let value = definition.default_value.as_ref()?;
    fits(schema, &definition.ty, value).err()
}

/// Whether a literal can be coerced to a type, or why not.
fn fits(schema: &Schema, ty: &Type, value: &Value) -> Result<(), String> {
    if value.is_null() {
        return match ty.is_non_null() {
            true => Err(format!("null is no `{ty}`")),
            false => Ok(()),
        };
    }
    if ty.is_list() {
        return match value {
            Value::List(items) => items
                .iter()
                .try_for_each(|item| fits(schema, ty.item_type(), item)),
            // A single value is coerced to a list.
            one => fits(schema, ty.item_type(), one),
        };
    }
    let name = ty.inner_named_type();
    match schema.types.get(name) {
        Some(ExtendedType::Enum(values)) => fits_enum(values, value),
        Some(ExtendedType::InputObject(input)) => fits_input(schema, input, value),
        _ => fits_scalar(name, value),
    }
}

fn fits_enum(values: &EnumType, value: &Value) -> Result<(), String> {
    let is_value = |name: &Name| values.values.contains_key(name);
    match value {
        Value::Enum(name) if is_value(name) => Ok(()),
        _ => no(value, &values.name),
    }
}

fn fits_input(schema: &Schema, input: &InputObjectType, value: &Value) -> Result<(), String> {
    let Value::Object(given) = value else {
        return no(value, &input.name);
    };
    for (name, value) in given {
        let Some(field) = input.fields.get(name) else {
            return Err(format!("`{}` has no field `{name}`", input.name));
        };
        fits(schema, &field.ty, value)?;
    }
    let lacks = |field: &InputValueDefinition| {
        field.is_required() && given.iter().all(|(name, _)| *name != field.name)
    };
    match input.fields.values().find(|field| lacks(field)) {
        Some(field) => Err(format!("it lacks `{}.{}`", input.name, field.name)),
        None if input.directives.has(fed::ONE_OF) && !is_one(given) => Err(format!(
            "`{}` is @oneOf: it takes exactly one field, which is not null",
            input.name
        )),
        None => Ok(()),
    }
}

fn is_one(given: &[(Name, Node<Value>)]) -> bool {
    matches!(given, [(_, value)] if !value.is_null())
}

/// The scalars of GraphQL. Custom scalars accept any literal.
fn fits_scalar(name: &Name, value: &Value) -> Result<(), String> {
    let fits = match name.as_str() {
        "Int" => matches!(value, Value::Int(int) if int.try_to_i32().is_ok()),
        "Float" => matches!(value, Value::Int(_) | Value::Float(_)),
        "String" => matches!(value, Value::String(_)),
        "Boolean" => matches!(value, Value::Boolean(_)),
        "ID" => matches!(value, Value::Int(_) | Value::String(_)),
        _ => true,
    };
    if fits { Ok(()) } else { no(value, name) }
}

fn no(value: &Value, ty: &Name) -> Result<(), String> {
    Err(format!("`{}` is no `{ty}`", value.serialize().no_indent()))
}
