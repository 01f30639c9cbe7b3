//! Whether the numbers in a cell are such as may be passed on.

use super::store::Cell;
use super::store::Store;

impl Store {
    /// Looks at every number in the cell. Lists are as deep as documents may be.
    pub(super) fn admits_numbers(&self, cell: Cell) -> bool {
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
