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

use super::pages::Facts;
use super::store::Reading;
use crate::cache::Note;
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
pub(crate) struct Noted {
    /// What the page says of itself and of its list; `None` inside where it cannot be read.
    pub(crate) facts: OnceLock<Option<Facts>>,
    readers: Mutex<Vec<Reader>>,
}

/// A projection that has read the document.
#[derive(Debug)]
struct Reader {
    /// Its plan may be gone; but then no other is at the same place in memory.
    projection: Weak<Projection>,
    /// `None` while it has read the document only once.
    reading: Option<Arc<Reading>>,
}

/// What is known of a projection's reading of a document.
#[derive(Debug)]
pub(crate) enum Seen {
    /// What it makes of it.
    Reading(Arc<Reading>),
    /// It reads it again: what comes of it is worth keeping.
    Again,
    /// It reads it for the first time.
    First,
}

impl Noted {
    /// What is known of a projection that is about to read the document.
    pub(crate) fn seen(&self, projection: &Arc<Projection>) -> Seen {
        let mut readers = self.readers();
        let known = readers
            .iter()
            .find(|reader| reader.projection.as_ptr() == Arc::as_ptr(projection));
        if let Some(known) = known {
            return known.reading.clone().map_or(Seen::Again, Seen::Reading);
        }
        if readers.len() >= MOST {
            let gone = |reader: &Reader| reader.projection.strong_count() == 0;
            let first = readers.iter().position(gone).unwrap_or_default();
            readers.remove(first);
        }
        readers.push(Reader {
            projection: Arc::downgrade(projection),
            reading: None,
        });
        Seen::First
    }

    /// Keeps what a projection makes of the document, whose body is so long; true if it is kept.
    pub(crate) fn keep(&self, projection: &Arc<Projection>, reading: Reading, body: usize) -> bool {
        if reading.size() > most(body) {
            return false;
        }
        let mut readers = self.readers();
        let own = readers
            .iter_mut()
            .find(|reader| reader.projection.as_ptr() == Arc::as_ptr(projection));
        let Some(own) = own else { return false };
        own.reading = Some(Arc::new(reading));
        true
    }

    fn readers(&self) -> MutexGuard<'_, Vec<Reader>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Note for Noted {
    fn weight(&self) -> usize {
        let readers = self.readers();
        let readings = readers.iter().filter_map(|reader| reader.reading.as_ref());
        let readings: usize = readings.map(|reading| reading.size()).sum();
        size_of::<Noted>() + readers.capacity() * size_of::<Reader>() + readings
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::execute::store::Store;

    fn reading() -> Reading {
        let mut store = Store::new(Vec::new(), Default::default());
        let before = store.mark();
        let row = store.add_row(0, 2, None);
        store.reading(before, crate::execute::store::Cell::Row(row))
    }

    #[test]
    fn a_reading_is_kept_when_a_plan_comes_again() {
        let (noted, plan, other) = (Noted::default(), Arc::default(), Arc::default());
        assert!(matches!(noted.seen(&plan), Seen::First));
        assert!(matches!(noted.seen(&plan), Seen::Again));
        let bare = noted.weight();
        assert!(noted.keep(&plan, reading(), 1000));
        assert!(matches!(noted.seen(&plan), Seen::Reading(_)));
        assert!(matches!(noted.seen(&other), Seen::First));
        assert_eq!(noted.weight(), bare + reading().size());
    }

    #[test]
    fn what_is_much_larger_than_the_body_is_not_kept() {
        let (noted, plan) = (Noted::default(), Arc::default());
        noted.seen(&plan);
        assert!(!noted.keep(&plan, reading(), 1));
        assert!(matches!(noted.seen(&plan), Seen::Again));
    }

    #[test]
    fn plans_that_are_gone_make_room_before_others() {
        let noted = Noted::default();
        let plans: Vec<Arc<Projection>> = (0..MOST).map(|_| Arc::default()).collect();
        for plan in &plans[..MOST - 1] {
            noted.seen(plan);
        }
        // Gone as soon as it has been seen.
        noted.seen(&Arc::default());
        noted.seen(&plans[MOST - 1]);
        for plan in &plans {
            assert!(matches!(noted.seen(plan), Seen::Again));
        }
    }
}
