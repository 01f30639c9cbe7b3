//! The rows that a fetch starts from.

use ahash::AHashSet;

use crate::plan::PathStep;
use crate::response::store::{Cell, RowId, Store};

/// The rows at the end of a path, each once, in the order in which they are found. Rows can share children, so the ways
/// through a path can be many more than its rows: each step continues once from each row.
pub(crate) fn rows_at(store: &Store, root: RowId, path: &[PathStep]) -> Vec<RowId> {
    rows_from(store, vec![root], path)
}

/// The same, with only so many elements of the lists to which the step with this index leads.
pub(crate) fn rows_of_first(
    store: &Store,
    root: RowId,
    path: &[PathStep],
    (index, most): (usize, u32),
) -> Vec<RowId> {
    let Some((step, rest)) = path.get(index).zip(path.get(index + 1..)) else {
        return rows_at(store, root, path);
    };
    let parents = rows_from(store, vec![root], &path[..index]);
    let mut first = Distinct::with_capacity(parents.len());
    for row in parents {
        if starts_from(step, store, row)
            && let Cell::List { at, len } = store.cell(row, step.slot)
        {
            first.add_list(store, at, len.min(most));
        }
    }
    rows_from(store, first.rows, rest)
}

/// The rows at the end of a path from a value.
pub(crate) fn rows_below(store: &Store, value: Cell, path: &[PathStep]) -> Vec<RowId> {
    let mut rows = Distinct::with_capacity(1);
    rows.add(store, value);
    rows_from(store, rows.rows, path)
}

/// The rows at the end of a path from several rows.
pub(super) fn rows_from(store: &Store, mut rows: Vec<RowId>, path: &[PathStep]) -> Vec<RowId> {
    for step in path {
        let mut next = Distinct::with_capacity(rows.len());
        for row in rows {
            if starts_from(step, store, row) {
                next.add(store, store.cell(row, step.slot));
            }
        }
        rows = next.rows;
    }
    rows
}

/// Whether a step leads on from a row.
fn starts_from(step: &PathStep, store: &Store, row: RowId) -> bool {
    step.only.is_empty() || store.ty(row).is_some_and(|ty| step.only.contains(&ty))
}

/// Rows without duplicates, in the order in which they are found first.
struct Distinct {
    rows: Vec<RowId>,
    /// The rows and lists so far, from the first row on whose number is not greater than the one before. Rows of one
    /// document have ascending numbers, and as long as numbers ascend, there is no duplicate.
    visited: Option<Visited>,
}

/// Rows and lists that have been visited.
struct Visited {
    rows: AHashSet<RowId>,
    /// The first cell of each list, and its length.
    lists: AHashSet<(u32, u32)>,
}

impl Distinct {
    fn with_capacity(rows: usize) -> Self {
        Distinct {
            rows: Vec::with_capacity(rows),
            visited: None,
        }
    }

    #[inline]
    fn add(&mut self, store: &Store, cell: Cell) {
        match cell {
            Cell::Row(row) => self.add_row(row),
            Cell::List { at, len } => self.add_list(store, at, len),
            _ => {}
        }
    }

    fn add_list(&mut self, store: &Store, at: u32, len: u32) {
        // Many rows can share a list: go through it once.
        if let Some(visited) = &mut self.visited
            && !visited.lists.insert((at, len))
        {
            return;
        }
        self.rows.reserve(len as usize);
        for cell in store.items(at, len) {
            self.add(store, *cell);
        }
    }

    #[inline(always)]
    fn add_row(&mut self, row: RowId) {
        if self.visited.is_none() && self.rows.last().is_none_or(|last| *last < row) {
            self.rows.push(row);
        } else {
            self.add_unordered(row);
        }
    }

    fn add_unordered(&mut self, row: RowId) {
        let rows = &self.rows;
        let visited = self.visited.get_or_insert_with(|| Visited {
            rows: rows.iter().copied().collect(),
            lists: AHashSet::new(),
        });
        if visited.rows.insert(row) {
            self.rows.push(row);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use apollo_compiler::Name;

    use super::*;

    fn step() -> PathStep {
        PathStep {
            slot: 0,
            field: Name::new("others").unwrap(),
            only: Vec::new(),
        }
    }

    /// The ways through the path are 100 to the power of 8.
    #[test]
    fn a_shared_row_is_followed_once() {
        let mut store = Store::new(Vec::new(), Default::default());
        let root = store.add_row(0, 1, None);
        let (mut level, mut last) = (vec![root], Vec::new());
        for depth in 0..8 {
            last = (0..100).map(|_| store.add_row(0, 1, None)).collect();
            let cells: Vec<Cell> = last.iter().map(|row| Cell::Row(*row)).collect();
            let shared = store.add_list(&cells);
            for row in &level {
                // Half of the levels share one list, in the others each row has one of its own.
                let list = match depth % 2 {
                    0 => shared,
                    _ => store.add_list(&cells),
                };
                store.set(*row, 0, list);
            }
            level.clone_from(&last);
        }
        let path: Vec<PathStep> = (0..8).map(|_| step()).collect();
        assert_eq!(rows_at(&store, root, &path), last);
    }

    #[test]
    fn rows_stand_in_the_order_in_which_they_are_met_first() {
        let mut store = Store::new(Vec::new(), Default::default());
        let rows: Vec<RowId> = (0..4).map(|_| store.add_row(0, 1, None)).collect();
        let [root, a, b, c] = rows[..] else { panic!() };
        let empty = store.add_list(&[]);
        let inner = store.add_list(&[Cell::Row(b), Cell::Row(a)]);
        let all = store.add_list(&[Cell::Row(c), empty, inner, Cell::Null, inner, Cell::Row(c)]);
        store.set(root, 0, all);
        assert_eq!(rows_at(&store, root, &[step()]), [c, b, a]);
    }
}
