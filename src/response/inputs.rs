//! The inputs of a fetch, read from rows: keys and required fields, as JSON text.

mod contexts;
mod keys;
mod rows;

use std::sync::Arc;

pub(crate) use self::contexts::{ContextValue, RowsByContext, rows_by_context};
pub(crate) use self::keys::{comparable_key, plain_key};
pub(crate) use self::rows::{rows_at, rows_below, rows_of_first};
use super::store::{Cell, RowId, Store, UNKNOWN_TYPE};
use crate::document::{Number, Object, Str, Value, unescape};
use crate::graph::query::TypeTable;
use crate::plan::Input;

/// Why there is no call for a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoCall {
    /// A field of its key is null, or its type has no such key.
    NoKey,
    /// One of its inputs has failed.
    Failed(u32),
}

/// Writes a row's inputs as the members of a JSON object, without braces; `first` says whether they are the first
/// members. If one input has failed and another one is null, the failure is returned, whatever their order.
pub(crate) fn write_members(
    store: &Store,
    types: &TypeTable,
    row: RowId,
    inputs: &[Input],
    first: bool,
    out: &mut Vec<u8>,
) -> Result<(), NoCall> {
    let written = write_all(store, types, row, inputs, first, out);
    if written == Err(NoCall::NoKey)
        && let Some(failure) = failure_of(store, row, inputs)
    {
        return Err(NoCall::Failed(failure));
    }
    written
}

/// The failure of the first input of a row that has failed.
fn failure_of(store: &Store, row: RowId, inputs: &[Input]) -> Option<u32> {
    let counts = |input: &&Input| input.only.is_none_or(|only| store.ty(row) == Some(only));
    inputs.iter().filter(counts).find_map(|input| {
        let cell = store.cell(row, input.slot?);
        failure_of_cell(store, cell, &input.children)
    })
}

fn failure_of_cell(store: &Store, cell: Cell, children: &[Input]) -> Option<u32> {
    match cell {
        Cell::Failed(failure) => Some(failure),
        Cell::Row(row) => failure_of(store, row, children),
        Cell::List { at, len } => {
            let mut items = store.items(at, len).iter();
            items.find_map(|cell| failure_of_cell(store, *cell, children))
        }
        _ => None,
    }
}

fn write_all(
    store: &Store,
    types: &TypeTable,
    row: RowId,
    inputs: &[Input],
    mut first: bool,
    out: &mut Vec<u8>,
) -> Result<(), NoCall> {
    for input in inputs {
        let counts = |input: &Input| input.only.is_none_or(|only| store.ty(row) == Some(only));
        if !counts(input) {
            // A row whose type has no such key cannot be fetched.
            let mut others = inputs.iter().filter(|other| other.name == input.name);
            if input.key && !others.any(counts) {
                return Err(NoCall::NoKey);
            }
            continue;
        }
        let ty = store.ty(row).filter(|ty| *ty != UNKNOWN_TYPE);
        if input.slot.is_none() && ty.is_none() {
            // An unknown type is left out.
            continue;
        }
        if !first {
            out.push(b',');
        }
        first = false;
        write_name(&input.name, out);
        out.push(b':');
        let Some(slot) = input.slot else {
            write_name(ty.map_or("", |ty| types.name(ty)), out);
            continue;
        };
        write_cell(store, types, store.cell(row, slot), input, out)?;
    }
    Ok(())
}

/// A name of GraphQL needs no escapes (specification, section 2.1.9).
pub(crate) fn write_name(name: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.push(b'"');
}

fn write_cell(
    store: &Store,
    types: &TypeTable,
    cell: Cell,
    input: &Input,
    out: &mut Vec<u8>,
) -> Result<(), NoCall> {
    match cell {
        Cell::Missing | Cell::Null if input.key => return Err(NoCall::NoKey),
        Cell::Missing | Cell::Null => out.extend_from_slice(b"null"),
        Cell::Failed(failure) => return Err(NoCall::Failed(failure)),
        // A number that is too large for the other service would make its whole batch unreadable: send null.
        Cell::Number(_) | Cell::Json(_) if !input.text && !store.admits_numbers(cell) => {
            return write_cell(store, types, Cell::Null, input, out);
        }
        Cell::Bool(value) => out.extend_from_slice(if value { b"true" } else { b"false" }),
        Cell::Number(text) if input.text => {
            out.push(b'"');
            out.extend_from_slice(store.text(text));
            out.push(b'"');
        }
        Cell::Number(text) | Cell::String(text) | Cell::Json(text) => {
            out.extend_from_slice(store.text(text))
        }
        Cell::Row(row) => {
            out.push(b'{');
            write_all(store, types, row, &input.children, true, out)?;
            out.push(b'}');
        }
        Cell::List { at, len } => {
            out.push(b'[');
            for index in 0..len {
                if index > 0 {
                    out.push(b',');
                }
                write_cell(store, types, store.item(at, index), input, out)?;
            }
            out.push(b']');
        }
    }
    Ok(())
}

/// A row's inputs as a value: the same as [`write_members`] has written for the row.
pub(crate) fn value_of(store: &Store, types: &TypeTable, row: RowId, inputs: &[Input]) -> Value {
    let mut object = Object::with_capacity(inputs.len());
    for input in inputs {
        if input.only.is_some_and(|only| store.ty(row) != Some(only)) {
            continue;
        }
        let value = match input.slot {
            Some(slot) => cell_value(store, types, store.cell(row, slot), input),
            None => match store.ty(row) {
                Some(ty) if ty != UNKNOWN_TYPE => Value::from(types.name(ty).as_str()),
                _ => Value::Null,
            },
        };
        object.insert(Str::from(input.name.as_str()), value);
    }
    Value::Object(Arc::new(object))
}

fn cell_value(store: &Store, types: &TypeTable, cell: Cell, input: &Input) -> Value {
    let text = |text| std::str::from_utf8(store.text(text)).unwrap_or_default();
    match cell {
        Cell::Missing | Cell::Null | Cell::Failed(_) => Value::Null,
        Cell::Bool(value) => Value::Bool(value),
        Cell::Number(number) if input.text => Value::from(text(number)),
        _ if !store.admits_numbers(cell) => Value::Null,
        Cell::Number(number) => Number::from_json(text(number)).map_or(Value::Null, Value::Number),
        Cell::String(string) => Value::from(&*unescape(text(string))),
        Cell::Json(json) => Value::parse_json(store.text(json)).unwrap_or_default(),
        Cell::Row(row) => value_of(store, types, row, &input.children),
        Cell::List { at, len } => {
            let items = store.items(at, len).iter();
            let items = items.map(|cell| cell_value(store, types, *cell, input));
            Value::Array(Arc::new(items.collect()))
        }
    }
}
