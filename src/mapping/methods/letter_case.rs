//! `upper`, `lower`: a text in capitals, in small letters (of Unicode, in no particular language).

use super::call::{Call, Method};
use crate::document::Value;
use crate::mapping::method::{Arguments, Effect, Signature};
use crate::mapping::shape::ScalarShape;

pub(super) const METHODS: &[Method] = &[
    row("upper", |call| convert(call, str::to_uppercase)),
    row("lower", |call| convert(call, str::to_lowercase)),
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

fn convert(call: &mut Call<'_, '_>, to: fn(&str) -> String) -> Option<Value> {
    let Some(text) = call.input.as_str() else {
        return call.unfit("a string");
    };
    // A character becomes at most three.
    call.charge_text(text.len() * 3)?;
    Some(to(text).into())
}
