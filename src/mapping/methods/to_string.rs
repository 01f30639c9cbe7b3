//! `toString`: a scalar as text, numbers with the digits of the response. Null is the empty text.

use std::borrow::Cow;

use super::call::Method;
use crate::document::Value;
use crate::mapping::method::{Arguments, Effect, Signature};
use crate::mapping::shape::ScalarShape;

pub(super) const METHODS: &[Method] = &[Method {
    signature: Signature {
        name: "toString",
        arguments: Arguments::Count(0, 0),
        effect: Effect::Leaf(ScalarShape::String),
    },
    apply: |call| match call.input {
        Value::String(_) => Some(call.input.clone()),
        other => match text(other) {
            Some(text) => {
                call.charge_text(text.len())?;
                Some(Value::from(&*text))
            }
            None => call.unfit("a scalar"),
        },
    },
}];

/// The text of a scalar.
pub(super) fn text(value: &Value) -> Option<Cow<'_, str>> {
    Some(match value {
        Value::Null => Cow::Borrowed(""),
        Value::Bool(true) => Cow::Borrowed("true"),
        Value::Bool(false) => Cow::Borrowed("false"),
        Value::Number(number) => Cow::Owned(number.to_string()),
        Value::String(text) => Cow::Borrowed(text),
        Value::Array(_) | Value::Object(_) => return None,
    })
}
