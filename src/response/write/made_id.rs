//! Writes globally unique ids, which are made from the key of a row.

use super::Writer;
use super::leaves::int;
use super::out::Halt;
use super::stack::Completion;
use crate::document::{unescape, write_json_string};
use crate::graph::node_id;
use crate::plan::Input;
use crate::plan::output::{MadeId, OutputField};
use crate::response::store::{Cell, RowId, Store};

impl<'w> Writer<'w> {
    /// Writes the id of a row. If a field of its key has no value, the id is completed as this field.
    pub(super) fn made_id(
        &mut self,
        row: RowId,
        made: &'w MadeId,
        field: &'w OutputField,
    ) -> Result<Completion, Halt> {
        let mut values = Vec::with_capacity(32);
        if let Err(cell) = put_values(self.store, row, &made.key, &mut values) {
            return self.complete(cell, &field.ty, field);
        }
        let mut id = Vec::with_capacity((made.ty.len() + values.len() + 2).div_ceil(3) * 4);
        node_id::write(&made.ty, &values, &mut id);
        self.out.ensure(id.len() + 2)?;
        self.quote(&id);
        Ok(Completion::Written)
    }
}

/// Appends the values of a key as JSON, with commas between them. The error is the value that is none.
fn put_values(store: &Store, row: RowId, key: &[Input], out: &mut Vec<u8>) -> Result<(), Cell> {
    for input in key {
        let Some(slot) = input.slot else { continue };
        let cell = store.cell(row, slot);
        if let Cell::Row(below) = cell {
            put_values(store, below, &input.children, out)?;
            continue;
        }
        if !out.is_empty() {
            out.push(b',');
        }
        match cell {
            Cell::Bool(true) => out.extend_from_slice(b"true"),
            Cell::Bool(false) => out.extend_from_slice(b"false"),
            Cell::Number(text) if input.text => {
                out.push(b'"');
                out.extend_from_slice(store.text(text));
                out.push(b'"');
            }
            Cell::Number(text) => match int(store.text(text)) {
                Some(integer) => out.extend_from_slice(integer.as_bytes()),
                None => out.extend_from_slice(store.text(text)),
            },
            Cell::String(text) => {
                let text = store.text(text);
                match std::str::from_utf8(text) {
                    Ok(quoted) if quoted.contains('\\') => {
                        write_json_string(&unescape(quoted), out)
                    }
                    _ => out.extend_from_slice(text),
                }
            }
            cell @ (Cell::Failed(_) | Cell::Missing) => return Err(cell),
            _ => return Err(Cell::Null),
        }
    }
    Ok(())
}
