//! Encodes bodies as `application/x-www-form-urlencoded`: nested names in brackets, `a[b][0]=…`, as PHP and Rails read them.
//!
//! Null is omitted, since the encoding has no null.

use url::form_urlencoded::byte_serialize;

use super::super::request::RenderError;
use super::url::scalar;
use crate::document::Value;

/// Writes a value as such a body.
pub(crate) fn encode(value: &Value) -> Result<String, RenderError> {
    let Value::Object(members) = value else {
        return Err(RenderError::new(
            "body: a form needs an object: its names and values",
        ));
    };
    let mut out = String::new();
    for (name, value) in members.iter() {
        let name: String = byte_serialize(name.as_bytes()).collect();
        add(&mut out, &name, value);
    }
    Ok(out)
}

fn add(out: &mut String, name: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                add(out, &format!("{name}[{index}]"), item);
            }
        }
        Value::Object(members) => {
            for (key, item) in members.iter() {
                let key: String = byte_serialize(key.as_bytes()).collect();
                add(out, &format!("{name}[{key}]"), item);
            }
        }
        single => {
            if !out.is_empty() {
                out.push('&');
            }
            out.push_str(name);
            out.push('=');
            let text = scalar(single).unwrap_or_default();
            out.extend(byte_serialize(text.as_bytes()));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn nested_names_are_in_brackets() {
        let cases = [
            (r#"{"a":1,"b c":"x y&z"}"#, "a=1&b+c=x+y%26z"),
            (
                r#"{"a":{"b":["x",{"c":true}]}}"#,
                "a[b][0]=x&a[b][1][c]=true",
            ),
            (r#"{"a":null,"b":[],"c":1.10}"#, "c=1.10"),
            ("{}", ""),
        ];
        for (json, expected) in cases {
            let value = Value::parse_json(json.as_bytes()).unwrap();
            assert_eq!(encode(&value).unwrap(), expected);
        }
        let list = Value::parse_json(b"[1]").unwrap();
        assert!(encode(&list).is_err());
    }
}
