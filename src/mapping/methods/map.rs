//! `map(expr)`: an array of the expression for each element; a missing value becomes null. A scalar or an object counts
//! as one element; of null the result is missing, as it is of a missing value.

use super::call::Method;
use crate::document::Value;
use crate::mapping::method::{Arguments, Effect, Signature};

pub(super) const METHODS: &[Method] = &[Method {
    signature: Signature {
        name: "map",
        arguments: Arguments::Count(1, 1),
        effect: Effect::Argument,
    },
    apply: |call| {
        if call.input.is_null() {
            return None;
        }
        let elements = call.elements();
        let mut mapped = Vec::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            call.charge(1)?;
            mapped.push(call.for_element(0, index, element).unwrap_or(Value::Null));
        }
        Some(mapped.into())
    },
}];
