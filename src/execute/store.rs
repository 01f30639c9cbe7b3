//! Objects in flight: rows of cells, of shapes known when the plan was made.
//!
//! A cell is a few bytes; texts stay where they were read, as spans of the documents. Nothing is freed before the answer
//! has been written, but for what came of an answer that could not be read to its end.

mod projected;
mod raised;

use std::collections::HashMap;
use std::sync::Arc;

use ahash::AHashSet;
use bytes::Bytes;

pub(crate) use self::projected::Mark;
pub(crate) use self::projected::ProjectedRows;
use self::raised::Raised;
use super::bounds::Bounds;
use super::bounds::Reached;
use super::context::Sizes;
use crate::document::NumberBounds;
use crate::document::Span;
use crate::graph::query::TypeId;
use crate::plan::ReadId;

/// A text: a span of one of the store's documents, holding exactly one JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) document: u32,
    pub(crate) span: Span,
}

/// A row, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RowId(pub(crate) u32);

/// A value in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Cell {
    /// Nothing has said anything about it.
    #[default]
    Missing,
    Null,
    Bool(bool),
    Number(Text),
    /// With its quotes and escapes.
    String(Text),
    /// An object where a leaf is expected: right for a custom scalar only.
    Json(Text),
    Row(RowId),
    List {
        at: u32,
        len: u32,
    },
    /// A null, because of this failure.
    Failed(u32),
}

#[derive(Debug, Clone, Copy)]
struct RowHead {
    at: u32,
    need: u32,
    ty: Option<TypeId>,
}

/// The rows, lists and documents of one request.
#[derive(Debug, Default)]
pub(crate) struct Store {
    rows: Vec<RowHead>,
    cells: Vec<Cell>,
    documents: Vec<Bytes>,
    /// Texts that were computed, as one more document.
    scratch: Vec<u8>,
    /// Composite slots whose fetch has failed, with what it was to read below: another fetch may still bring the object.
    failed_slots: HashMap<(RowId, u16), Vec<(ReadId, u32)>>,
    /// Which of the plan's guards hold in this request.
    guards: Vec<bool>,
    /// How large numbers may be that leave it as they came.
    numbers: NumberBounds,
    /// Errors that a mapping has raised beside a value.
    raised: Raised,
    /// Bytes that have been charged for all of this, and may be taken without asking.
    charged: usize,
    /// Pairs of lists that have been merged while one answer is put into rows: many rows can share a list.
    merged: Option<AHashSet<(u32, u32)>>,
    /// Lists below which everything has been marked as failed meanwhile, with what was read there and the failure.
    failed: Option<AHashSet<(u32, ReadId, u32)>>,
}

/// Rows and cells are charged in steps of so many bytes.
const STEP: usize = 64 * 1024;

/// In a list of fewer elements, it is not noted that it has been gone through.
const FEW: u32 = 16;

/// The type of an object whose `__typename` is no type of ours.
pub(crate) const UNKNOWN_TYPE: TypeId = TypeId(u32::MAX);

/// The number under which computed texts are found.
pub(crate) const SCRATCH: u32 = u32::MAX;

impl Store {
    /// With room for what is expected, which has been charged.
    pub(crate) fn new(guards: Vec<bool>, expected: Sizes) -> Self {
        Store {
            guards,
            rows: Vec::with_capacity(expected.rows),
            cells: Vec::with_capacity(expected.cells),
            charged: Store::size_of(expected),
            ..Store::default()
        }
    }

    /// With bounds for the numbers that leave it as they came.
    pub(crate) fn with_numbers(self, numbers: NumberBounds) -> Self {
        Store { numbers, ..self }
    }

    /// How large numbers may be that leave it as they came.
    pub(crate) fn numbers(&self) -> NumberBounds {
        self.numbers
    }

    /// Bytes that so many rows and cells take.
    pub(crate) fn size_of(sizes: Sizes) -> usize {
        sizes.rows * size_of::<RowHead>() + sizes.cells * size_of::<Cell>()
    }

    /// Whether there may be what there is, and so many bytes more. Called wherever rows are added, at each element of a
    /// list.
    ///
    /// # Errors
    /// A bound has been reached.
    #[inline]
    pub(crate) fn check(&mut self, more: usize, bounds: &Bounds<'_>) -> Result<(), Reached> {
        if self.size() + more <= self.charged && self.rows.len() <= bounds.rows {
            return Ok(());
        }
        self.charge_more(more, bounds)
    }

    #[cold]
    fn charge_more(&mut self, more: usize, bounds: &Bounds<'_>) -> Result<(), Reached> {
        if self.rows.len() > bounds.rows {
            return Err(Reached::Rows(bounds.rows));
        }
        bounds.in_time()?;
        let needed = (self.size() + more).saturating_sub(self.charged);
        self.charged += bounds.charge_ahead(needed, STEP)?;
        Ok(())
    }

    /// Forgets what was noted about lists while the answer before was put into rows.
    pub(crate) fn begin_answer(&mut self) {
        // Nearly always there are none; and a new set draws its own random keys.
        if let Some(merged) = &mut self.merged {
            merged.clear();
        }
        if let Some(failed) = &mut self.failed {
            failed.clear();
        }
    }

