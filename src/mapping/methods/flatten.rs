//! `flatten`: a list of lists as one list. Elements that are no lists stay, nulls are left out as empty lists are.

use super::call::{Call, Method};
use crate::document::Value;
use crate::mapping::method::{Arguments, Effect, Signature};

pub(super) const METHODS: &[Method] = &[Method {
    signature: Signature {
        name: "flatten",
        arguments: Arguments::Count(0, 0),
        effect: Effect::Input,
    },
    apply: flatten,
}];

fn flatten(call: &mut Call<'_, '_>) -> Option<Value> {
    let Value::Array(elements) = call.input else {
        return call.unfit("an array");
    };
    let mut flat = Vec::with_capacity(elements.len());
    for element in elements.iter() {
        call.charge(1)?;
        match element {
            Value::Array(inner) => {
                call.charge(inner.len())?;
                flat.extend(inner.iter().cloned());
            }
            Value::Null => {}
            other => flat.push(other.clone()),
        }
    }
    Some(flat.into())
}
