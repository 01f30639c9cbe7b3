//! `filter(cond)`, `find(cond)`: the elements for which the condition is true; the first of them. A
//! value that is no array counts as one element.

use super::call::{Call, Method};
use crate::document::Value;
use crate::mapping::evaluate::describe;
use crate::mapping::method::{Arguments, Effect, Signature};

pub(super) const METHODS: &[Method] = &[
    row("filter", |call| {
        let mut kept = Vec::new();
        for (index, element) in call.elements().iter().enumerate() {
            if holds(call, index, element)? {
                kept.push(element.clone());
            }
        }
        Some(kept.into())
    }),
    row("find", |call| {
        for (index, element) in call.elements().iter().enumerate() {
            if holds(call, index, element)? {
                return Some(element.clone());
            }
        }
        None
    }),
];

const fn row(name: &'static str, apply: fn(&mut Call<'_, '_>) -> Option<Value>) -> Method {
    Method {
        signature: Signature {
            name,
            arguments: Arguments::Count(1, 1),
            effect: Effect::Input,
        },
        apply,
    }
}

/// Whether the condition is true for an element. `None` if the budget is exceeded.
fn holds(call: &mut Call<'_, '_>, index: usize, element: &Value) -> Option<bool> {
    call.charge(1)?;
    let condition = call.for_element(0, index, element);
    if let Some(Value::Bool(holds)) = condition {
        return Some(holds);
    }
    let (name, found) = (call.name, describe(condition.as_ref()));
    call.warn_element(index, || {
        format!("`->{name}` needs a condition that is true or false, found {found}")
    });
    Some(false)
}
