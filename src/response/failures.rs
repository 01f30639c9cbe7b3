//! All failures of an execution, by number: a failed cell refers to its failure.
//!
//! A failure is created once. Each payload that it makes a value null in reports it in its own [`error_list`](super::error_list).

use super::failure::Failure;

/// A step from a null of a service to the field below it that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Below {
    Slot(u16),
    Index(u32),
}

/// What a cell refers to: a failure, and where the failed field is relative to the cell.
#[derive(Debug)]
struct Entry {
    failure: u32,
    below: Vec<Below>,
    /// The entry of the same failure with an empty `below`.
    plain: u32,
    /// The value is missing from a response with this failure, but may not be what failed.
    vague: bool,
    /// Another failure of the same response, in a field below the same null.
    other: Option<u32>,
}

/// All failures of an execution.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    all: Vec<Failure>,
    /// What cells refer to, by index.
    entries: Vec<Entry>,
    /// The failures from this number on are of fields that were left out, because another one had failed.
    halted: Option<usize>,
}

impl Failures {
    pub(crate) fn add(&mut self, failure: Failure) -> u32 {
        self.all.push(failure);
        let plain = self.entries.len() as u32;
        self.entries.push(Entry {
            failure: (self.all.len() - 1) as u32,
            below: Vec::new(),
            plain,
            vague: false,
            other: None,
        });
        plain
    }

    /// The same failure, for a null that a service propagated from a field below it.
    pub(crate) fn add_below(&mut self, id: u32, below: Vec<Below>) -> u32 {
        if below.is_empty() {
            return id;
        }
        let Entry { failure, plain, .. } = self.entries[id as usize];
        self.entries.push(Entry {
            failure,
            below,
            plain,
            vague: false,
            other: None,
        });
        (self.entries.len() - 1) as u32
    }

    /// The same failure, for the other values that are missing from the response that reported it.
    pub(crate) fn add_vague(&mut self, id: u32) -> u32 {
        let Entry { failure, plain, .. } = self.entries[id as usize];
        self.entries.push(Entry {
            failure,
            below: Vec::new(),
            plain,
            vague: true,
            other: None,
        });
        (self.entries.len() - 1) as u32
    }

    /// Records that a response reports another failure in a field below the same null: only one of them caused it, which
    /// the types of the fields show.
    pub(crate) fn add_other(&mut self, id: u32, other: u32, below: Vec<Below>) {
        let added = self.entries.len() as u32;
        let next = self.entries[id as usize].other.replace(added);
        // An entry of its own, even if `below` is empty: an entry is in one list at most.
        let Entry { failure, plain, .. } = self.entries[other as usize];
        self.entries.push(Entry {
            failure,
            below,
            plain,
            vague: false,
            other: next,
        });
    }

    /// The failures that may have caused the same null, beginning with this one.
    pub(crate) fn candidates(&self, id: u32) -> impl Iterator<Item = u32> + '_ {
        std::iter::successors(Some(id), |id| self.entries[*id as usize].other)
    }

    /// Whether the value that has this failure may not be what failed.
    pub(crate) fn is_vague(&self, id: u32) -> bool {
        self.entries[id as usize].vague
    }

    /// The execution ends because of what has failed: the failures from now on are no errors of the response.
    pub(crate) fn halt(&mut self) {
        self.halted.get_or_insert(self.all.len());
    }

    /// Whether the execution has ended because of what had failed.
    pub(super) fn has_halted(&self) -> bool {
        self.halted.is_some()
    }

    /// Whether the failure is of a field that was left out when the execution ended.
    pub(super) fn is_left_out(&self, id: u32) -> bool {
        self.halted.is_some_and(|halted| self.number(id) >= halted)
    }

    /// The first failure of a field that was left out; `None` if there is none.
    pub(crate) fn left_out(&self) -> Option<u32> {
        let halted = self.halted?;
        let of_field = |entry: &Entry| entry.failure >= halted as u32;
        let first = self.entries.iter().position(of_field)?;
        Some(first as u32)
    }

    /// True if nothing has failed so far.
    pub(crate) fn nothing_failed(&self) -> bool {
        self.all.is_empty()
    }

    /// The same failure, for another field that failed because of it; it stays vague.
    pub(crate) fn for_other_field(&self, id: u32) -> u32 {
        let entry = &self.entries[id as usize];
        if entry.vague { id } else { entry.plain }
    }

    /// The steps from the cell that has this failure to the field that failed.
    pub(crate) fn below(&self, id: u32) -> &[Below] {
        &self.entries[id as usize].below
    }

    /// The number of the failure that an entry is about.
    pub(crate) fn number(&self, id: u32) -> usize {
        self.entries[id as usize].failure as usize
    }

    /// The failure with this number.
    pub(super) fn get(&self, number: usize) -> &Failure {
        &self.all[number]
    }
}
