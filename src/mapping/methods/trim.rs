//! `trim`, `trimStart`, `trimEnd`: a string without the (Unicode) white space at its ends.

use super::call::{Call, Method};
use crate::document::Value;
use crate::mapping::method::{Arguments, Effect, Signature};
use crate::mapping::shape::ScalarShape;

pub(super) const METHODS: &[Method] = &[
    row("trim", |call| trim(call, str::trim)),
    row("trimStart", |call| trim(call, str::trim_start)),
    row("trimEnd", |call| trim(call, str::trim_end)),
];

const fn row(name: &'static str, apply: fn(&mut Call<'_, '_>) -> Option<Value>) -> Method {
    Method {
        signature: Signature {
            name,
            arguments: Arguments::Count(0, 0),
            effect: Effect::Leaf(ScalarShape::String),
        },
        apply,
    }
}

fn trim(call: &mut Call<'_, '_>, cut: fn(&str) -> &str) -> Option<Value> {
    let Some(text) = call.input.as_str() else {
        return call.unfit("a string");
    };
    let trimmed = cut(text);
    if trimmed.len() == text.len() {
        return Some(call.input.clone());
    }
    call.charge_text(trimmed.len())?;
    Some(trimmed.into())
}
