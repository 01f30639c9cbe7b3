//! `sum`, `avg`, `min`, `max` of a list, without its nulls.
//!
//! `sum` is exact: of numbers a number, of decimal texts (`"338.45"`) a text. If numbers need more than 38 digits, it is a float.
//! `avg` is a float. `min` and `max` take numbers, or strings as `lt` compares them. Of an empty list, `sum` is 0 and the others
//! are missing.

use std::cmp::Ordering;

use super::call::{Call, Method};
use super::decimal::Decimal;
use super::sort;
use crate::document::{Number, Value};
use crate::mapping::evaluate::describe;
use crate::mapping::method::{Arguments, Effect, Signature};
use crate::mapping::shape::ScalarShape;

pub(super) const METHODS: &[Method] = &[
    row("sum", Effect::Opaque(0), sum),
    row("avg", Effect::Leaf(ScalarShape::Number), average),
    row("min", Effect::Part, |call| extreme(call, Ordering::Less)),
    row("max", Effect::Part, |call| extreme(call, Ordering::Greater)),
];

const fn row(
    name: &'static str,
    effect: Effect,
    apply: fn(&mut Call<'_, '_>) -> Option<Value>,
) -> Method {
    Method {
        signature: Signature {
            name,
            arguments: Arguments::Count(0, 0),
            effect,
        },
        apply,
    }
}

/// The elements that are not null, if they are all numbers or all strings.
fn values<'c>(call: &mut Call<'c, '_>) -> Option<Vec<&'c Value>> {
    let Value::Array(elements) = call.input else {
        call.unfit("an array");
        return None;
    };
    call.charge(elements.len())?;
    let values: Vec<&Value> = elements.iter().filter(|value| !value.is_null()).collect();
    call.charge_reading(values.iter().map(|value| sort::length(value)).sum())?;
    let numbers = values.iter().all(|value| value.as_number().is_some());
    if numbers || values.iter().all(|value| value.as_str().is_some()) {
        return Some(values);
    }
    let is_neither = |value: &&&Value| value.as_number().is_none() && value.as_str().is_none();
    match values.iter().find(is_neither) {
        Some(value) => {
            let found = describe(Some(value));
            call.fail(|| format!("{found} is among the elements"));
        }
        None => drop(call.fail(|| "numbers and strings are among the elements".to_owned())),
    }
    None
}

fn sum(call: &mut Call<'_, '_>) -> Option<Value> {
    let values = values(call)?;
    let texts = values.first().is_some_and(|value| value.as_str().is_some());
    let exact = values
        .iter()
        .try_fold(Decimal::ZERO, |sum, value| sum.add(Decimal::of(value)?));
    let result = match exact {
        Some(sum) if texts => Some(Value::from(sum.text())),
        Some(sum) => Number::from_json(&sum.text()).map(Value::Number),
        None if texts => None,
        None => {
            let numbers = values.iter().filter_map(|value| value.as_number());
            let sum: f64 = numbers.map(Number::as_f64).sum();
            Number::from_f64(sum).map(Value::Number)
        }
    };
    match result {
        Some(value) => {
            call.charge_text(40)?;
            Some(value)
        }
        None => {
            call.fail(|| "not all elements are decimal numbers, or the sum is too large".to_owned())
        }
    }
}

fn average(call: &mut Call<'_, '_>) -> Option<Value> {
    let values = values(call)?;
    if values.is_empty() {
        return None;
    }
    let numbers: Vec<f64> = values
        .iter()
        .filter_map(|value| value.as_number())
        .map(Number::as_f64)
        .collect();
    if numbers.len() != values.len() {
        return call.fail(|| "a string is among the elements".to_owned());
    }
    match Number::from_f64(numbers.iter().sum::<f64>() / numbers.len() as f64) {
        Some(average) => Some(Value::Number(average)),
        None => call.fail(|| "the result is too large".to_owned()),
    }
}

/// The first element that is smaller, or greater, than all others.
fn extreme(call: &mut Call<'_, '_>, wanted: Ordering) -> Option<Value> {
    let values = values(call)?;
    let best = values.into_iter().reduce(|best, value| {
        if sort::compare(value, best) == wanted {
            value
        } else {
            best
        }
    });
    best.cloned()
}
