//! Errors that mappings raise beside values: added while documents are read, looked up by row while the response is
//! written.

use std::sync::Arc;

use ahash::AHashMap;

use super::cell::RowId;

/// Errors, each with the row and the slot of its value.
#[derive(Debug, Default)]
pub(super) struct Raised {
    all: Vec<(RowId, u16, Arc<str>)>,
    /// The bytes that they take.
    size: usize,
    /// By row: its errors among the first `indexed`, which are not sorted. Exists once rows have been copied.
    index: AHashMap<RowId, Vec<u32>>,
    indexed: usize,
    /// By row: the range of its errors in `all`, once they are sorted.
    ranges: Option<AHashMap<RowId, (u32, u32)>>,
}

impl Raised {
    /// The bytes that one error takes, as if it shared its message with no other.
    pub(super) fn size_of(message: &str) -> usize {
        message.len() + size_of::<(RowId, u16, Arc<str>)>() + 2 * size_of::<usize>()
    }

    pub(super) fn add(&mut self, row: RowId, slot: u16, message: Arc<str>) {
        self.size += Raised::size_of(&message);
        self.all.push((row, slot, message));
    }

    /// Gives a copy of a row its errors.
    pub(super) fn copy(&mut self, row: RowId, copy: RowId) {
        for (index, (row, ..)) in self.all.iter().enumerate().skip(self.indexed) {
            self.index.entry(*row).or_default().push(index as u32);
        }
        self.indexed = self.all.len();
        for index in self.index.get(&row).cloned().unwrap_or_default() {
            let (_, slot, message) = &self.all[index as usize];
            self.add(copy, *slot, Arc::clone(message));
        }
    }

    fn forget_index(&mut self) {
        self.index.clear();
        self.indexed = 0;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// The errors from this index on.
    pub(super) fn since(&self, len: usize) -> &[(RowId, u16, Arc<str>)] {
        self.all.get(len..).unwrap_or_default()
    }

    pub(super) fn truncate(&mut self, len: usize) {
        for (_, _, message) in self.all.drain(len.min(self.all.len())..) {
            self.size -= Raised::size_of(&message);
        }
        self.forget_index();
    }

    /// Sorts the errors by row; those of one row keep their order.
    pub(super) fn sort(&mut self) {
        if self.all.is_empty() {
            return;
        }
        self.all.sort_by_key(|(row, ..)| *row);
        self.forget_index();
        let mut ranges = AHashMap::new();
        let mut start = 0;
        for of_row in self.all.chunk_by(|a, b| a.0 == b.0) {
            let end = start + of_row.len() as u32;
            ranges.insert(of_row[0].0, (start, end));
            start = end;
        }
        self.ranges = Some(ranges);
    }

    /// The errors of a row.
    #[inline]
    pub(super) fn of(&self, row: RowId) -> &[(RowId, u16, Arc<str>)] {
        if self.all.is_empty() {
            return &[];
        }
        let range = self.ranges.as_ref().and_then(|ranges| ranges.get(&row));
        range.map_or(&[], |(start, end)| {
            &self.all[*start as usize..*end as usize]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A search through all errors for each row would take 64,000 times as long.
    #[test]
    fn each_row_has_its_own_and_no_others() {
        const ROWS: u32 = 64_000;
        let mut raised = Raised::default();
        for row in (0..ROWS).rev() {
            raised.add(RowId(row), 1, "first".into());
            raised.add(RowId(row), 0, "second".into());
        }
        raised.sort();
        let mut seen = 0;
        for row in 0..ROWS {
            let errors = raised.of(RowId(row));
            seen += errors.len();
            let expected = [
                (RowId(row), 1, "first".into()),
                (RowId(row), 0, "second".into()),
            ];
            assert_eq!(errors, expected);
        }
        assert_eq!(seen, raised.len());
        assert_eq!(raised.of(RowId(ROWS)), []);
    }
}
