//! `sort`, `sort(key)`, `sort(key, "desc")`: the elements of a list by their values, or by a key of each. Keys are all numbers
//! or all strings; elements without a key (null or missing) come last. Elements with equal keys keep their order.

use std::cmp::Ordering;

use super::call::{Call, Method};
use crate::document::Value;
use crate::mapping::method::{Arguments, Effect, Signature};

pub(super) const METHODS: &[Method] = &[Method {
    signature: Signature {
        name: "sort",
        arguments: Arguments::Count(0, 2),
        effect: Effect::Input,
    },
    apply: sort,
}];

fn sort(call: &mut Call<'_, '_>) -> Option<Value> {
    let Value::Array(elements) = call.input else {
        return call.unfit("an array");
    };
    let descending = match call.given() {
        0 | 1 => false,
        _ => match call.argument(1) {
            Some(Value::String(order)) if *order == *"desc" => true,
            Some(Value::String(order)) if *order == *"asc" => false,
            other => return call.unfit_argument("\"asc\" or \"desc\"", other.as_ref()),
        },
    };
    let mut keyed = Vec::with_capacity(elements.len());
    let mut bytes = 0;
    for (index, element) in elements.iter().enumerate() {
        call.charge(1)?;
        let key = match call.given() {
            0 => Some(element.clone()),
            _ => call.for_element(0, index, element),
        };
        let key = key.filter(|key| !key.is_null());
        bytes += key.as_ref().map_or(0, length);
        keyed.push((key, element));
    }
    let mut keys = keyed.iter().filter_map(|(key, _)| key.as_ref());
    let comparable = match keys.next() {
        Some(Value::Number(_)) => keys.all(|key| key.as_number().is_some()),
        Some(Value::String(_)) => keys.all(|key| key.as_str().is_some()),
        Some(_) => false,
        None => true,
    };
    if !comparable {
        return call.fail(|| "the keys are not all numbers or all strings".to_owned());
    }
    // Each key is compared about as often as the length of the list has binary digits.
    let rounds = usize::BITS - keyed.len().leading_zeros();
    call.charge((keyed.len() + bytes / 32) * rounds as usize)?;
    keyed.sort_by(|(a, _), (b, _)| match (a, b) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) if descending => compare(b, a),
        (Some(a), Some(b)) => compare(a, b),
    });
    Some(
        keyed
            .into_iter()
            .map(|(_, element)| element.clone())
            .collect(),
    )
}

/// The order of two numbers, or of two strings by their characters' codes.
pub(super) fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        _ => Ordering::Equal,
    }
}

/// The bytes that a comparison of a number or a string reads, at most.
pub(super) fn length(value: &Value) -> usize {
    match value {
        Value::Number(number) => number.length(),
        Value::String(text) => text.len(),
        _ => 0,
    }
}
