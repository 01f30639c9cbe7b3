//! `jsonParse`, `jsonStringify`: a value inside a string, and back.

use super::call::Method;
use crate::document::{MAX_DEPTH, Value};
use crate::mapping::method::{Arguments, Effect, Signature};
use crate::mapping::shape::ScalarShape;

pub(super) const METHODS: &[Method] = &[
    Method {
        signature: Signature {
            name: "jsonParse",
            arguments: Arguments::Count(0, 0),
            effect: Effect::Opaque(MAX_DEPTH as usize),
        },
        apply: |call| {
            let Some(text) = call.input.as_str() else {
                return call.unfit("a string");
            };
            // A value takes at least two bytes, itself and a comma.
            call.charge(text.len() / 2)?;
            match Value::parse_json(text.as_bytes()) {
                Ok(value) => Some(value),
                Err(error) => call.fail(|| error.to_string()),
            }
        },
    },
    Method {
        signature: Signature {
            name: "jsonStringify",
            arguments: Arguments::Count(0, 0),
            effect: Effect::Leaf(ScalarShape::String),
        },
        apply: |call| {
            let bytes = call.evaluator.measure(call.input)?;
            call.charge_text(bytes)?;
            Some(call.input.to_json().into())
        },
    },
];
