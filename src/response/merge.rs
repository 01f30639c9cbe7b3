//! Merges the new rows of a fetch into the rows that the fetch was made for, and marks failed cells.

use super::bounds::{Bounds, Reached};
use super::store::{Cell, RowId, Store};
use crate::plan::{Plan, ReadField, ReadId};

/// Merges a new row into a row: slot by slot, lists by index. A value that the row already has stays.
pub(crate) fn merge_row(store: &mut Store, plan: &Plan, into: RowId, from: RowId) {
    if into == from {
        return;
    }
    if store.ty(into).is_none()
        && let Some(ty) = store.ty(from)
    {
        store.set_ty(into, ty);
    }
    let width = plan.positions[store.position(from) as usize].width() as u16;
    // The usual case: no other fetch has set a slot.
    let filled = store.fill_missing(into, from, width);
    for slot in filled..width {
        match store.cell(from, slot) {
            Cell::Missing => {}
            cell => merge_cell(store, plan, into, slot, cell),
        }
    }
}

/// A copy of a value, with objects of its own.
///
/// # Errors
/// A bound has been reached.
pub(crate) fn copied(
    store: &mut Store,
    plan: &Plan,
    cell: Cell,
    bounds: &Bounds<'_>,
) -> Result<Cell, Reached> {
    match cell {
        Cell::Row(row) => {
            let position = store.position(row);
            let width = plan.positions[position as usize].width();
            let copy = store.add_row(position, width, store.ty(row));
            store.check(0, bounds)?;
            store.copy_raised(row, copy);
            for slot in 0..width as u16 {
                let cell = copied(store, plan, store.cell(row, slot), bounds)?;
                store.set(copy, slot, cell);
            }
            Ok(Cell::Row(copy))
        }
        Cell::List { at, len } => {
            let items = store.items(at, len).to_vec();
            let copy = store.add_list(&items);
            if let Cell::List { at, .. } = copy {
                for (index, item) in (0..).zip(items) {
                    let item = copied(store, plan, item, bounds)?;
                    store.set_item(at, index, item);
                }
            }
            Ok(copy)
        }
        leaf => Ok(leaf),
    }
}

/// Merges a value into a slot.
pub(crate) fn merge_cell(store: &mut Store, plan: &Plan, row: RowId, slot: u16, cell: Cell) {
    let present = store.cell(row, slot);
    let merged = merged(store, plan, present, cell);
    store.set(row, slot, merged);
    if let Cell::Failed(failure) = present
        && merged != present
    {
        store.add_overruled(row, slot, failure);
        // A fetch that should have read fields of this object failed before the object was known: mark these fields
        // now.
        for (read, failure) in store.take_failed_slots(row, slot) {
            fail_cell(store, plan, merged, read, failure, Nulls::Stand);
        }
    }
}

fn merged(store: &mut Store, plan: &Plan, present: Cell, new: Cell) -> Cell {
    match (present, new) {
        (Cell::Missing | Cell::Null, new) => new,
        (present @ Cell::Row(into), Cell::Row(from)) => {
            merge_row(store, plan, into, from);
            present
        }
        (
            present @ Cell::List { at, len },
            Cell::List {
                at: other,
                len: others,
            },
        ) if len == others => {
            if at == other || !store.is_first_merge(at, other, len) {
                return present;
            }
            for index in 0..len {
                let cell = merged(store, plan, store.item(at, index), store.item(other, index));
                store.set_item(at, index, cell);
            }
            present
        }
        (Cell::Failed(_), new @ (Cell::Row(_) | Cell::List { .. })) => new,
        (present, _) => present,
    }
}

/// Whether a null of an upstream stays null if its response has errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nulls {
    Stand,
    /// The upstream reported an error without a path: each of its nulls may be what failed.
    Fail,
}

/// Marks the fields that a fetch should have read of a row as failed, unless they have a value.
pub(crate) fn fail_row(store: &mut Store, plan: &Plan, row: RowId, read: ReadId, failure: u32) {
    fail_parts(store, plan, row, read, failure, Nulls::Stand);
}

/// The same; `nulls` says whether a null counts as a value. True if a field has been marked.
pub(crate) fn fail_parts(
    store: &mut Store,
    plan: &Plan,
    row: RowId,
    read: ReadId,
    failure: u32,
    nulls: Nulls,
) -> bool {
    let mut marked = false;
    for field in &plan.read(read).fields {
        marked |= fail_field(store, plan, row, field, failure, nulls);
    }
    marked
}

/// Marks one of the fields that a fetch should have read as failed, by its name.
pub(crate) fn fail_named(
    store: &mut Store,
    plan: &Plan,
    row: RowId,
    read: ReadId,
    name: &str,
    failure: u32,
) {
    let fields = plan.read(read).fields.iter();
    for field in fields.filter(|field| field.name == name) {
        fail_field(store, plan, row, field, failure, Nulls::Stand);
    }
}

fn fail_field(
    store: &mut Store,
    plan: &Plan,
    row: RowId,
    field: &ReadField,
    failure: u32,
    nulls: Nulls,
) -> bool {
    // Skip fields that this fetch did not request in this execution.
    if !store.holds(field.guard) {
        return false;
    }
    if !field.only.is_empty() && store.ty(row).is_some_and(|ty| !field.only.contains(&ty)) {
        return false;
    }
    let cell = store.cell(row, field.slot);
    let empty = cell == Cell::Missing || (cell == Cell::Null && nulls == Nulls::Fail);
    match field.read {
        below if empty => {
            store.set(row, field.slot, Cell::Failed(failure));
            if let Some(below) = below {
                store.add_failed_slot(row, field.slot, below, failure);
            }
            true
        }
        Some(below) => fail_cell(store, plan, cell, below, failure, nulls),
        None => false,
    }
}

fn fail_cell(
    store: &mut Store,
    plan: &Plan,
    cell: Cell,
    read: ReadId,
    failure: u32,
    nulls: Nulls,
) -> bool {
    let mut marked = false;
    match cell {
        Cell::Row(row) => marked = fail_parts(store, plan, row, read, failure, nulls),
        Cell::List { at, len } if store.is_first_failure(at, len, read, failure) => {
            for index in 0..len {
                let item = store.item(at, index);
                if item == Cell::Null && nulls == Nulls::Fail {
                    store.set_item(at, index, Cell::Failed(failure));
                    marked = true;
                } else {
                    marked |= fail_cell(store, plan, item, read, failure, nulls);
                }
            }
        }
        _ => {}
    }
    marked
}
