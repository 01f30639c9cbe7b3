//! `parseInt([base])`: the integer in a string, which must have no other text. An integer is given back.

use super::call::{Call, Method};
use crate::document::Value;
use crate::mapping::method::{Arguments, Effect, Signature};
use crate::mapping::shape::ScalarShape;

pub(super) const METHODS: &[Method] = &[Method {
    signature: Signature {
        name: "parseInt",
        arguments: Arguments::Count(0, 1),
        effect: Effect::Leaf(ScalarShape::Number),
    },
    apply: parse,
}];

fn parse(call: &mut Call<'_, '_>) -> Option<Value> {
    let text = match call.input {
        Value::String(text) => text,
        Value::Number(number) if number.is_integer() => return Some(call.input.clone()),
        _ => return call.unfit("a string or an integer"),
    };
    let base = if call.given() == 0 {
        10
    } else {
        let argument = call.argument(0);
        let whole = argument
            .as_ref()
            .and_then(Value::as_number)
            .and_then(|number| number.as_whole());
        match whole
            .and_then(|base| u32::try_from(base).ok())
            .filter(|base| (2..=36).contains(base))
        {
            Some(base) => base,
            None => return call.unfit_argument("a base from 2 to 36", argument.as_ref()),
        }
    };
    call.charge_reading(text.len())?;
    match i64::from_str_radix(text, base) {
        Ok(int) => Some(int.into()),
        Err(_) => call.fail(|| format!("not an integer to the base {base}")),
    }
}
