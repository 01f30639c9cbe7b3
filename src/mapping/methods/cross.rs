//! `cross`: all combinations of some lists. An object of lists becomes a list of objects, in which the last list varies fastest, as
//! in a table with several dimensions that is written as one list (JSON-stat). A value that is no list is the same in each row.

use super::call::{Call, Method};
use crate::document::{Object, Value};
use crate::mapping::method::{Arguments, Effect, Signature};

pub(super) const METHODS: &[Method] = &[Method {
    signature: Signature {
        name: "cross",
        arguments: Arguments::Count(0, 0),
        effect: Effect::Opaque(1),
    },
    apply: cross,
}];

fn cross(call: &mut Call<'_, '_>) -> Option<Value> {
    let Some(columns) = call.input.as_object() else {
        return call.unfit("an object of lists");
    };
    let lengths = columns.values().filter_map(|column| column.as_array());
    let lengths: Vec<usize> = lengths.map(|column| column.len()).collect();
    if lengths.is_empty() {
        return call.fail(|| "none of the members is a list".to_owned());
    }
    let rows = lengths.into_iter().fold(1, usize::saturating_mul);
    call.charge(rows.saturating_mul(columns.len() + 1))?;
    // The number of a row, in digits whose bases are the lengths of the lists, has the index of an element for each list.
    let row = |number: usize| {
        let mut below = rows;
        let mut cell = |column: &Value| match column.as_array() {
            Some(elements) => {
                below /= elements.len();
                elements[number / below % elements.len()].clone()
            }
            None => column.clone(),
        };
        let cells = columns.iter();
        Object::from_iter(cells.map(|(name, column)| (name.clone(), cell(column))))
    };
    Some((0..rows).map(row).collect())
}
