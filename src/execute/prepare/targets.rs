//! The rows that a call is made for.

use ahash::AHashMap;
use smallvec::SmallVec;

use super::super::store::RowId;

/// The rows that a call is made for.
#[derive(Debug)]
pub(crate) enum Targets {
    /// All get the same.
    Rows(Vec<RowId>),
    /// Each element of the answer's lists is for these rows, by position; the lists stand one after the other.
    ByPosition(Vec<Position>),
    /// Each element of the answer's list is for these rows, by key.
    ByKey(AHashMap<Vec<u8>, Vec<RowId>>),
}

/// An entity of an answer.
#[derive(Debug)]
pub(crate) struct Position {
    /// In which list of the call.
    pub(crate) list: u16,
    pub(crate) consumers: Consumers,
}

/// Whom an entity is for: most are for one fetch.
pub(crate) type Consumers = SmallVec<[Consumer; 1]>;

/// The rows of one fetch that an entity is for.
#[derive(Debug, Clone)]
pub(crate) struct Consumer {
    /// The fetch, by its place in the plan.
    pub(crate) fetch: usize,
    pub(crate) rows: Vec<RowId>,
}

impl Targets {
    pub(crate) fn rows(&self) -> Vec<RowId> {
        match self {
            Targets::Rows(rows) => rows.clone(),
            Targets::ByPosition(positions) => {
                let consumers = positions.iter().flat_map(|position| &position.consumers);
                consumers
                    .flat_map(|consumer| &consumer.rows)
                    .copied()
                    .collect()
            }
            Targets::ByKey(rows) => {
                let mut rows: Vec<RowId> = rows.values().flatten().copied().collect();
                rows.sort();
                rows
            }
        }
    }
}
