//! One named operation.

use std::sync::Arc;

use super::parameter::Parameter;
use crate::document::Value;

/// An operation that clients call by name.
#[derive(Debug)]
pub struct NamedOperation {
    /// Its name.
    pub name: Arc<str>,
    /// The name with which it is chosen from its text; `None` if it has none there.
    pub operation_name: Option<Arc<str>>,
    /// The first paragraph of the comment above it, on one line; empty if there is none.
    pub description: String,
    /// The text of its file.
    pub text: Arc<str>,
    /// Whether it is a mutation, else it is a query.
    pub is_mutation: bool,
    /// Its variables.
    pub parameters: Vec<Parameter>,
    /// Example variables, by name, from `<Name>.variables.json`.
    pub example: Option<Value>,
    /// The JSON Schema of its data.
    pub(crate) data: serde_json::Value,
}
