//! `urlEncode`, `urlDecode`: a text with `%` and two digits for each byte that is not `A-Z a-z 0-9 - . _ ~`, and back. A
//! template encodes the values of its expressions by itself; these are for texts inside of other values.

use super::call::{Call, Method};
use crate::document::Value;
use crate::mapping::method::{Arguments, Effect, Signature};
use crate::mapping::percent;
use crate::mapping::shape::ScalarShape;

pub(super) const METHODS: &[Method] = &[row("urlEncode", encode), row("urlDecode", decode)];

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

fn encode(call: &mut Call<'_, '_>) -> Option<Value> {
    let Some(text) = call.input.as_str() else {
        return call.unfit("a string");
    };
    call.charge_text(text.len() * 3)?;
    let mut encoded = String::with_capacity(text.len());
    percent::encode(text, percent::is_unreserved, &mut encoded);
    Some(encoded.into())
}

fn decode(call: &mut Call<'_, '_>) -> Option<Value> {
    let Some(text) = call.input.as_str() else {
        return call.unfit("a string");
    };
    call.charge_text(text.len())?;
    match percent_encoding::percent_decode_str(text).decode_utf8() {
        Ok(decoded) => Some(Value::from(&*decoded)),
        Err(_) => call.fail(|| "the bytes are not a text in UTF-8".to_owned()),
    }
}
