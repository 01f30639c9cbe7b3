//! Describes named operations for programs, by OpenAPI 3.1: the variables as parameters, the data as JSON Schema.
//!
//! The schemas of an operation are made when it is loaded ([`variable`], [`data`]). Those of input types, enums and scalars are
//! shared by all operations, under their names in GraphQL. The others have names with a point, which no type has.

mod data;
mod document;
mod types;

use std::collections::BTreeMap;

use apollo_compiler::{Schema, ast};
use serde_json::{Value, json};

pub(super) use self::data::data;
pub use self::document::{DescribedFormat, Formats};
use crate::plan::arguments::constant;

/// The schemas of named types.
pub(super) type Types = BTreeMap<String, Value>;

/// The schema of a variable.
pub(super) fn variable(
    api: &Schema,
    definition: &ast::VariableDefinition,
    types: &mut Types,
) -> Value {
    let mut schema = types::input(api, &definition.ty, types);
    let default = definition.default_value.as_ref();
    let default = default.and_then(|value| constant(api, &definition.ty, value));
    let default = default.and_then(|value| serde_json::from_str(&value.to_json()).ok());
    if let (Some(default), Some(members)) = (default, schema.as_object_mut()) {
        members.insert("default".to_owned(), default);
    }
    schema
}

/// The schema of a type's name.
fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// The same schema, or null.
fn or_null(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}
