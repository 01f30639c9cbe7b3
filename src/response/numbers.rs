//! Checks the size of the numbers in a cell.

use super::store::{Cell, Store};

impl Store {
    /// Whether every number in the cell is within the bounds. The depth of the recursion is bounded by the depth of
    /// documents.
    pub(crate) fn admits_numbers(&self, cell: Cell) -> bool {
        match cell {
            Cell::Number(text) => self.numbers().admits(self.text(text)),
            Cell::Json(text) => self.numbers().admits_all(self.text(text)),
            Cell::List { at, len } => {
                let mut items = self.items(at, len).iter();
                items.all(|item| self.admits_numbers(*item))
            }
            _ => true,
        }
    }
}
