//! The text of a globally unique id: the name of the type and the values of its key, in URL-safe base64.
//!
//! `District` with the key `lgdCode` of the value `2` has the id of the text `District["2"]`. The values are JSON, in the order
//! of the names of their fields; those of nested objects are in one list with the others. Equal keys have equal ids: values of
//! the types `ID` and `String` are JSON strings, whatever an upstream returns, with no escapes but those that JSON needs.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::document::Value;

/// The longest id that is read, in bytes.
const LONGEST: usize = 4096;

/// Writes the base64 text of an id. `values` is the text of each value, separated by commas.
pub(crate) fn write(ty: &str, values: &[u8], out: &mut Vec<u8>) {
    let mut plain = Vec::with_capacity(ty.len() + values.len() + 2);
    plain.extend_from_slice(ty.as_bytes());
    plain.push(b'[');
    plain.extend_from_slice(values);
    plain.push(b']');
    let start = out.len();
    out.resize(start + plain.len().div_ceil(3) * 4, 0);
    // The buffer is long enough for any text of this length.
    let length = URL_SAFE_NO_PAD
        .encode_slice(&plain, &mut out[start..])
        .unwrap_or_default();
    out.truncate(start + length);
}

/// The type and the values, if the text is an id.
pub(crate) fn read(id: &str) -> Option<(String, Vec<Value>)> {
    if id.len() > LONGEST {
        return None;
    }
    let plain = URL_SAFE_NO_PAD.decode(id).ok()?;
    let at = plain.iter().position(|byte| *byte == b'[')?;
    let (ty, values) = plain.split_at(at);
    let ty = std::str::from_utf8(ty).ok()?;
    let Value::Array(values) = Value::parse_json(values).ok()? else {
        return None;
    };
    Some((ty.to_owned(), values.to_vec()))
}
