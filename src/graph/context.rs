//! Contexts: values of an ancestor that a subgraph receives as arguments of a field.
//!
//! `@context(name: "place")` marks a type of a subgraph. `@fromContext(field: "$place { currency }")` on an argument of a
//! field takes `currency` of the nearest ancestor in the response whose type has the context in the same subgraph:
//!
//! ```graphql
//! type Shop @key(fields: "id") @context(name: "place") { id: ID! currency: String items: [Item] }
//! type Item @key(fields: "id") { id: ID! price(in: String @fromContext(field: "$place { currency }")): Float }
//! ```
//!
//! The argument is not in the public schema. The selection may have type conditions, and yields one value for each object
//! type.

use apollo_compiler::ast::{FieldDefinition, InputValueDefinition};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Schema};

use super::federation as fed;
use super::join::ContextArgument;
use crate::connector::{FieldSet, FieldSetItem};

/// The value of `@fromContext(field:)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContextValue {
    /// The context's name, without `$`.
    pub(crate) context: String,
    /// What is selected of the ancestor.
    pub(crate) selection: FieldSet,
}

/// Why a text is not a [`ContextValue`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ContextValueError {
    /// It does not begin with `$` and a name.
    NoContext,
    /// Nothing follows the name.
    NoSelection,
    /// What follows is no field set.
    Invalid(String),
}

impl ContextValue {
    /// The context of an argument; `None` if the argument is not contextual, or its value is invalid, which the rules of
    /// composition report.
    pub(crate) fn of_argument(argument: &InputValueDefinition) -> Option<Self> {
        let directive = argument.directives.get(fed::FROM_CONTEXT)?;
        Self::parse(fed::string(directive, "field").unwrap_or_default()).ok()
    }

    /// Parses `$name selection`; the braces around the selection are optional.
    pub(crate) fn parse(text: &str) -> Result<Self, ContextValueError> {
        let after = text.trim().strip_prefix('$');
        let after = after.ok_or(ContextValueError::NoContext)?;
        let end = after.find(|c: char| !(c.is_alphanumeric() || c == '_'));
        let (name, selection) = after.split_at(end.unwrap_or(after.len()));
        if name.is_empty() {
            return Err(ContextValueError::NoContext);
        }
        if selection.trim().is_empty() {
            return Err(ContextValueError::NoSelection);
        }
        match FieldSet::parse(selection) {
            Ok(selection) => Ok(ContextValue {
                context: name.to_owned(),
                selection,
            }),
            Err(error) => Err(ContextValueError::Invalid(error.message)),
        }
    }
}

/// Whether an argument is contextual.
pub(crate) fn is_contextual(argument: &InputValueDefinition) -> bool {
    argument.directives.has(fed::FROM_CONTEXT)
}

/// The contextual arguments of a field, in their order.
pub(crate) fn contextual_arguments(field: &FieldDefinition) -> Vec<ContextArgument> {
    let arguments = field.arguments.iter().filter_map(|argument| {
        let value = ContextValue::of_argument(argument)?;
        Some(ContextArgument {
            name: argument.name.clone(),
            ty: (*argument.ty).clone(),
            context: value.context,
            selection: value.selection,
        })
    });
    arguments.collect()
}

/// The names of the contexts of a type, each once, in the order of the directives.
pub(crate) fn contexts_of(ty: &ExtendedType) -> Vec<&str> {
    let mut names = Vec::new();
    for directive in ty.directives().get_all(fed::CONTEXT) {
        if let Some(name) = fed::string(directive, "name")
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

/// The types with a context.
pub(crate) fn types_with<'a>(schema: &'a Schema, context: &str) -> Vec<&'a Name> {
    let types = schema.types.iter();
    let with = types.filter(|(_, ty)| contexts_of(ty).contains(&context));
    with.map(|(name, _)| name).collect()
}

/// The object types of a schema that are a type or belong to it, sorted by name.
pub(crate) fn objects_of<'a>(schema: &'a Schema, ty: &'a Name) -> Vec<&'a Name> {
    let types = schema.types.iter();
    let mut objects: Vec<&Name> = types
        .filter(|(name, definition)| definition.is_object() && is_or_belongs_to(schema, name, ty))
        .map(|(name, _)| name)
        .collect();
    objects.sort();
    objects
}

/// What a selection selects of one object type.
pub(crate) fn selected_of(schema: &Schema, selection: &FieldSet, object: &Name) -> FieldSet {
    let mut items = Vec::new();
    for item in &selection.items {
        match item {
            FieldSetItem::Field { .. } => items.push(item.clone()),
            FieldSetItem::Fragment { on, children } if is_or_belongs_to(schema, object, on) => {
                items.extend(selected_of(schema, children, object).items);
            }
            FieldSetItem::Fragment { .. } => {}
        }
    }
    FieldSet { items }
}

fn is_or_belongs_to(schema: &Schema, object: &Name, ty: &Name) -> bool {
    object == ty || schema.is_subtype(ty, object)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_a_context_and_a_selection() {
        let parsed = |text: &str| {
            ContextValue::parse(text).map(|value| (value.context, value.selection.to_string()))
        };
        for (text, selection) in [
            ("$place { unit }", "unit"),
            (" $place{unit}", "unit"),
            ("$place unit", "unit"),
            ("$place { prefs { code } }", "prefs { code }"),
            (
                "$place ... on T { a } ... on U { b }",
                "... on T { a } ... on U { b }",
            ),
        ] {
            let expected = ("place".to_owned(), selection.to_owned());
            assert_eq!(parsed(text), Ok(expected), "{text}");
        }
        for text in ["", "{ unit }", "place { unit }", "$ { unit }"] {
            assert_eq!(parsed(text), Err(ContextValueError::NoContext), "{text}");
        }
        assert_eq!(parsed("$place "), Err(ContextValueError::NoSelection));
        for text in ["$place { a: unit }", "$place }", "$place-b { unit }"] {
            let invalid = matches!(parsed(text), Err(ContextValueError::Invalid(_)));
            assert!(invalid, "{text}");
        }
    }
}