    /// False when these lists have been merged before, for other rows that share them: it is all there.
    pub(crate) fn is_first_merge(&mut self, into: u32, from: u32, len: u32) -> bool {
        len <= FEW || self.merged.get_or_insert_default().insert((into, from))
    }

    /// False when what was read below a list has been marked as failed before, for other rows that share it.
    pub(crate) fn is_first_failure(
        &mut self,
        at: u32,
        len: u32,
        read: ReadId,
        failure: u32,
    ) -> bool {
        len <= FEW
            || self
                .failed
                .get_or_insert_default()
                .insert((at, read, failure))
    }

    /// Whether one of the plan's guards holds in this request.
    pub(crate) fn holds(&self, guard: u32) -> bool {
        self.guards.get(guard as usize).copied().unwrap_or(true)
    }

    /// Adds a row with `width` missing cells.
    pub(crate) fn add_row(&mut self, need: u32, width: u32, ty: Option<TypeId>) -> RowId {
        let at = self.cells.len() as u32;
        self.cells
            .resize(self.cells.len() + width as usize, Cell::Missing);
        self.rows.push(RowHead { at, need, ty });
        RowId((self.rows.len() - 1) as u32)
    }

    pub(crate) fn add_list(&mut self, items: &[Cell]) -> Cell {
        let at = self.cells.len() as u32;
        self.cells.extend_from_slice(items);
        Cell::List {
            at,
            len: items.len() as u32,
        }
    }

    pub(crate) fn add_document(&mut self, body: Bytes) -> u32 {
        self.documents.push(body);
        (self.documents.len() - 1) as u32
    }

    /// Keeps a computed JSON text.
    pub(crate) fn add_text(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Text {
        let start = self.scratch.len() as u32;
        write(&mut self.scratch);
        Text {
            document: SCRATCH,
            span: Span {
                start,
                end: self.scratch.len() as u32,
            },
        }
    }

    #[inline]
    pub(crate) fn text(&self, text: Text) -> &[u8] {
        if text.document == SCRATCH {
            return text.span.of(&self.scratch);
        }
        self.documents
            .get(text.document as usize)
            .map(|body| text.span.of(body))
            .unwrap_or_default()
    }

    pub(crate) fn ty(&self, row: RowId) -> Option<TypeId> {
        self.rows[row.0 as usize].ty
    }

    pub(crate) fn set_ty(&mut self, row: RowId, ty: TypeId) {
        self.rows[row.0 as usize].ty = Some(ty);
    }

    pub(crate) fn need(&self, row: RowId) -> u32 {
        self.rows[row.0 as usize].need
    }

    pub(crate) fn cell(&self, row: RowId, slot: u16) -> Cell {
        self.cells[self.rows[row.0 as usize].at as usize + slot as usize]
    }

    /// A row's cells, by slot, and those after them.
    pub(crate) fn cells_of(&self, row: RowId) -> &[Cell] {
        &self.cells[self.rows[row.0 as usize].at as usize..]
    }

    pub(crate) fn set(&mut self, row: RowId, slot: u16, cell: Cell) {
        let at = self.rows[row.0 as usize].at as usize + slot as usize;
        self.cells[at] = cell;
    }

    pub(crate) fn items(&self, at: u32, len: u32) -> &[Cell] {
        &self.cells[at as usize..(at + len) as usize]
    }

    pub(crate) fn item(&self, at: u32, index: u32) -> Cell {
        self.cells[(at + index) as usize]
    }

    pub(crate) fn set_item(&mut self, at: u32, index: u32, cell: Cell) {
        self.cells[(at + index) as usize] = cell;
    }

    /// Notes that what was to be read below a slot has failed.
    pub(crate) fn add_failed_slot(&mut self, row: RowId, slot: u16, read: ReadId, failure: u32) {
        let known = self.failed_slots.entry((row, slot)).or_default();
        known.push((read, failure));
    }

    /// What was to be read below a slot and has failed.
    pub(crate) fn take_failed_slots(&mut self, row: RowId, slot: u16) -> Vec<(ReadId, u32)> {
        self.failed_slots.remove(&(row, slot)).unwrap_or_default()
    }

    /// Notes an error that stands beside a value, not in its place.
    pub(crate) fn raise(&mut self, row: RowId, slot: u16, message: Arc<str>) {
        self.raised.add(row, slot, message);
    }

    /// Makes the errors beside values ready for [`Store::raised_in`]: all have been noted.
    pub(crate) fn sort_raised(&mut self) {
        self.raised.sort();
    }

    /// The errors that stand beside the values of a row, with their slots, in the order in which they were noted.
    #[inline]
    pub(crate) fn raised_in(&self, row: RowId) -> &[(RowId, u16, Arc<str>)] {
        self.raised.of(row)
    }

    /// True when no mapping has raised anything.
    pub(crate) fn nothing_raised(&self) -> bool {
        self.raised.is_empty()
    }

    /// How many rows and cells there are.
    pub(crate) fn len(&self) -> (usize, usize) {
        (self.rows.len(), self.cells.len())
    }

    /// Bytes that the rows take; documents not counted.
    pub(crate) fn size(&self) -> usize {
        self.cells.len() * size_of::<Cell>()
            + self.rows.len() * size_of::<RowHead>()
            + self.scratch.len()
            + self.raised.size()
    }
}
