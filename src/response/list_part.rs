//! The part of a list that a client reads of a connection.

use crate::connector::{Cursor, PageStart};

/// A part of a list: what was read of it, and what of that the client gets.
#[derive(Debug, Clone)]
pub(crate) struct ListPart {
    /// How many elements of the first page precede the part.
    pub(crate) skip: usize,
    /// The most elements of the part.
    pub(crate) take: usize,
    /// By page that was read: where it begins, and how many elements it has.
    pub(crate) pages: Vec<(PageStart, usize)>,
    /// Elements precede the first page that was read.
    pub(crate) has_previous: bool,
    /// Elements follow the last page that was read.
    pub(crate) has_more: bool,
    /// The number of elements of the whole list.
    pub(crate) total: Option<usize>,
}

impl ListPart {
    /// How many elements the pages have, without those that precede the part.
    pub(crate) fn available(&self) -> usize {
        let read: usize = self.pages.iter().map(|(_, elements)| elements).sum();
        read.saturating_sub(self.skip)
    }

    /// The number of elements of the part.
    pub(crate) fn len(&self) -> usize {
        self.available().min(self.take)
    }

    /// Whether elements follow the part.
    pub(crate) fn has_next(&self) -> bool {
        self.has_more || self.available() > self.take
    }

    /// Whether elements precede the part.
    pub(crate) fn has_previous(&self) -> bool {
        self.has_previous || self.skip > 0
    }

    /// The cursor of an element of the part.
    pub(crate) fn cursor(&self, element: usize) -> Option<Cursor> {
        let mut index = self.skip + element;
        for (page, elements) in &self.pages {
            if index < *elements {
                let page = page.clone();
                return Some(Cursor { page, index });
            }
            index -= elements;
        }
        None
    }
}
