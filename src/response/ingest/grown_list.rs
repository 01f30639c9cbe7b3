//! Lists that are read in several parts: what further pages add to the list of those before.

use std::sync::Arc;

use crate::response::store::{Cell, RowId, Store};

/// Which pages of a list a call has read.
#[derive(Debug, Default)]
pub(crate) enum PagesRead {
    /// All of them.
    #[default]
    All,
    /// The first ones.
    First,
    /// Some that follow: the list is in the store.
    Next(GrownList),
}

/// What further pages add to a list.
#[derive(Debug, Default)]
pub(crate) struct GrownList {
    /// Where the list of each row was in the store, and the longer one.
    pub(crate) lists: Vec<(RowId, u32, Cell)>,
    /// Why there are no elements.
    pub(crate) failure: Option<u32>,
    /// Errors that the mapping has raised outside of any field.
    pub(crate) raised: Vec<Arc<str>>,
    pub(crate) warnings: Vec<Arc<str>>,
}

impl GrownList {
    /// Adds the elements of further pages to the list of a row.
    pub(super) fn add(&mut self, store: &mut Store, row: RowId, slot: u16, more: Cell) {
        let (Cell::List { at, len }, Cell::List { at: from, len: new }) =
            (store.cell(row, slot), more)
        else {
            return;
        };
        let mut before = self.lists.iter();
        // Rows may share the list.
        let longer = match before.find(|(_, before, _)| *before == at) {
            Some((.., longer)) => *longer,
            None => store.add_joined((at, len), (from, new)),
        };
        store.set(row, slot, longer);
        self.lists.push((row, at, longer));
    }
}
