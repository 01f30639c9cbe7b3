//! The fields with `@stream`, and the lists of which the elements come one after the other.
//!
//! Planning does not depend on `@stream`. What a list costs beyond the first request for it are
//!
//! - the pages that follow, if the field that reads it has `@paginate`: an execution sends the elements while pages arrive,
//! - the fetches that start from its elements, or from objects below them: an execution makes them for the first elements, and
//!   then for the others.
//!
//! A list without either is sent as a whole, and so is one of which
//!
//! - a fetch of something else needs a value that these fetches read,
//! - a call is the same for any number of elements, or has values of ancestors of the elements.

use apollo_compiler::Name;

use super::initial_count::InitialCount;
use super::requested::PositionId;

/// The streamed fields and lists of an operation.
#[derive(Debug, Clone, Default)]
pub struct Streamed {
    /// The fields with `@stream`.
    pub fields: Vec<StreamedField>,
    /// The lists that may be streamed. The list of a field without one is sent as a whole.
    pub lists: Vec<StreamedList>,
}

/// A field with `@stream`.
#[derive(Debug, Clone)]
pub struct StreamedField {
    /// The object that has it, as an index into [`Output::objects`](super::output::Output::objects).
    pub object: u32,
    /// Its index among the fields of that.
    pub field: u16,
    /// The `label`.
    pub label: Option<String>,
    /// The variable of `if`, without `$`.
    pub condition: Option<Name>,
    /// The `initialCount`.
    pub first: InitialCount,
    /// The response names that lead from the root of the operation to the list.
    pub path: Vec<Name>,
}

/// A slot with lists that may be streamed.
#[derive(Debug, Clone)]
pub struct StreamedList {
    /// The position of the object that has the slot.
    pub parent: PositionId,
    /// The slot.
    pub slot: u16,
    /// The index of the step to the elements, in the paths of the fetches.
    pub step: usize,
    /// The fields of the output that show the slot: the guard, and the number of the streamed field from 1. The list is
    /// streamed if all that are in the response are.
    pub readers: Vec<(u32, Option<u32>)>,
    /// The fetches that start from elements or from objects below them, ascending.
    pub fetches: Vec<usize>,
    /// The fetch that reads it page by page, if it alone reads the list.
    pub pages: Option<usize>,
}

impl Streamed {
    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        let lists = self.lists.iter();
        let lists = lists.map(|list| 80 + list.readers.len() * 12 + list.fetches.len() * 8);
        self.fields.len() * 160 + lists.sum::<usize>()
    }
}
