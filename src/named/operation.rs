//! One named operation.

use std::sync::Arc;

use apollo_compiler::ast::OperationType;

use super::parameter::Parameter;
use crate::config::AllowedOrigin;
use crate::document::Value;
use crate::formats::Shape;

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
    /// A query, a mutation or a subscription.
    pub kind: OperationType,
    /// Whether it is sent by POST alone: a mutation, or a query whose comment has a line that begins with `POST only`,
    /// because its variables are to stand in no URL, or one with an argument that must not (`@confidential`).
    pub by_post: bool,
    /// The origins of pages that may read it, from a line of its comment that begins with `Origins:`; `None` if there is no such
    /// line, so that the settings decide.
    pub origins: Option<Vec<AllowedOrigin>>,
    /// Its variables.
    pub parameters: Vec<Parameter>,
    /// Example variables, by name, from `<Name>.variables.json`.
    pub example: Option<Value>,
    /// Its tables and fields, for results as files.
    pub shape: Shape,
    /// The JSON Schema of its data.
    pub(crate) data: serde_json::Value,
}

impl NamedOperation {
    /// Whether it is a subscription: it has no result, but events.
    pub fn is_subscription(&self) -> bool {
        self.kind == OperationType::Subscription
    }

    /// Whether it has a URL for each format: a query that may be sent by GET.
    pub fn has_formats(&self) -> bool {
        !self.by_post && !self.is_subscription()
    }
}
