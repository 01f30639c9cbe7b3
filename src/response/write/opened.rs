//! The objects of a payload that have fields in other payloads, and the lists that have elements in others.
//!
//! The deferred fields of an object are written later, from its row, and so are the elements of a streamed list: the writer
//! notes where it has written such objects and lists (`note`).

use ahash::AHashSet;

use super::path::KeptElement;
use crate::response::store::RowId;

/// An object of a payload with fields in others.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) row: RowId,
    /// Its output, as an index into [`Output::objects`](crate::plan::output::Output::objects).
    pub(crate) object: usize,
    /// Its index among the classes of that.
    pub(crate) class: usize,
    /// Its path in the response.
    pub(crate) path: Vec<KeptElement>,
    /// Where it begins in the text of its payload.
    pub(super) at: usize,
}

/// A list of a payload with elements in others.
#[derive(Debug)]
pub(crate) struct OpenedList {
    /// The streamed field, as an index into those of the output.
    pub(crate) stream: usize,
    /// Its elements in the store.
    pub(crate) at: u32,
    pub(crate) len: u32,
    /// How many of them are in the payload.
    pub(crate) first: u32,
    /// Its path in the response.
    pub(crate) path: Vec<KeptElement>,
    /// Where it begins in the text of its payload.
    pub(super) begin: usize,
}

/// Which fields are written with which payload.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PayloadFields<'w> {
    /// By guard of the output: the number of the payload of its fields; `None` if they are in none.
    pub(crate) sets: &'w [Option<u32>],
    /// The number of this payload.
    pub(crate) current: u32,
    /// By streamed field: how many elements of its lists are written; `None` for all.
    pub(crate) streams: &'w [Option<u32>],
    /// The lists of which pages follow, by their place in the store: none is written as a whole.
    pub(crate) growing: &'w AHashSet<u32>,
}

impl<'w> PayloadFields<'w> {
    /// Those of the first payload.
    pub(crate) fn first(
        sets: &'w [Option<u32>],
        streams: &'w [Option<u32>],
        growing: &'w AHashSet<u32>,
    ) -> Self {
        PayloadFields {
            sets,
            current: 0,
            streams,
            growing,
        }
    }
}

/// What a writer notes.
#[derive(Debug)]
pub(super) struct Notes<'w> {
    pub(super) fields_of: PayloadFields<'w>,
    /// The path of the object from which the current text is written.
    pub(super) prefix: Vec<KeptElement>,
    pub(super) opened: Vec<Opened>,
    pub(super) lists: Vec<OpenedList>,
    /// About how many bytes they take that have not been charged.
    pub(super) uncharged: usize,
}

impl<'w> Notes<'w> {
    pub(super) fn new(fields_of: PayloadFields<'w>) -> Self {
        Notes {
            fields_of,
            prefix: Vec::new(),
            opened: Vec::new(),
            lists: Vec::new(),
            uncharged: 0,
        }
    }

    /// Forgets the objects and lists of the text that is replaced from `start` on.
    pub(super) fn forget_since(&mut self, start: usize) {
        while self.opened.last().is_some_and(|last| last.at >= start) {
            self.opened.pop();
        }
        while self.lists.last().is_some_and(|last| last.begin >= start) {
            self.lists.pop();
        }
    }

    /// The bytes that are to be charged.
    pub(super) fn take_uncharged(&mut self) -> usize {
        std::mem::take(&mut self.uncharged)
    }
}
