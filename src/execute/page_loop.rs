//! The state of the page loop: how many items and pages it has read, and whether it goes on.

use crate::cache::Document;
use crate::connector::{LastPage, PageStart, PageStyle, Pagination, Request};
use crate::document::Value;
use crate::response::list_part::ListPart;
use crate::response::page_facts::PageFacts;
use crate::response::values::object;

/// The state of the page loop.
#[derive(Debug)]
pub(super) struct PageLoop<'p> {
    pagination: &'p Pagination,
    limit: Option<usize>,
    /// The number of requests so far.
    pub(super) index: usize,
    /// The number of items so far.
    items: usize,
    /// The number of pages and of items before the first request.
    pages_before: usize,
    items_before: usize,
    /// What has been read of the part that the client wants.
    part: Option<ListPart>,
    /// The number of items of the list, as the last page that knows it says.
    total: Option<usize>,
    pub(super) cursor: Value,
    /// The cursors so far.
    cursors: Vec<Value>,
    /// The number of items that have been given before.
    given: usize,
}

/// Where a loop goes on that has given the pages so far.
#[derive(Debug)]
pub(super) struct PageRest<'p> {
    pub(super) state: PageLoop<'p>,
    /// The next request, if the last page says what it is.
    pub(super) request: Option<Request>,
}

/// The pages of a list that one call fetches.
#[derive(Debug, Default)]
pub(super) enum PageRange<'a> {
    /// All of them.
    #[default]
    All,
    /// The first ones, up to so many items.
    First(usize),
    /// Some that follow.
    Next(Box<PageRest<'a>>),
}

pub(super) enum Next {
    Page,
    End,
    CutOff(String),
}

/// The end of the loop, or where it goes on.
pub(super) struct End<'p> {
    pub(super) cut_off: Option<String>,
    pub(super) limit: Option<usize>,
    pub(super) part: Option<ListPart>,
    pub(super) rest: Option<Box<PageRest<'p>>>,
}

impl<'p> PageLoop<'p> {
    /// `part` is the part that the client wants of a connection, and where its first page begins.
    pub(super) fn new(
        pagination: &'p Pagination,
        limit: Option<usize>,
        part: Option<(ListPart, PageStart)>,
    ) -> Self {
        let (part, start) = part.unzip();
        let (mut pages_before, mut items_before, mut cursor) = (0, 0, Value::Null);
        match start {
            Some(PageStart::Offset(offset)) => items_before = offset,
            Some(PageStart::Page(page)) => {
                pages_before = page;
                items_before = page.saturating_mul(pagination.size.unwrap_or_default());
            }
            Some(PageStart::Cursor(first)) => cursor = first,
            None => {}
        }
        PageLoop {
            pagination,
            limit,
            index: 0,
            items: 0,
            pages_before,
            items_before,
            part,
            total: None,
            cursor,
            cursors: Vec::new(),
            given: 0,
        }
    }

