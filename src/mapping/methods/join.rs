//! `joinNotNull(separator)`: the elements of an array as one string, without nulls. A scalar counts as one element.

use super::call::{Call, Method};
use super::to_string;
use crate::document::Value;
use crate::mapping::evaluate::describe;
use crate::mapping::method::{Arguments, Effect, Signature};
use crate::mapping::shape::ScalarShape;

pub(super) const METHODS: &[Method] = &[Method {
    signature: Signature {
        name: "joinNotNull",
        arguments: Arguments::Count(1, 1),
        effect: Effect::Leaf(ScalarShape::String),
    },
    apply: join,
}];

fn join(call: &mut Call<'_, '_>) -> Option<Value> {
    if call.input.as_object().is_some() {
        return call.unfit("an array");
    }
    let elements = call.elements();
    let separator = call.argument(0);
    let Some(separator) = separator.as_ref().and_then(Value::as_str) else {
        return call.unfit_argument("a string", separator.as_ref());
    };
    call.charge(elements.len())?;
    let mut joined = String::new();
    for (index, element) in elements
        .iter()
        .filter(|element| !element.is_null())
        .enumerate()
    {
        let Some(text) = to_string::text(element) else {
            let found = describe(Some(element));
            return call.fail(|| format!("{found} is among the elements"));
        };
        call.charge_text(text.len() + separator.len())?;
        if index > 0 {
            joined.push_str(separator);
        }
        joined.push_str(&text);
    }
    Some(joined.into())
}
