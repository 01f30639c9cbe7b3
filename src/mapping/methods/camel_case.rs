//! `keysToCamelCase`, `keysToCamelCaseDeep`: renames the keys of an upstream to the style of
//! GraphQL.

use super::call::{Call, Method};
use crate::document::{Object, Str, Value};
use crate::mapping::method::{Arguments, Effect, Signature};

pub(super) const METHODS: &[Method] = &[
    Method {
        signature: Signature {
            name: "keysToCamelCase",
            arguments: Arguments::Count(0, 0),
            effect: Effect::Opaque(0),
        },
        apply: |call| match call.input.as_object() {
            Some(object) => rename(call, object, |_, value| Some(value.clone())),
            None => call.unfit("an object"),
        },
    },
    Method {
        signature: Signature {
            name: "keysToCamelCaseDeep",
            arguments: Arguments::Count(0, 0),
            effect: Effect::Opaque(0),
        },
        apply: |call| deep(call, call.input),
    },
];

fn deep(call: &mut Call<'_, '_>, value: &Value) -> Option<Value> {
    match value {
        Value::Object(object) => rename(call, object, deep),
        Value::Array(elements) => {
            call.charge(elements.len())?;
            let renamed: Option<Vec<Value>> =
                elements.iter().map(|element| deep(call, element)).collect();
            renamed.map(Value::from)
        }
        scalar => Some(scalar.clone()),
    }
}

fn rename<'e>(
    call: &mut Call<'_, 'e>,
    object: &Object,
    inner: fn(&mut Call<'_, 'e>, &Value) -> Option<Value>,
) -> Option<Value> {
    call.charge(object.len())?;
    let mut renamed = Object::with_capacity(object.len());
    for (key, value) in object.iter() {
        let name = camel_case(key);
        let value = inner(call, value)?;
        if renamed.insert(name, value).is_some() {
            call.warn(|| "two keys become the same: the last one counts".to_owned());
        }
    }
    Some(renamed.into())
}

/// `work_name` → `workName`, `WORK-ID` → `workId`, `Work name` → `workName`. Leading underscores
/// stay (`__typename`), as does the case within a mixed word (`workID`).
fn camel_case(key: &Str) -> Str {
    let bare = key.trim_start_matches('_');
    let mut name = key[..key.len() - bare.len()].to_owned();
    let words = bare
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        let shouted = !word.chars().any(char::is_lowercase);
        let mut chars = word.chars();
        if let Some(first) = chars.next() {
            if index == 0 {
                name.extend(first.to_lowercase());
            } else {
                name.extend(first.to_uppercase());
            }
        }
        if shouted {
            name.extend(chars.flat_map(char::to_lowercase));
        } else {
            name.push_str(chars.as_str());
        }
    }
    if name == **key {
        key.clone()
    } else {
        Str::from(name)
    }
}
