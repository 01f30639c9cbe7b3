//! `fromEntries`: the object whose members are the entries `{ key, value }` of a list: what `entries` gives, back again. So keys
//! of an object can come from values.

use super::call::{Call, Method};
use crate::document::{Object, Str, Value};
use crate::mapping::method::{Arguments, Effect, Signature};

pub(super) const METHODS: &[Method] = &[Method {
    signature: Signature {
        name: "fromEntries",
        arguments: Arguments::Count(0, 0),
        effect: Effect::Opaque(0),
    },
    apply: from_entries,
}];

fn from_entries(call: &mut Call<'_, '_>) -> Option<Value> {
    let Value::Array(entries) = call.input else {
        return call.unfit("an array of entries");
    };
    call.charge(entries.len())?;
    let mut object = Object::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        let entry = entry.as_object();
        let Some(Value::String(key)) = entry.and_then(|entry| entry.get("key")) else {
            call.warn_element(index, || {
                "it has no `key` that is a string: it is left out".to_owned()
            });
            continue;
        };
        let Some(value) = entry.and_then(|entry| entry.get("value")) else {
            continue;
        };
        if object.insert(Str::clone(key), value.clone()).is_some() {
            call.warn_element(index, || {
                "the key comes twice: the last one counts".to_owned()
            });
        }
    }
    Some(object.into())
}
