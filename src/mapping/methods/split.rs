//! `split(separator)`: a string's parts; with an empty separator, its characters.

use super::call::{Call, Method};
use crate::document::Value;
use crate::mapping::method::{Arguments, Effect, Signature};

pub(super) const METHODS: &[Method] = &[Method {
    signature: Signature {
        name: "split",
        arguments: Arguments::Count(1, 1),
        effect: Effect::Opaque(1),
    },
    apply: split,
}];

fn split(call: &mut Call<'_, '_>) -> Option<Value> {
    let Some(text) = call.input.as_str() else {
        return call.unfit("a string");
    };
    let separator = call.argument(0);
    let Some(separator) = separator.as_ref().and_then(Value::as_str) else {
        return call.unfit_argument("a string", separator.as_ref());
    };
    call.charge_reading(text.len())?;
    let count = if separator.is_empty() {
        text.len()
    } else {
        text.matches(separator).count() + 1
    };
    call.charge(count)?;
    call.charge_text(text.len())?;
    Some(if separator.is_empty() {
        text.chars()
            .map(|c| Value::from(&*c.encode_utf8(&mut [0; 4])))
            .collect()
    } else {
        text.split(separator).collect()
    })
}
