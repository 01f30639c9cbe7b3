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

/// `work_name` → `workName`, `WORK-ID` → `workId`, `Work name` → `workName`, `HTTPServer` → `httpServer`, `_lead` →
/// `lead`. The case within a mixed word stays (`workID`), and so does `__typename`, which has a meaning in GraphQL.
fn camel_case(key: &Str) -> Str {
    if **key == *"__typename" {
        return key.clone();
    }
    let mut name = String::with_capacity(key.len());
    let words = key
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    for word in words {
        let (capitals, rest) = word.split_at(leading_capitals(word));
        let mut chars = capitals.chars();
        if let Some(first) = chars.next() {
            if name.is_empty() {
                name.extend(first.to_lowercase());
            } else {
                name.extend(first.to_uppercase());
            }
        }
        name.extend(chars.flat_map(char::to_lowercase));
        name.push_str(rest);
    }
    if name == **key {
        key.clone()
    } else {
        Str::from(name)
    }
}

/// The length of the part of a word that is written as one: its first character, or all capitals at its start. If a small
/// letter follows several capitals, the last of them begins another word. A word without small letters is one.
fn leading_capitals(word: &str) -> usize {
    if !word.chars().any(char::is_lowercase) {
        return word.len();
    }
    let mut ends = word
        .char_indices()
        .take_while(|(_, c)| !c.is_lowercase())
        .map(|(at, c)| (at, at + c.len_utf8()))
        .collect::<Vec<_>>();
    match (ends.pop(), ends.first()) {
        (Some((last, _)), Some(_)) => last,
        _ => word.chars().next().map_or(0, char::len_utf8),
    }
}
