//! Values for mappings: objects of a few members.

use std::sync::Arc;

use crate::document::{Object, Str, Value};

/// An object of a few members.
pub(crate) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let mut object = Object::with_capacity(N);
    for (name, value) in members {
        object.insert(Str::from(name), value);
    }
    Value::Object(Arc::new(object))
}
