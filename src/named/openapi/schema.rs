//! Parts of JSON Schemas.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The schemas of named types.
pub(in crate::named) type Types = BTreeMap<String, Value>;

/// The schema of a type's name.
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// The same schema, or null.
pub(super) fn or_null(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}
