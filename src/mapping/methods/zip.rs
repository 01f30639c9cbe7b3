//! `zip`: columns as rows. An object of lists becomes a list of objects, one for each index; a value that is no list is the
//! same in each row. As many rows as the longest list: where another has no element, the key is left out.

use super::call::{Call, Method};
use crate::document::{Object, Value};
use crate::mapping::method::{Arguments, Effect, Signature};

pub(super) const METHODS: &[Method] = &[Method {
    signature: Signature {
        name: "zip",
        arguments: Arguments::Count(0, 0),
        effect: Effect::Opaque(1),
    },
    apply: zip,
}];

fn zip(call: &mut Call<'_, '_>) -> Option<Value> {
    let Some(columns) = call.input.as_object() else {
        return call.unfit("an object of lists");
    };
    let lengths = columns.values().filter_map(|column| column.as_array());
    let Some(length) = lengths.map(|column| column.len()).max() else {
        return call.fail(|| "none of the members is a list".to_owned());
    };
    call.charge(length.saturating_mul(columns.len() + 1))?;
    let row = |index: usize| {
        let cell = |column: &Value| match column {
            Value::Array(elements) => elements.get(index).cloned(),
            other => Some(other.clone()),
        };
        let cells = columns
            .iter()
            .filter_map(|(name, column)| Some((name.clone(), cell(column)?)));
        Object::from_iter(cells)
    };
    Some((0..length).map(row).collect())
}