    /// The end of a part of the list, after which the loop goes on.
    pub(super) fn pause(mut self, request: Option<Request>) -> End<'p> {
        let mut end = self.end(None);
        self.given = self.items;
        end.rest = Some(Box::new(PageRest {
            state: self,
            request,
        }));
        end
    }

    /// Whether so many items of the list have been read.
    pub(super) fn has(&self, items: usize) -> bool {
        self.items >= items
    }

    /// How many items the list should have when the loop pauses next. Each part is longer than the one before, as the list is
    /// copied for each, and not shorter than a page.
    pub(super) fn next_pause(&self) -> usize {
        self.items + (self.items / 4).max(1)
    }

    pub(super) fn end(&mut self, cut_off: Option<String>) -> End<'p> {
        let mut part = self.part.take();
        if let Some(part) = &mut part {
            part.total = self.total;
        }
        End {
            cut_off,
            limit: self.limit.map(|limit| limit.saturating_sub(self.given)),
            part,
            rest: None,
        }
    }

    /// Whether the pages so far have the part that the client wants, and say whether elements follow it.
    pub(super) fn has_part(&self) -> bool {
        let Some(part) = &self.part else {
            return false;
        };
        let says_more = matches!(self.pagination.style, PageStyle::Cursor)
            || self.pagination.more.is_some()
            || self.total.is_some();
        let available = part.available();
        available > part.take || (says_more && available == part.take)
    }

    /// The end of a list that goes on.
    pub(super) fn end_of_part(&mut self) -> End<'p> {
        if let Some(part) = &mut self.part {
            part.has_more = true;
        }
        self.end(None)
    }

    /// Where the page that is requested next begins.
    pub(super) fn start(&self) -> PageStart {
        match self.pagination.style {
            PageStyle::Offset => PageStart::Offset(self.items_before + self.items),
            PageStyle::Page => PageStart::Page(self.pages_before + self.index),
            PageStyle::Cursor | PageStyle::Link => PageStart::Cursor(self.cursor.clone()),
        }
    }

    pub(super) fn end_at_failed_page(&mut self) -> End<'p> {
        self.end(Some(format!("request {} has failed", self.index + 1)))
    }

    /// Whether a failed page is the end of the list: one after the first that the upstream does not have.
    pub(super) fn ends_by_absence(&self, document: &Document) -> bool {
        let counts = matches!(self.pagination.style, PageStyle::Offset | PageStyle::Page);
        let status = document.envelope.status();
        counts && self.index > 0 && status.is_some_and(|status| status.number == 404)
    }

    /// `$page`.
    pub(super) fn page(&self) -> Value {
        let number = |number: usize| Value::from(i64::try_from(number).unwrap_or(i64::MAX));
        object([
            ("index", number(self.index)),
            (
                "offset",
                number(self.pagination.first + self.items_before + self.items),
            ),
            (
                "number",
                number(self.pagination.first + self.pages_before + self.index),
            ),
            ("cursor", self.cursor.clone()),
            ("size", self.pagination.size.map_or(Value::Null, number)),
        ])
    }

    /// What to do after a page with these facts.
    pub(super) fn next(&mut self, facts: PageFacts) -> Next {
        let pagination = self.pagination;
        let PageFacts {
            items: new,
            more,
            total,
            next,
            ..
        } = facts;
        let start = self.start();
        if let Some(part) = &mut self.part {
            part.pages.push((start, new));
        }
        self.items += new;
        self.total = total.or(self.total);
        let total = self.total;
        self.index += 1;
        if more == Some(false) {
            return Next::End;
        }
        if matches!(pagination.style, PageStyle::Cursor | PageStyle::Link) {
            match next {
                None => return Next::End,
                Some(cursor) if self.cursors.contains(&cursor) => {
                    return Next::CutOff("the upstream gave the same next page twice".to_owned());
                }
                Some(cursor) => {
                    self.cursors.push(cursor.clone());
                    self.cursor = cursor;
                }
            }
        } else {
            let items = self.items_before + self.items;
            if total.is_some_and(|total| items >= total) {
                return Next::End;
            }
            if new == 0 {
                return match total {
                    Some(total) => {
                        Next::CutOff(format!("the upstream ended after {items} of {total} items"))
                    }
                    None => Next::End,
                };
            }
            let is_short = pagination.size.is_some_and(|size| new < size);
            let says_more = total.is_some() || more.is_some();
            if is_short && pagination.last_page == LastPage::Short && !says_more {
                return Next::End;
            }
        }
        if self.limit.is_some_and(|limit| self.items >= limit) {
            return Next::End;
        }
        if self.items >= pagination.max_items {
            return Next::CutOff(format!(
                "there are more than {} items",
                pagination.max_items
            ));
        }
        if self.index >= pagination.max_pages {
            return Next::CutOff(format!(
                "there are more than {} pages",
                pagination.max_pages
            ));
        }
        Next::Page
    }
}
