//! `base64Encode`, `base64Decode`: the bytes of a text as Base64 (RFC 4648), and back. Decoding takes both alphabets, with or
//! without padding, and ignores line breaks.

use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use base64::{Engine, alphabet};

use super::call::{Call, Method};
use crate::document::Value;
use crate::mapping::method::{Arguments, Effect, Signature};
use crate::mapping::shape::ScalarShape;

pub(super) const METHODS: &[Method] = &[row("base64Encode", encode), row("base64Decode", decode)];

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

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

fn encode(call: &mut Call<'_, '_>) -> Option<Value> {
    let Some(text) = call.input.as_str() else {
        return call.unfit("a string");
    };
    call.charge_text(text.len() / 3 * 4 + 4)?;
    Some(STANDARD.encode(text).into())
}

fn decode(call: &mut Call<'_, '_>) -> Option<Value> {
    let Some(text) = call.input.as_str() else {
        return call.unfit("a string");
    };
    call.charge_text(text.len())?;
    let signs = text.bytes().filter(|byte| !byte.is_ascii_whitespace());
    let signs: Vec<u8> = signs
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => other,
        })
        .collect();
    let Ok(bytes) = LENIENT.decode(signs) else {
        return call.fail(|| "not Base64".to_owned());
    };
    match String::from_utf8(bytes) {
        Ok(decoded) => Some(decoded.into()),
        Err(_) => call.fail(|| "the bytes are not a text in UTF-8".to_owned()),
    }
}
