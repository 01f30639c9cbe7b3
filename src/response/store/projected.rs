//! The rows that a projection reads from one document, copied out of the store of a request.
//!
//! Rows, cells and texts refer to each other by number. The copy is a range of a store, with numbers that count from
//! the beginning of the range. Appending it to another store adds that store's lengths to all numbers: one pass over
//! the cells, without reading JSON.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::{Cell, Raised, RowHead, RowId, SCRATCH, Store, Text};
use crate::budget::Account;
use crate::document::ValueSpan;

/// The rows of one document.
#[derive(Debug)]
pub(crate) struct ProjectedRows {
    /// The value of the whole document.
    cell: Cell,
    rows: Box<[RowHead]>,
    cells: Box<[Cell]>,
    /// The document, and the texts that were computed from it.
    documents: [Bytes; 2],
    raised: Vec<(RowId, u16, Arc<str>)>,
    /// Errors that the mapping raised about the whole value.
    pub(crate) errors: Vec<Arc<str>>,
    /// Warnings of the mapping.
    pub(crate) remarks: Vec<String>,
}

/// The lengths of a store at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mark {
    rows: u32,
    cells: u32,
    document: u32,
    scratch: u32,
    raised: usize,
}

impl ProjectedRows {
    /// The bytes of memory that it takes, without the document.
    pub(crate) fn size(&self) -> usize {
        let errors = self.errors.iter().map(|error| error.len());
        let said: usize = errors.chain(self.remarks.iter().map(String::len)).sum();
        let raised: usize = self
            .raised
            .iter()
            .map(|error| Raised::size_of(&error.2))
            .sum();
        size_of::<ProjectedRows>()
            + size_of_val(&*self.rows)
            + size_of_val(&*self.cells)
            + self.documents[1].len()
            + said
            + raised
    }

    /// The bytes that it adds to a store.
    pub(crate) fn added(&self) -> usize {
        let raised: usize = self
            .raised
            .iter()
            .map(|error| Raised::size_of(&error.2))
            .sum();
        size_of_val(&*self.rows) + size_of_val(&*self.cells) + raised
    }
}

