//! The JSON Schema of an operation's data, from its selections.
//!
//! A field of an interface or a union has a schema for each object type that it can be: `anyOf`, without repetitions. A property
//! is required unless a condition (`@skip`, `@include`) can leave out its field.

use apollo_compiler::collections::IndexMap;
use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node, Schema, ast, executable};
use serde_json::{Map, Value, json};

use super::schema::{Types, or_null};
use super::types;
use crate::operation::Document;

/// Selections that apply to the same object, and whether a condition can leave them out.
type Selections<'a> = Vec<(&'a SelectionSet, bool)>;

/// What the schemas are made from.
struct Describing<'a> {
    api: &'a Schema,
    document: &'a Document,
    types: &'a mut Types,
}

/// A response field: what is known of all fields that it merges.
struct ResponseField<'a> {
    field: &'a Field,
    is_conditional: bool,
    selections: Selections<'a>,
}

/// The schema of the data of an operation. Adds the enums and scalars that it names.
pub(in crate::named) fn data(
    api: &Schema,
    document: &Document,
    operation: &Node<executable::Operation>,
    types: &mut Types,
) -> Value {
    let root = operation.object_type().clone();
    let mut describing = Describing {
        api,
        document,
        types,
    };
    describing.object(&root, &[(&operation.selection_set, false)])
}

impl<'a> Describing<'a> {
    fn object(&mut self, name: &Name, selections: &[(&'a SelectionSet, bool)]) -> Value {
        let mut fields = IndexMap::default();
        for (set, is_conditional) in selections {
            self.collect(name, set, *is_conditional, &mut fields);
        }
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for (response_name, response_field) in fields {
            if !response_field.is_conditional {
                required.push(response_name.to_string());
            }
            let schema = self.response_field(name, &response_field);
            properties.insert(response_name.to_string(), schema);
        }
        let mut schema = Map::new();
        schema.insert("type".to_owned(), json!("object"));
        schema.insert("properties".to_owned(), Value::Object(properties));
        if !required.is_empty() {
            schema.insert("required".to_owned(), json!(required));
        }
        Value::Object(schema)
    }

    fn response_field(&mut self, parent: &Name, response_field: &ResponseField<'a>) -> Value {
        let field = response_field.field;
        if field.name == "__typename" {
            return json!({ "type": "string", "enum": [parent.as_str()] });
        }
        // The field of the object type may have another type than that of its interface.
        let definition = self.api.type_field(parent, &field.name).ok();
        let (ty, description) = match definition {
            Some(definition) => (&definition.ty, definition.description.clone()),
            None => (&field.definition.ty, None),
        };
        let mut schema = self.value(ty, &response_field.selections);
        if let Some(members) = schema.as_object_mut() {
            types::describe(members, description.as_deref());
        }
        schema
    }

    fn value(&mut self, ty: &ast::Type, selections: &Selections<'a>) -> Value {
        let schema = match ty {
            ast::Type::List(item) | ast::Type::NonNullList(item) => {
                json!({ "type": "array", "items": self.value(item, selections) })
            }
            ast::Type::Named(name) | ast::Type::NonNullNamed(name) => {
                match self.object_types(name) {
                    Some(names) => self.one_of(&names, selections),
                    None => types::named(self.api, name, self.types),
                }
            }
        };
        match ty.is_non_null() {
            true => schema,
            false => or_null(schema),
        }
    }

    fn one_of(&mut self, names: &[Name], selections: &Selections<'a>) -> Value {
        let mut schemas: Vec<Value> = Vec::new();
        for name in names {
            let schema = self.object(name, selections);
            if !schemas.contains(&schema) {
                schemas.push(schema);
            }
        }
        match schemas.len() {
            1 => schemas.remove(0),
            _ => json!({ "anyOf": schemas }),
        }
    }

    /// The object types that a type stands for; `None` for a scalar or an enum.
    fn object_types(&self, name: &Name) -> Option<Vec<Name>> {
        match self.api.types.get(name)? {
            ExtendedType::Object(object) => Some(vec![object.name.clone()]),
            ExtendedType::Union(union) => Some(
                union
                    .members
                    .iter()
                    .map(|member| member.name.clone())
                    .collect(),
            ),
            ExtendedType::Interface(interface) => {
                let objects = self.api.types.values().filter_map(|ty| match ty {
                    ExtendedType::Object(object) => Some(object),
                    _ => None,
                });
                let implementing =
                    objects.filter(|object| object.implements_interfaces.contains(&interface.name));
                Some(implementing.map(|object| object.name.clone()).collect())
            }
            _ => None,
        }
    }

    /// Collects the fields that a selection set has on an object type (GraphQL specification, 6.3.2), whatever the conditions.
    fn collect(
        &self,
        object: &Name,
        set: &'a SelectionSet,
        is_conditional: bool,
        into: &mut IndexMap<Name, ResponseField<'a>>,
    ) {
        let applies =
            |condition: &Name| condition == object || self.api.is_subtype(condition, object);
        for selection in &set.selections {
            let directives = selection.directives();
            let is_conditional =
                is_conditional || directives.has("skip") || directives.has("include");
            match selection {
                Selection::Field(field) => {
                    let merged = into.entry(field.response_key().clone());
                    let merged = merged.or_insert_with(|| ResponseField {
                        field,
                        is_conditional: true,
                        selections: Vec::new(),
                    });
                    merged.is_conditional &= is_conditional;
                    merged
                        .selections
                        .push((&field.selection_set, is_conditional));
                }
                Selection::InlineFragment(fragment) => {
                    if fragment.type_condition.as_ref().is_none_or(applies) {
                        self.collect(object, &fragment.selection_set, is_conditional, into);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = self.document.fragments.get(&spread.fragment_name);
                    if let Some(fragment) = fragment
                        && applies(fragment.type_condition())
                    {
                        self.collect(object, &fragment.selection_set, is_conditional, into);
                    }
                }
            }
        }
    }
}
