//! `size`: the number of elements of an array, characters of a string, members of an object.

use super::call::Method;
use crate::document::Value;
use crate::mapping::method::{Arguments, Effect, Signature};
use crate::mapping::shape::ScalarShape;

pub(super) const METHODS: &[Method] = &[Method {
    signature: Signature {
        name: "size",
        arguments: Arguments::Count(0, 0),
        effect: Effect::Leaf(ScalarShape::Number),
    },
    apply: |call| {
        let size = match call.input {
            Value::Array(elements) => elements.len(),
            Value::Object(object) => object.len(),
            Value::String(text) => {
                call.charge_reading(text.len())?;
                text.chars().count()
            }
            _ => return call.unfit("an array, a string or an object"),
        };
        Some((size as i64).into())
    },
}];
