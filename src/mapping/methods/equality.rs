//! `eq`, `ne`: deep equality; numbers by value, `1` equals `1.0`. No value equals a missing one.

use super::call::{Call, Method};
use crate::document::Value;
use crate::mapping::method::{Arguments, Effect, Signature};
use crate::mapping::shape::ScalarShape;

pub(super) const METHODS: &[Method] = &[
    row("eq", |call| equal(call).map(Value::Bool)),
    row("ne", |call| equal(call).map(|same| Value::Bool(!same))),
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

fn equal(call: &mut Call<'_, '_>) -> Option<bool> {
    match call.argument(0) {
        Some(argument) => call.evaluator.equal(call.input, &argument),
        None => Some(false),
    }
}
