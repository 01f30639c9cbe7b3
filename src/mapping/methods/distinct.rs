//! `unique`, `unique(key)`: the elements of a list without those that equal an earlier one, or have an equal key. `group(key)`:
//! `[{ key, values }]`, in the order in which the keys first occur. A missing key is null. Equality is that of `eq`.

use std::hash::{BuildHasher, Hash, Hasher};

use ahash::RandomState;
use hashbrown::HashMap;

use super::call::{Call, Method};
use crate::document::{Object, Str, Value};
use crate::mapping::method::{Arguments, Effect, Signature};

pub(super) const METHODS: &[Method] = &[
    Method {
        signature: Signature {
            name: "unique",
            arguments: Arguments::Count(0, 1),
            effect: Effect::Opaque(0),
        },
        apply: unique,
    },
    Method {
        signature: Signature {
            name: "group",
            arguments: Arguments::Count(1, 1),
            effect: Effect::Rows(&[("key", None), ("values", None)]),
        },
        apply: group,
    },
];

fn unique(call: &mut Call<'_, '_>) -> Option<Value> {
    let Value::Array(elements) = call.input else {
        return call.unfit("an array");
    };
    let (mut keys, mut kept) = (DistinctKeys::default(), Vec::new());
    for (index, element) in elements.iter().enumerate() {
        let key = match call.given() {
            0 => element.clone(),
            _ => call.for_element(0, index, element).unwrap_or(Value::Null),
        };
        if keys.index(call, key)? == kept.len() {
            kept.push(element.clone());
        }
    }
    Some(kept.into())
}

fn group(call: &mut Call<'_, '_>) -> Option<Value> {
    let Value::Array(elements) = call.input else {
        return call.unfit("an array");
    };
    let (mut keys, mut groups) = (DistinctKeys::default(), Vec::<Vec<Value>>::new());
    for (index, element) in elements.iter().enumerate() {
        let key = call.for_element(0, index, element).unwrap_or(Value::Null);
        let at = keys.index(call, key)?;
        match groups.get_mut(at) {
            Some(group) => group.push(element.clone()),
            None => groups.push(vec![element.clone()]),
        }
    }
    call.charge(groups.len() * 3)?;
    let (key_name, values_name) = (Str::from("key"), Str::from("values"));
    let of_group = |(key, values): (Value, Vec<Value>)| {
        Object::from_iter([
            (key_name.clone(), key),
            (values_name.clone(), Value::from(values)),
        ])
    };
    Some(keys.keys.into_iter().zip(groups).map(of_group).collect())
}

/// Keys in the order in which they first occurred.
#[derive(Default)]
struct DistinctKeys {
    keys: Vec<Value>,
    /// The indices of the keys with a hash.
    by_hash: HashMap<u64, Vec<usize>, RandomState>,
}

impl DistinctKeys {
    /// The index of an equal key, which is added if there is none. `None` when the budget is used up.
    fn index(&mut self, call: &mut Call<'_, '_>, key: Value) -> Option<usize> {
        let bytes = call.evaluator.measure(&key)?;
        call.charge_reading(bytes)?;
        let mut hasher = self.by_hash.hasher().build_hasher();
        write_hash(&key, &mut hasher);
        let candidates = self.by_hash.entry(hasher.finish()).or_default();
        for candidate in candidates.iter() {
            if let Some(known) = self.keys.get(*candidate)
                && call.evaluator.equal(known, &key)?
            {
                return Some(*candidate);
            }
        }
        candidates.push(self.keys.len());
        self.keys.push(key);
        Some(self.keys.len() - 1)
    }
}

/// Values that are equal have the same hash: numbers by value, objects whatever the order of their members.
fn write_hash(value: &Value, hasher: &mut impl Hasher) {
    match value {
        Value::Null => 0_u8.hash(hasher),
        Value::Bool(bool) => bool.hash(hasher),
        // Adding zero turns -0 into 0.
        Value::Number(number) => (number.as_f64() + 0.0).to_bits().hash(hasher),
        Value::String(text) => (**text).hash(hasher),
        Value::Array(elements) => {
            elements.len().hash(hasher);
            elements
                .iter()
                .for_each(|element| write_hash(element, hasher));
        }
        Value::Object(object) => object.len().hash(hasher),
    }
}
