//! `first`, `last`: an element of an array, a character of a string; missing for an empty one.

use super::call::{Call, Method};
use crate::document::Value;
use crate::mapping::method::{Arguments, Effect, Signature};

pub(super) const METHODS: &[Method] = &[
    row("first", |call| {
        end(call, <[Value]>::first, |text| text.chars().next())
    }),
    row("last", |call| {
        end(call, <[Value]>::last, |text| text.chars().next_back())
    }),
];

const fn row(name: &'static str, apply: fn(&mut Call<'_, '_>) -> Option<Value>) -> Method {
    Method {
        signature: Signature {
            name,
            arguments: Arguments::Count(0, 0),
            effect: Effect::Part,
        },
        apply,
    }
}

fn end(
    call: &mut Call<'_, '_>,
    element: fn(&[Value]) -> Option<&Value>,
    character: fn(&str) -> Option<char>,
) -> Option<Value> {
    match call.input {
        Value::Array(elements) => element(elements).cloned(),
        Value::String(text) => character(text).map(|c| Value::from(&*c.encode_utf8(&mut [0; 4]))),
        other => {
            // A single value is its own first and last element.
            call.unfit("an array or a string");
            Some(other.clone())
        }
    }
}
