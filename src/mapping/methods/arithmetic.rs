//! `add`, `sub`, `mul`, `div`, `mod`: numbers, with one argument or several in turn.
//!
//! Integers stay integers and never lose a digit silently: a result that does not fit into 64 bits is
//! missing. `div` always yields a float.

use super::call::{Call, Method};
use crate::document::{Number, Value};
use crate::mapping::method::{Arguments, Effect, Signature};
use crate::mapping::shape::ScalarShape;

pub(super) const METHODS: &[Method] = &[
    row("add", |call| {
        fold(call, |a, b| Ok(a.checked_add(b)), |a, b| Ok(a + b))
    }),
    row("sub", |call| {
        fold(call, |a, b| Ok(a.checked_sub(b)), |a, b| Ok(a - b))
    }),
    row("mul", |call| {
        fold(call, |a, b| Ok(a.checked_mul(b)), |a, b| Ok(a * b))
    }),
    row("div", |call| {
        fold(
            call,
            |_, _| Ok(None),
            |a, b| if b == 0.0 { Err(BY_ZERO) } else { Ok(a / b) },
        )
    }),
    row("mod", |call| {
        let whole = |a: i64, b: i64| {
            if b == 0 {
                Err(BY_ZERO)
            } else {
                Ok(Some(a.wrapping_rem(b)))
            }
        };
        fold(
            call,
            whole,
            |a, b| if b == 0.0 { Err(BY_ZERO) } else { Ok(a % b) },
        )
    }),
];

const BY_ZERO: &str = "division by zero";
const TOO_LARGE: &str = "the result is too large";

const fn row(name: &'static str, apply: fn(&mut Call<'_, '_>) -> Option<Value>) -> Method {
    Method {
        signature: Signature {
            name,
            arguments: Arguments::AtLeast(1),
            effect: Effect::Leaf(ScalarShape::Number),
        },
        apply,
    }
}

/// Applies the operation to the input and each argument in turn.
fn fold(
    call: &mut Call<'_, '_>,
    whole: fn(i64, i64) -> Result<Option<i64>, &'static str>,
    float: fn(f64, f64) -> Result<f64, &'static str>,
) -> Option<Value> {
    let Some(mut sum) = call.input.as_number().cloned() else {
        return call.unfit("a number");
    };
    for index in 0..call.given() {
        let argument = call.argument(index);
        let Some(next) = argument.as_ref().and_then(Value::as_number) else {
            return call.unfit_argument("a number", argument.as_ref());
        };
        match step(call.name, &sum, next, whole, float) {
            Ok(result) => sum = result,
            Err(reason) => return call.fail(|| reason.to_owned()),
        }
    }
    Some(Value::Number(sum))
}

fn step(
    name: &str,
    a: &Number,
    b: &Number,
    whole: fn(i64, i64) -> Result<Option<i64>, &'static str>,
    float: fn(f64, f64) -> Result<f64, &'static str>,
) -> Result<Number, &'static str> {
    if name != "div" && a.is_integer() && b.is_integer() {
        let (Some(a), Some(b)) = (a.as_i64(), b.as_i64()) else {
            return Err(TOO_LARGE);
        };
        return whole(a, b)?.map(Number::from).ok_or(TOO_LARGE);
    }
    Number::from_f64(float(a.as_f64(), b.as_f64())?).ok_or(TOO_LARGE)
}
