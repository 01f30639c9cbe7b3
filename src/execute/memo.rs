//! What is noted of a kept document: what its pages say, and what projections have made of it.
//!
//! A document that serves many requests is read once for each plan, not once for each request: the rows that came of it
//! are kept beside it, and copied. That is done only for what follows from the document alone, and when a plan reads a
//! document for the second time, so that operations which are never asked again leave nothing behind.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::sync::Weak;

use super::pages::PageFacts;
use super::store::ProjectedRows;
use crate::cache::Memo;
use crate::plan::projection::Projection;

/// Projections of which one document knows at most; of more, the oldest goes.
const MOST: usize = 8;

/// How much larger than its body a document's reading may be: it is documents that the cache is for.
const TIMES_THE_BODY: usize = 4;

/// How many bytes the reading of a document may take whose body is so long.
pub(crate) fn most(body: usize) -> usize {
    body.saturating_mul(TIMES_THE_BODY)
}

/// The notes of one document.
#[derive(Debug, Default)]
pub(crate) struct DocumentMemo {
    /// What the page says of itself and of its list; `None` inside where it cannot be read.
    pub(crate) facts: OnceLock<Option<PageFacts>>,
    projections: Mutex<Vec<ProjectionMemo>>,
}

/// A projection that has read the document.
#[derive(Debug)]
struct ProjectionMemo {
    /// Its plan may be gone; but then no other is at the same place in memory.
    projection: Weak<Projection>,
    /// `None` while it has read the document only once.
    projected: Option<Arc<ProjectedRows>>,
}

/// What is known of a projection's reading of a document.
#[derive(Debug)]
pub(crate) enum Recall {
    /// What it makes of it.
    Rows(Arc<ProjectedRows>),
    /// It reads it again: what comes of it is worth keeping.
    SecondTime,
    /// It reads it for the first time.
    FirstTime,
}

impl DocumentMemo {
    /// What is known of a projection that is about to read the document.
    pub(crate) fn recall(&self, projection: &Arc<Projection>) -> Recall {
        let mut projections = self.projections();
        let known = projections
            .iter()
            .find(|entry| entry.projection.as_ptr() == Arc::as_ptr(projection));
        if let Some(known) = known {
            return known
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

    /// Keeps what a projection makes of the document, whose body is so long; true if it is kept.
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
        let own = projections
            .iter_mut()
            .find(|entry| entry.projection.as_ptr() == Arc::as_ptr(projection));
        let Some(own) = own else { return false };
        own.projected = Some(Arc::new(projected));
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
    use crate::execute::store::Store;

    fn projected() -> ProjectedRows {
        let mut store = Store::new(Vec::new(), Default::default());
        let before = store.mark();
        let row = store.add_row(0, 2, None);
        store.copy_since(before, crate::execute::store::Cell::Row(row))
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
