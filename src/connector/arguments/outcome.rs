//! `errors` and `isSuccess` of sources and connects.

use std::sync::Arc;

use apollo_compiler::ast::Directive;

use super::key;
use crate::connector::expression::{Expressions, Form};
use crate::connector::findings::Findings;
use crate::mapping::Selection;

/// The mappings that decide whether a response is a success.
#[derive(Debug, Default)]
pub(crate) struct OutcomeMappings {
    /// `isSuccess`.
    pub(crate) is_success: Option<Arc<Selection>>,
    /// `errors.message`.
    pub(crate) error_message: Option<Arc<Selection>>,
    /// `errors.extensions`.
    pub(crate) error_extensions: Option<Arc<Selection>>,
}

/// Reads both arguments of a directive.
pub(crate) fn read(
    directive: &Directive,
    expressions: &mut Expressions,
    findings: &mut Findings,
) -> OutcomeMappings {
    let errors = directive.specified_argument_by_name("errors");
    let message = errors.and_then(|errors| key(errors, "message"));
    let extensions = errors.and_then(|errors| key(errors, "extensions"));
    let is_success = directive.specified_argument_by_name("isSuccess");
    OutcomeMappings {
        error_message: message.and_then(|literal| {
            expressions.mapping("errors.message", literal, Form::Value, findings)
        }),
        error_extensions: extensions.and_then(|literal| {
            expressions.mapping("errors.extensions", literal, Form::Object, findings)
        }),
        is_success: is_success
            .and_then(|literal| expressions.mapping("isSuccess", literal, Form::Value, findings)),
    }
}
