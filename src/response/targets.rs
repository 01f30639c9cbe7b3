//! The rows that a call is made for, and what reading its result needs of it.

use ahash::AHashMap;
use smallvec::SmallVec;

use super::store::RowId;
use crate::mapping::Variables;

/// Where the result of a call goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Destination<'a> {
    /// The rows that it is merged into.
    pub(crate) targets: &'a Targets,
    /// The variables that its mapping reads.
    pub(crate) variables: &'a Variables,
}

/// The rows that a call is made for.
#[derive(Debug)]
pub(crate) enum Targets {
    /// The value is merged into all of these rows.
    Rows(Vec<RowId>),
    /// The elements of the document's lists are merged by position. The positions of all lists follow each other.
    ByPosition(Vec<EntityPosition>),
    /// The elements of the document's list are merged by key.
    ByKey(AHashMap<Vec<u8>, Vec<RowId>>),
}

/// The position of an entity in a document.
#[derive(Debug)]
pub(crate) struct EntityPosition {
    /// The number of the list in the call.
    pub(crate) list: u16,
    pub(crate) consumers: Consumers,
}

/// The consumers of an entity; usually one.
pub(crate) type Consumers = SmallVec<[Consumer; 1]>;

/// The rows of one fetch into which an entity is merged.
#[derive(Debug, Clone)]
pub(crate) struct Consumer {
    /// The index of the fetch in the plan.
    pub(crate) fetch: usize,
    pub(crate) rows: Vec<RowId>,
}

/// By fetch of a list of all objects: the rows that are not in the list and are looked up without it.
pub(crate) type AbsentRows = AHashMap<usize, Vec<RowId>>;

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

/// The positions of one list.
pub(crate) fn of_list(positions: &[EntityPosition], list: u16) -> &[EntityPosition] {
    let start = positions.partition_point(|position| position.list < list);
    let end = positions.partition_point(|position| position.list <= list);
    &positions[start..end]
}
