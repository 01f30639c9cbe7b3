//! Values for mappings: headers, and objects of a few members.

use std::sync::Arc;

use http::HeaderMap;

use crate::document::Object;
use crate::document::Str;
use crate::document::Value;

/// Headers as the mapping language sees them: lists of strings by name in lower case.
pub(crate) fn headers_value(headers: &HeaderMap) -> Value {
    let mut all = Object::with_capacity(headers.keys_len());
    for name in headers.keys() {
        let values = headers.get_all(name).iter();
        let values = values
            .map(|value| Value::from(String::from_utf8_lossy(value.as_bytes()).as_ref()))
            .collect();
        all.insert(Str::from(name.as_str()), Value::Array(Arc::new(values)));
    }
    Value::Object(Arc::new(all))
}

/// An object of a few members.
pub(crate) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let mut object = Object::with_capacity(N);
    for (name, value) in members {
        object.insert(Str::from(name), value);
    }
    Value::Object(Arc::new(object))
}
