//! `gt`, `gte`, `lt`, `lte`: two numbers by value, or two strings by their characters' codes.

use std::cmp::Ordering;

use super::call::{Call, Method};
use crate::document::Value;
use crate::mapping::method::{Arguments, Effect, Signature};
use crate::mapping::shape::ScalarShape;

pub(super) const METHODS: &[Method] = &[
    row("gt", |call| compare(call, Ordering::is_gt)),
    row("gte", |call| compare(call, Ordering::is_ge)),
    row("lt", |call| compare(call, Ordering::is_lt)),
    row("lte", |call| compare(call, Ordering::is_le)),
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

fn compare(call: &mut Call<'_, '_>, holds: fn(Ordering) -> bool) -> Option<Value> {
    let order = match call.input {
        Value::Number(input) => match call.argument(0) {
            Some(Value::Number(argument)) => input.cmp(&argument),
            other => return call.unfit_argument("a number", other.as_ref()),
        },
        Value::String(input) => match call.argument(0) {
            Some(Value::String(argument)) => {
                call.charge_reading(input.len().min(argument.len()))?;
                input.cmp(&argument)
            }
            other => return call.unfit_argument("a string", other.as_ref()),
        },
        _ => return call.unfit("a number or a string"),
    };
    Some(Value::Bool(holds(order)))
}
