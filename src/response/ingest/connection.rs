//! Joins the pages of a connection: its lists are cut to the part that the client wants, and the fields that no document
//! has are filled in: cursors, `pageInfo` and `totalCount`.
//!
//! The selection of a connection yields one object per page, with the lists of that page and literals in place of those
//! fields ([`Selection::as_connection`](crate::mapping::Selection::as_connection)); or a list of objects with one element
//! each, if the document itself is the list.

use super::super::list_part::ListPart;
use super::super::store::{Cell, Text};
use super::Ingester;
use crate::document::write_json_string;
use crate::plan::{Fetch, Read, ReadField, ReadId};

impl Ingester<'_> {
    /// The connection of these pages; a page that is no object leaves the lists missing.
    pub(super) fn connection(&mut self, fetch: &Fetch, pages: &[Cell], part: &ListPart) -> Cell {
        let plan = self.plan;
        let Some(read) = connection_read(plan.read(fetch.read)) else {
            return Cell::Missing;
        };
        let fields = plan.read(read);
        let width = plan.position(fields.position).width();
        let connection = self.store.add_row(fields.position.0, width, fields.ty);
        for field in &fields.fields {
            let cell = match field.name.as_str() {
                "nodes" => self.part_of(pages, field, part),
                "edges" => {
                    let edges = self.part_of(pages, field, part);
                    self.set_cursors(edges, field, part);
                    edges
                }
                "pageInfo" => self.page_info(field, part),
                "totalCount" => part
                    .total
                    .map_or(Cell::Null, |total| Cell::Number(self.number(total))),
                _ => self.first_of(pages, field),
            };
            self.store.set(connection, field.slot, cell);
        }
        Cell::Row(connection)
    }

    /// The elements of a list field on all pages that belong to the part.
    fn part_of(&mut self, pages: &[Cell], field: &ReadField, part: &ListPart) -> Cell {
        let mut elements = Vec::new();
        for page in pages {
            let rows = match page {
                Cell::Row(_) => std::slice::from_ref(page),
                Cell::List { at, len } => self.store.items(*at, *len),
                _ => return Cell::Missing,
            };
            for row in rows {
                let Cell::Row(row) = row else {
                    return Cell::Missing;
                };
                match self.store.cell(*row, field.slot) {
                    Cell::List { at, len } => elements.extend_from_slice(self.store.items(at, len)),
                    // The only element, without a list.
                    element @ Cell::Row(_) => elements.push(element),
                    other => return other,
                }
            }
        }
        let elements: Vec<Cell> = elements
            .into_iter()
            .skip(part.skip)
            .take(part.take)
            .collect();
        self.store.add_list(&elements)
    }

    fn set_cursors(&mut self, edges: Cell, field: &ReadField, part: &ListPart) {
        let slots = self.slots_of(field, "cursor");
        let Cell::List { at, len } = edges else {
            return;
        };
        if slots.is_empty() {
            return;
        }
        for index in 0..len {
            let Cell::Row(edge) = self.store.item(at, index) else {
                continue;
            };
            let cursor = self.cursor(part, index as usize);
            for slot in &slots {
                self.store.set(edge, *slot, cursor);
            }
        }
    }

    fn page_info(&mut self, field: &ReadField, part: &ListPart) -> Cell {
        let plan = self.plan;
        let Some(read) = field.read.map(|read| plan.read(read)) else {
            return Cell::Missing;
        };
        let width = plan.position(read.position).width();
        let row = self.store.add_row(read.position.0, width, read.ty);
        for field in &read.fields {
            let cell = match field.name.as_str() {
                "hasNextPage" => Cell::Bool(part.has_next()),
                "hasPreviousPage" => Cell::Bool(part.has_previous()),
                "startCursor" => self.cursor(part, 0),
                "endCursor" => match part.len().checked_sub(1) {
                    Some(last) => self.cursor(part, last),
                    None => Cell::Null,
                },
                _ => Cell::Missing,
            };
            self.store.set(row, field.slot, cell);
        }
        Cell::Row(row)
    }

    /// The cursor of an element of the part; null if there is none.
    fn cursor(&mut self, part: &ListPart, element: usize) -> Cell {
        let cursor = part.cursor(element).filter(|_| element < part.len());
        cursor.map_or(Cell::Null, |cursor| {
            let text = cursor.encode();
            Cell::String(self.store.add_text(|out| write_json_string(&text, out)))
        })
    }

    fn number(&mut self, number: usize) -> Text {
        self.store
            .add_text(|out| out.extend_from_slice(number.to_string().as_bytes()))
    }

    /// A field of the folder's own, from the first page.
    fn first_of(&self, pages: &[Cell], field: &ReadField) -> Cell {
        match pages.first() {
            Some(Cell::Row(row)) => self.store.cell(*row, field.slot),
            _ => Cell::Missing,
        }
    }

    fn slots_of(&self, field: &ReadField, name: &str) -> Vec<u16> {
        let read = field.read.map(|read| self.plan.read(read));
        let fields = read.map_or(&[][..], |read| read.fields.as_slice());
        let named = fields.iter().filter(|field| field.name == name);
        named.map(|field| field.slot).collect()
    }
}

/// The read of the connection object of a connect's field.
fn connection_read(read: &Read) -> Option<ReadId> {
    read.fields.first()?.read
}
