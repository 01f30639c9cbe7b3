//! `and`, `or`, `not`. Arguments after the one that decides are not evaluated.

use super::call::{Call, Method};
use crate::document::Value;
use crate::mapping::method::{Arguments, Effect, Signature};
use crate::mapping::shape::ScalarShape;

pub(super) const METHODS: &[Method] = &[
    row("and", Arguments::AtLeast(1), |call| until(call, false)),
    row("or", Arguments::AtLeast(1), |call| until(call, true)),
    row("not", Arguments::Count(0, 0), |call| match call.input {
        Value::Bool(bool) => Some(Value::Bool(!bool)),
        _ => call.unfit("a boolean"),
    }),
];

const fn row(
    name: &'static str,
    arguments: Arguments,
    apply: fn(&mut Call<'_, '_>) -> Option<Value>,
) -> Method {
    Method {
        signature: Signature {
            name,
            arguments,
            effect: Effect::Leaf(ScalarShape::Boolean),
        },
        apply,
    }
}

/// `decisive` as soon as an argument has this value, else its opposite.
fn until(call: &mut Call<'_, '_>, decisive: bool) -> Option<Value> {
    let Value::Bool(input) = call.input else {
        return call.unfit("a boolean");
    };
    let mut met = *input == decisive;
    for index in 0..call.given() {
        if met {
            break;
        }
        match call.argument(index) {
            Some(Value::Bool(bool)) => met = bool == decisive,
            other => return call.unfit_argument("a boolean", other.as_ref()),
        }
    }
    Some(Value::Bool(met == decisive))
}