impl Store {
    /// The lengths now, before a document is added.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            rows: self.rows.len() as u32,
            cells: self.cells.len() as u32,
            document: self.documents.len() as u32,
            scratch: self.scratch.len() as u32,
            raised: self.raised.len(),
        }
    }

    /// Removes what has been added since then, and releases its bytes. Nothing may refer to it.
    pub(crate) fn take_back(&mut self, since: Mark, account: &Account) {
        self.rows.truncate(since.rows as usize);
        self.cells.truncate(since.cells as usize);
        self.documents.truncate(since.document as usize);
        self.scratch.truncate(since.scratch as usize);
        self.raised.truncate(since.raised);
        self.rows.shrink_to_fit();
        self.cells.shrink_to_fit();
        self.scratch.shrink_to_fit();
        let free = self.charged.saturating_sub(self.size());
        account.release(free);
        self.charged -= free;
    }

    /// Removes everything, and releases its bytes: the payload has been written.
    pub(crate) fn free(&mut self, account: &Account) {
        self.take_back(Mark::default(), account);
        self.failed_slots = HashMap::new();
        self.warned = Raised::default();
        self.overruled = HashMap::new();
    }

    /// The rows that have been added since then.
    pub(crate) fn rows_since(&self, since: Mark) -> impl Iterator<Item = RowId> + use<> {
        (since.rows..self.rows.len() as u32).map(RowId)
    }

    /// Copies what has been added since then: one document, and its rows; `cell` is the value of the whole document.
    pub(crate) fn copy_since(&self, since: Mark, cell: Cell) -> ProjectedRows {
        let computed = self.scratch.get(since.scratch as usize..);
        let body = self.documents.get(since.document as usize);
        let raised = self.raised.since(since.raised).iter();
        let cut = |cell: Cell| {
            moved(
                cell,
                |row| row - since.rows,
                |at| at - since.cells,
                |text| match text.document {
                    SCRATCH => Text {
                        document: 1,
                        span: ValueSpan {
                            start: text.span.start - since.scratch,
                            end: text.span.end - since.scratch,
                        },
                    },
                    _ => Text {
                        document: 0,
                        ..text
                    },
                },
            )
        };
        ProjectedRows {
            cell: cut(cell),
            rows: self.rows[since.rows as usize..]
                .iter()
                .map(|head| RowHead {
                    at: head.at - since.cells,
                    ..*head
                })
                .collect(),
            cells: self.cells[since.cells as usize..]
                .iter()
                .map(|cell| cut(*cell))
                .collect(),
            documents: [
                body.cloned().unwrap_or_default(),
                Bytes::copy_from_slice(computed.unwrap_or_default()),
            ],
            raised: raised
                .map(|(row, slot, text)| (RowId(row.0 - since.rows), *slot, text.clone()))
                .collect(),
            errors: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// Appends the rows of a document; returns the value of the whole document.
    pub(crate) fn append_copy(&mut self, projected: &ProjectedRows) -> Cell {
        let (rows, cells) = (self.rows.len() as u32, self.cells.len() as u32);
        let document = self.documents.len() as u32;
        let add = |cell: Cell| {
            moved(
                cell,
                |row| row + rows,
                |at| at + cells,
                |text| Text {
                    document: text.document + document,
                    ..text
                },
            )
        };
        self.documents.extend(projected.documents.iter().cloned());
        let heads = projected.rows.iter().map(|head| RowHead {
            at: head.at + cells,
            ..*head
        });
        self.rows.extend(heads);
        self.cells
            .extend(projected.cells.iter().map(|cell| add(*cell)));
        for (row, slot, text) in &projected.raised {
            self.raised.add(RowId(row.0 + rows), *slot, text.clone());
        }
        add(projected.cell)
    }
}

/// The same cell with other numbers of rows, cells and texts.
#[inline]
fn moved(
    cell: Cell,
    row: impl Fn(u32) -> u32,
    at: impl Fn(u32) -> u32,
    text: impl Fn(Text) -> Text,
) -> Cell {
    match cell {
        Cell::Missing | Cell::Null | Cell::Bool(_) | Cell::Failed(_) => cell,
        Cell::Number(span) => Cell::Number(text(span)),
        Cell::String(span) => Cell::String(text(span)),
        Cell::Json(span) => Cell::Json(text(span)),
        Cell::Row(number) => Cell::Row(RowId(row(number.0))),
        Cell::List { at: first, len } => Cell::List { at: at(first), len },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::budget::Budget;

    /// A list of two rows, one with a text of the document and one with a computed one.
    fn fill(store: &mut Store) -> Cell {
        let document = store.add_document(Bytes::from_static(b"[{\"a\":17}]"));
        let (first, second) = (store.add_row(1, 2, None), store.add_row(1, 2, None));
        let span = ValueSpan { start: 6, end: 8 };
        store.set(first, 0, Cell::Number(Text { document, span }));
        let computed = store.add_text(|out| out.extend_from_slice(b"\"x\""));
        store.set(second, 1, Cell::String(computed));
        store.raise(second, 1, "beside".into());
        store.add_list(&[Cell::Row(first), Cell::Row(second), Cell::Null])
    }

    fn check(store: &Store, cell: Cell) {
        let Cell::List { at, len: 3 } = cell else {
            panic!("{cell:?}");
        };
        let [Cell::Row(first), Cell::Row(second), Cell::Null] = *store.items(at, 3) else {
            panic!("{:?}", store.items(at, 3));
        };
        let Cell::Number(number) = store.cell(first, 0) else {
            panic!();
        };
        assert_eq!(store.text(number), b"17");
        let Cell::String(text) = store.cell(second, 1) else {
            panic!();
        };
        assert_eq!(store.text(text), b"\"x\"");
        assert_eq!(
            (store.position(first), store.cell(first, 1)),
            (1, Cell::Missing)
        );
        assert_eq!(store.raised_in(second), [(second, 1, "beside".into())]);
        assert_eq!(store.raised_in(first), []);
    }

    #[test]
    fn means_the_same_in_another_store() {
        let mut store = Store::new(Vec::new(), Default::default());
        store.add_text(|out| out.extend_from_slice(b"other"));
        let other = store.add_row(0, 3, None);
        store.raise(other, 0, "other".into());
        store.add_document(Bytes::from_static(b"{}"));
        let before = store.mark();
        let cell = fill(&mut store);
        store.sort_raised();
        check(&store, cell);
        let projected = store.copy_since(before, cell);
        for mut store in [Store::new(Vec::new(), Default::default()), store] {
            let size = store.size();
            let cell = store.append_copy(&projected);
            store.sort_raised();
            check(&store, cell);
            assert_eq!(store.size(), size + projected.added());
            // Append it once more: both copies stay.
            let again = store.append_copy(&projected);
            store.sort_raised();
            check(&store, cell);
            check(&store, again);
        }
    }

    #[test]
    fn is_taken_back_whole() {
        let mut store = Store::new(Vec::new(), Default::default());
        fill(&mut store);
        let (before, size, len) = (store.mark(), store.size(), store.len());
        fill(&mut store);
        assert!(store.size() > size);
        store.take_back(before, &Budget::unbounded().account(0));
        assert_eq!((store.size(), store.len()), (size, len));
        store.sort_raised();
        assert_eq!(store.raised_in(RowId(1)).len(), 1);
        assert_eq!(store.raised_in(RowId(3)), []);
    }
}
