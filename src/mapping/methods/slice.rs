//! `slice(start[, end])`: a part of an array or string. Negative bounds count from the end; bounds
//! beyond an end are moved to that end; an end before the start gives an empty part. Strings are
//! cut between characters.

use super::call::{Call, Method};
use crate::document::Value;
use crate::mapping::method::{Arguments, Effect, Signature};

pub(super) const METHODS: &[Method] = &[Method {
    signature: Signature {
        name: "slice",
        arguments: Arguments::Count(1, 2),
        effect: Effect::Part,
    },
    apply: slice,
}];

fn slice(call: &mut Call<'_, '_>) -> Option<Value> {
    let length = match call.input {
        Value::Array(elements) => elements.len(),
        Value::String(text) => {
            call.charge_reading(text.len())?;
            text.chars().count()
        }
        _ => return call.unfit("an array or a string"),
    };
    let start = bound(call, 0, length)?;
    let end = if call.given() > 1 {
        bound(call, 1, length)?
    } else {
        length
    };
    let count = end.saturating_sub(start);
    call.charge(count)?;
    match call.input {
        Value::Array(elements) => Some(elements.iter().skip(start).take(count).cloned().collect()),
        Value::String(text) => {
            let part: String = text.chars().skip(start).take(count).collect();
            call.charge_text(part.len())?;
            Some(part.into())
        }
        _ => None,
    }
}

/// An argument as a position between 0 and `length`.
fn bound(call: &mut Call<'_, '_>, argument: usize, length: usize) -> Option<usize> {
    let value = call.argument(argument);
    let Some(bound) = value
        .as_ref()
        .and_then(Value::as_number)
        .and_then(|number| number.as_whole())
    else {
        call.unfit_argument("an index", value.as_ref());
        return None;
    };
    let distance = usize::try_from(bound.unsigned_abs()).unwrap_or(usize::MAX);
    Some(if bound < 0 {
        length.saturating_sub(distance)
    } else {
        distance.min(length)
    })
}
