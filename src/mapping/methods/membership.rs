//! `in([…])`, `contains(x)`: whether a value equals an element of an array.

use super::call::{Call, Method};
use crate::document::Value;
use crate::mapping::method::{Arguments, Effect, Signature};
use crate::mapping::shape::ScalarShape;

pub(super) const METHODS: &[Method] = &[
    row("in", |call| match call.argument(0) {
        Some(Value::Array(elements)) => among(call, call.input, &elements),
        other => call.unfit_argument("an array", other.as_ref()),
    }),
    row("contains", |call| {
        let Value::Array(elements) = call.input else {
            return call.unfit("an array");
        };
        match call.argument(0) {
            Some(wanted) => among(call, &wanted, elements),
            None => call.unfit_argument("a value", None),
        }
    }),
];

const fn row(name: &'static str, apply: fn(&mut Call<'_, '_>) -> Option<Value>) -> Method {
    Method {
        signature: Signature {
            name,
            arguments: Arguments::Count(1, 1),
            effect: Effect::Leaf(ScalarShape::Boolean),
        },
        apply,
    }
}

fn among(call: &mut Call<'_, '_>, wanted: &Value, elements: &[Value]) -> Option<Value> {
    for element in elements {
        if call.evaluator.equal(wanted, element)? {
            return Some(Value::Bool(true));
        }
    }
    Some(Value::Bool(false))
}
