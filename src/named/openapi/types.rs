//! The JSON Schemas of types that have a form of their own: scalars, enums and input objects.

use apollo_compiler::schema::{EnumType, ExtendedType, InputObjectType, ScalarType};
use apollo_compiler::{Schema, ast};
use serde_json::{Map, Value, json};

use super::schema::{Types, or_null, reference};
use crate::plan::arguments::constant;

/// The page of the scalars that all connectors share: each of them is a string.
const SHARED_SCALARS: &str = "https://specs.sangam.dev/scalars/";

/// The schema of a variable.
pub(in crate::named) fn variable(
    api: &Schema,
    definition: &ast::VariableDefinition,
    types: &mut Types,
) -> Value {
    let mut schema = input(api, &definition.ty, types);
    let default = definition.default_value.as_ref();
    let default = default.and_then(|value| constant(api, &definition.ty, value));
    let default = default.and_then(|value| serde_json::from_str(&value.to_json()).ok());
    if let (Some(default), Some(members)) = (default, schema.as_object_mut()) {
        members.insert("default".to_owned(), default);
    }
    schema
}

/// The schema of a value for a variable or a field of an input object. Adds the types that it names.
fn input(api: &Schema, ty: &ast::Type, types: &mut Types) -> Value {
    let schema = match ty {
        ast::Type::List(item) | ast::Type::NonNullList(item) => {
            json!({ "type": "array", "items": input(api, item, types) })
        }
        ast::Type::Named(name) | ast::Type::NonNullNamed(name) => named(api, name, types),
    };
    match ty.is_non_null() {
        true => schema,
        false => or_null(schema),
    }
}

/// The schema of a type that is no object, interface or union.
pub(super) fn named(api: &Schema, name: &str, types: &mut Types) -> Value {
    match name {
        "Int" => return json!({ "type": "integer", "format": "int32" }),
        "Float" => return json!({ "type": "number" }),
        "Boolean" => return json!({ "type": "boolean" }),
        "String" | "ID" => return json!({ "type": "string" }),
        _ => {}
    }
    if !types.contains_key(name) {
        // First: an input object may contain itself.
        types.insert(name.to_owned(), json!({}));
        let schema = match api.types.get(name) {
            Some(ExtendedType::Enum(definition)) => enumeration(definition),
            Some(ExtendedType::InputObject(definition)) => object(api, definition, types),
            Some(ExtendedType::Scalar(definition)) => scalar(definition),
            _ => json!({}),
        };
        types.insert(name.to_owned(), schema);
    }
    reference(name)
}

fn scalar(definition: &ScalarType) -> Value {
    let mut schema = Map::new();
    describe(&mut schema, definition.description.as_deref());
    let specified_by = definition.directives.get("specifiedBy");
    let url = specified_by.and_then(|applied| applied.specified_argument_by_name("url"));
    let url = url.and_then(|url| url.as_str()).unwrap_or_default();
    if let Some(shared) = url.strip_prefix(SHARED_SCALARS) {
        schema.insert("type".to_owned(), json!("string"));
        let format = match shared.split_once('#') {
            Some((_, "Date")) => "date",
            Some((_, "DateTime")) => "date-time",
            Some((_, "URL")) => "uri",
            _ => "",
        };
        if !format.is_empty() {
            schema.insert("format".to_owned(), json!(format));
        }
    }
    if !url.is_empty() {
        schema.insert("externalDocs".to_owned(), json!({ "url": url }));
    }
    Value::Object(schema)
}

fn enumeration(definition: &EnumType) -> Value {
    let values: Vec<&str> = definition.values.keys().map(|name| name.as_str()).collect();
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("string"));
    schema.insert("enum".to_owned(), json!(values));
    describe(&mut schema, definition.description.as_deref());
    Value::Object(schema)
}

fn object(api: &Schema, definition: &InputObjectType, types: &mut Types) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for (name, field) in &definition.fields {
        let mut schema = input(api, &field.ty, types);
        if let Some(members) = schema.as_object_mut() {
            describe(members, field.description.as_deref());
            let default = field.default_value.as_ref();
            let default = default.and_then(|value| constant(api, &field.ty, value));
            let default = default.and_then(|value| serde_json::from_str(&value.to_json()).ok());
            members.extend(default.map(|value| ("default".to_owned(), value)));
        }
        properties.insert(name.to_string(), schema);
        if field.is_required() {
            required.push(name.to_string());
        }
    }
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), Value::Object(properties));
    schema.insert("additionalProperties".to_owned(), json!(false));
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    if definition.directives.has("oneOf") {
        schema.insert("minProperties".to_owned(), json!(1));
        schema.insert("maxProperties".to_owned(), json!(1));
    }
    describe(&mut schema, definition.description.as_deref());
    Value::Object(schema)
}

/// Adds the description, if there is one.
pub(super) fn describe(schema: &mut Map<String, Value>, description: Option<&str>) {
    if let Some(text) = description {
        schema.insert("description".to_owned(), json!(text));
    }
}
