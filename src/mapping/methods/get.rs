//! `get(index or key)`: an element of an array, a character of a string, a member of an object.
//! A negative index counts from the end.

use super::call::{Call, Method};
use crate::document::Value;
use crate::mapping::method::{Arguments, Effect, Signature};

pub(super) const METHODS: &[Method] = &[Method {
    signature: Signature {
        name: "get",
        arguments: Arguments::Count(1, 1),
        effect: Effect::Member,
    },
    apply: get,
}];

fn get(call: &mut Call<'_, '_>) -> Option<Value> {
    if !matches!(
        call.input,
        Value::Array(_) | Value::String(_) | Value::Object(_)
    ) {
        return call.unfit("an array, a string or an object");
    }
    let argument = call.argument(0);
    if let Value::Object(object) = call.input {
        let Some(key) = argument.as_ref().and_then(Value::as_str) else {
            return call.unfit_argument("a key", argument.as_ref());
        };
        return match object.get(key) {
            Some(value) => Some(value.clone()),
            None => call.fail(|| "there is no such key".to_owned()),
        };
    }
    let Some(index) = argument
        .as_ref()
        .and_then(Value::as_number)
        .and_then(|number| number.as_whole())
    else {
        return call.unfit_argument("an index", argument.as_ref());
    };
    let found = match call.input {
        Value::Array(elements) => {
            position(index, elements.len()).and_then(|at| elements.get(at).cloned())
        }
        Value::String(text) => {
            call.charge_reading(text.len())?;
            let character = if index < 0 {
                usize::try_from(index.unsigned_abs() - 1)
                    .ok()
                    .and_then(|back| text.chars().nth_back(back))
            } else {
                usize::try_from(index)
                    .ok()
                    .and_then(|at| text.chars().nth(at))
            };
            character.map(|c| Value::from(&*c.encode_utf8(&mut [0; 4])))
        }
        _ => None,
    };
    match found {
        Some(value) => Some(value),
        None => call.fail(|| "the index is out of range".to_owned()),
    }
}

/// A positive or negative index as a position.
fn position(index: i64, length: usize) -> Option<usize> {
    if index < 0 {
        length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
    } else {
        usize::try_from(index).ok()
    }
}
