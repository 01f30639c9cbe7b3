//! `entries`: `[{ key, value }]` of an object, in order.

use super::call::Method;
use crate::document::{Object, Str, Value};
use crate::mapping::method::{Arguments, Effect, Signature};
use crate::mapping::shape::ScalarShape;

pub(super) const METHODS: &[Method] = &[Method {
    signature: Signature {
        name: "entries",
        arguments: Arguments::Count(0, 0),
        effect: Effect::Rows(&[("key", Some(ScalarShape::String)), ("value", None)]),
    },
    apply: |call| {
        let Some(object) = call.input.as_object() else {
            return call.unfit("an object");
        };
        call.charge(object.len() * 3)?;
        let (key, value) = (Str::from("key"), Str::from("value"));
        let entry = |(name, member): (&Str, &Value)| {
            Object::from_iter([
                (key.clone(), Value::from(name.clone())),
                (value.clone(), member.clone()),
            ])
        };
        Some(object.iter().map(entry).collect())
    },
}];
