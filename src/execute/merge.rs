//! Puts what a fetch has brought into the rows that it was made for.

use super::store::Cell;
use super::store::RowId;
use super::store::Store;
use crate::plan::Plan;
use crate::plan::ReadId;

/// Merges the slots of a fragment into a row, slot by slot, lists by index. What is there already stays.
pub(crate) fn merge_row(store: &mut Store, plan: &Plan, into: RowId, from: RowId) {
    if into == from {
        return;
    }
    if store.ty(into).is_none()
        && let Some(ty) = store.ty(from)
    {
        store.set_ty(into, ty);
    }
    let width = plan.needs[store.need(from) as usize].slots.len() as u16;
    for slot in 0..width {
        let cell = store.cell(from, slot);
        if cell != Cell::Missing {
            let merged = merged(store, plan, store.cell(into, slot), cell);
            store.set(into, slot, merged);
        }
    }
}

/// Merges a value into a slot.
pub(crate) fn merge_cell(store: &mut Store, plan: &Plan, row: RowId, slot: u16, cell: Cell) {
    let merged = merged(store, plan, store.cell(row, slot), cell);
    store.set(row, slot, merged);
}

fn merged(store: &mut Store, plan: &Plan, known: Cell, new: Cell) -> Cell {
    match (known, new) {
        (Cell::Missing | Cell::Null, new) => new,
        (known @ Cell::Row(into), Cell::Row(from)) => {
            merge_row(store, plan, into, from);
            known
        }
        (
            known @ Cell::List { at, len },
            Cell::List {
                at: other,
                len: others,
            },
        ) if len == others => {
            for index in 0..len {
                let cell = merged(store, plan, store.item(at, index), store.item(other, index));
                store.set_item(at, index, cell);
            }
            known
        }
        (Cell::Failed(_), new @ (Cell::Row(_) | Cell::List { .. })) => new,
        (known, _) => known,
    }
}

/// Marks everything that a fetch was to read of a row as failed; what another fetch has brought stays.
pub(crate) fn fail_row(store: &mut Store, plan: &Plan, row: RowId, read: ReadId, failure: u32) {
    for field in &plan.read(read).fields {
        if !field.only.is_empty() && store.ty(row).is_some_and(|ty| !field.only.contains(&ty)) {
            continue;
        }
        let cell = store.cell(row, field.slot);
        match (cell, field.read) {
            (Cell::Missing, _) => store.set(row, field.slot, Cell::Failed(failure)),
            (cell, Some(below)) => fail_cell(store, plan, cell, below, failure),
            _ => {}
        }
    }
}

fn fail_cell(store: &mut Store, plan: &Plan, cell: Cell, read: ReadId, failure: u32) {
    match cell {
        Cell::Row(row) => fail_row(store, plan, row, read, failure),
        Cell::List { at, len } => {
            for index in 0..len {
                fail_cell(store, plan, store.item(at, index), read, failure);
            }
        }
        _ => {}
    }
}
