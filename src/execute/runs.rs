//! The texts of runs (`plan/runs.rs`), written into the rows of an answer that is kept.

use super::store::Cell;
use super::store::Mark;
use super::store::RowId;
use super::store::Store;
use super::write::leaf_text;
use crate::plan::Plan;
use crate::plan::output::OutputField;

/// Writes the runs of a fetch into the rows that have been added since then, where all their leaves have been read. (What
/// has not may be what a field lacks that requires something.)
pub(crate) fn write(store: &mut Store, plan: &Plan, fetch: usize, since: Mark) {
    if !store.is_calm() {
        return;
    }
    let mut text = Vec::new();
    for object in &plan.output.objects {
        for (place, class) in object.classes.iter().enumerate() {
            for run in class.runs.iter().filter(|run| run.fetch == fetch) {
                let fields = object.fields_of(place).skip(usize::from(run.at));
                let fields = fields.take(usize::from(run.length));
                for row in store.rows_since(since) {
                    let own = store.need(row) == object.need.0
                        && object.class_of_type(store.ty(row)) == Some(place);
                    text.clear();
                    if own && write_fields(store, row, fields.clone(), &mut text) {
                        let text = store.add_text(|out| out.extend_from_slice(&text));
                        store.set(row, run.cell, Cell::Json(text));
                    }
                }
            }
        }
    }
}

/// True if all of them have been read.
fn write_fields<'o>(
    store: &Store,
    row: RowId,
    mut fields: impl Iterator<Item = &'o OutputField>,
    out: &mut Vec<u8>,
) -> bool {
    let cells = store.cells_of(row);
    fields.all(|field| {
        let cell = field
            .leaf_slot()
            .and_then(|slot| cells.get(usize::from(slot)));
        if matches!(cell, None | Some(Cell::Missing)) {
            return false;
        }
        let Some(text) = leaf_text(store, cells, field) else {
            return false;
        };
        out.extend_from_slice(&field.key);
        out.extend_from_slice(text);
        true
    })
}
