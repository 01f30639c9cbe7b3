//! The memo on a cached document: what has been computed from the document, so that later requests need not compute it.
//!
//! It holds two things: what the document says as a page of a paginated list ([`PageFacts`]), and for some projections
//! the rows that they read from it ([`ProjectedRows`]). For example, `{ districts { name } }` reads a cached document
//! of 20 districts:
//!
//! - The first request reads the JSON, and the memo records that this projection has been here.
//! - The second request reads the JSON again. Its plan is in use, so it pays to prerender the leaves (`prerendered`)
//!   and to copy the rows into the memo.
//! - From the third request on, the rows are copied from the memo, and no JSON is read.
//!
//! So operations that are sent once store no rows.
//!
//! It is correct because only what follows from the document alone is stored: no projection whose selection reads
//! variables of the request other than `$status` and `$response` (`follows_from_document`), and no failures. A
//! projection is identified by its address; the `Weak` keeps the allocation, so the address is not reused while the
//! memo has it.
//!
//! It is bounded: one document has at most [`MOST`] projections, rows that take more than [`TIMES_THE_BODY`] times the
//! body are not stored, and the cache counts the memo as part of the document's weight.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use super::page_facts::PageFacts;
use super::store::ProjectedRows;
use crate::cache::Memo;
use crate::plan::projection::Projection;

/// The maximum number of projections on one document. One more replaces one whose plan is gone, or else the oldest.
const MOST: usize = 8;

/// Rows are stored up to this multiple of the body's length: the cache is meant for documents.
const TIMES_THE_BODY: usize = 4;

/// The bytes that the rows of a document may take, given the length of its body.
pub(crate) fn most(body: usize) -> usize {
    body.saturating_mul(TIMES_THE_BODY)
}

/// The memo on one document.
#[derive(Debug, Default)]
pub(crate) struct DocumentMemo {
    /// What the document says as a page; `None` inside if it cannot be read.
    pub(crate) facts: OnceLock<Option<PageFacts>>,
    projections: Mutex<Vec<ProjectionMemo>>,
}

/// A projection that has read the document.
#[derive(Debug)]
struct ProjectionMemo {
    /// Compared by address. Its plan may be gone, but the weak reference keeps the allocation.
    projection: Weak<Projection>,
    /// `None` after the first read, and if the rows are too large.
    projected: Option<Arc<ProjectedRows>>,
}

/// What the memo has for a projection that is about to read the document.
#[derive(Debug)]
pub(crate) enum Recall {
    /// Its rows.
    Rows(Arc<ProjectedRows>),
    /// The projection has read the document before: its rows are worth storing.
    SecondTime,
    /// The projection has not read the document before.
    FirstTime,
}

impl DocumentMemo {
    /// What the memo has for a projection; records that it reads the document.
    pub(crate) fn recall(&self, projection: &Arc<Projection>) -> Recall {
        let mut projections = self.projections();
        let entry = projections
            .iter()
            .find(|entry| entry.projection.as_ptr() == Arc::as_ptr(projection));
        if let Some(entry) = entry {
            return entry
                .projected
                .clone()
                .map_or(Recall::SecondTime, Recall::Rows);
        }
        if projections.len() >= MOST {
            let gone = |entry: &ProjectionMemo| entry.projection.strong_count() == 0;
            let first = projections.iter().position(gone).unwrap_or_default();
            projections.remove(first);
        }
        projections.push(ProjectionMemo {
            projection: Arc::downgrade(projection),
            projected: None,
        });
        Recall::FirstTime
    }

    /// Stores the rows of a projection, unless they are too large for a body of this length. Returns whether they were
    /// stored.
    pub(crate) fn remember(
        &self,
        projection: &Arc<Projection>,
        projected: ProjectedRows,
        body: usize,
    ) -> bool {
        if projected.size() > most(body) {
            return false;
        }
        let mut projections = self.projections();
        let entry = projections
            .iter_mut()
            .find(|entry| entry.projection.as_ptr() == Arc::as_ptr(projection));
        let Some(entry) = entry else { return false };
        entry.projected = Some(Arc::new(projected));
        true
    }

    fn projections(&self) -> MutexGuard<'_, Vec<ProjectionMemo>> {
        self.projections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memo for DocumentMemo {
    fn weight(&self) -> usize {
        let projections = self.projections();
        let stored = projections
            .iter()
            .filter_map(|entry| entry.projected.as_ref());
        let stored: usize = stored.map(|projected| projected.size()).sum();
        size_of::<DocumentMemo>() + projections.capacity() * size_of::<ProjectionMemo>() + stored
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::response::store::Store;

    fn projected() -> ProjectedRows {
        let mut store = Store::new(Vec::new(), Default::default());
        let before = store.mark();
        let row = store.add_row(0, 2, None);
        store.copy_since(before, crate::response::store::Cell::Row(row))
    }

    #[test]
    fn a_reading_is_kept_when_a_plan_comes_again() {
        let (memo, plan, other) = (DocumentMemo::default(), Arc::default(), Arc::default());
        assert!(matches!(memo.recall(&plan), Recall::FirstTime));
        assert!(matches!(memo.recall(&plan), Recall::SecondTime));
        let bare = memo.weight();
        assert!(memo.remember(&plan, projected(), 1000));
        assert!(matches!(memo.recall(&plan), Recall::Rows(_)));
        assert!(matches!(memo.recall(&other), Recall::FirstTime));
        assert_eq!(memo.weight(), bare + projected().size());
    }

    #[test]
    fn what_is_much_larger_than_the_body_is_not_kept() {
        let (memo, plan) = (DocumentMemo::default(), Arc::default());
        memo.recall(&plan);
        assert!(!memo.remember(&plan, projected(), 1));
        assert!(matches!(memo.recall(&plan), Recall::SecondTime));
    }

    #[test]
    fn plans_that_are_gone_make_room_before_others() {
        let memo = DocumentMemo::default();
        let plans: Vec<Arc<Projection>> = (0..MOST).map(|_| Arc::default()).collect();
        for plan in &plans[..MOST - 1] {
            memo.recall(plan);
        }
        // Gone as soon as it has been seen.
        memo.recall(&Arc::default());
        memo.recall(&plans[MOST - 1]);
        for plan in &plans {
            assert!(matches!(memo.recall(plan), Recall::SecondTime));
        }
    }
}
