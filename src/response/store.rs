//! The objects of one execution, as rows of cells.
//!
//! The plan fixes the shape of each row: a cell for each slot (a field with its arguments) that is requested of the
//! object. A cell is a few bytes: scalars are spans of the documents that they were read from, objects are row numbers,
//! and lists are ranges of cells. So the values of a response are copied once, from a document into the response.
//!
//! Rows are freed when their payload has been written ([`Store::free`]). Before that, nothing is freed except for the rows
//! of a document that could not be read to its end ([`Store::take_back`]).

mod cell;
mod projected;
mod raised;

use std::collections::HashMap;
use std::sync::Arc;

use ahash::AHashSet;
use bytes::Bytes;

pub(crate) use self::cell::{Cell, RowId, Text};
pub(crate) use self::projected::{Mark, ProjectedRows};
use self::raised::Raised;
use super::bounds::{Bounds, Reached};
use super::sizes::Sizes;
use crate::document::{NumberBounds, ValueSpan};
use crate::graph::query::TypeId;
use crate::plan::ReadId;

#[derive(Debug, Clone, Copy)]
struct RowHead {
    at: u32,
    position: u32,
    ty: Option<TypeId>,
}

/// So many failures are recorded of one slot that has a value all the same.
const MOST_OVERRULED: usize = 16;

/// The rows, lists and documents of one request.
#[derive(Debug, Default)]
pub(crate) struct Store {
    rows: Vec<RowHead>,
    cells: Vec<Cell>,
    documents: Vec<Bytes>,
    /// The computed texts, as one more document.
    scratch: Vec<u8>,
    /// Composite slots that failed, with the read of the fetch that failed and its failure. If another fetch brings the
    /// object later, the fields of that read are marked as failed in it.
    failed_slots: HashMap<(RowId, u16), Vec<(ReadId, u32)>>,
    /// Composite slots that one service has as null because of errors below, and another one as a value: the failures.
    overruled: HashMap<(RowId, u16), Vec<u32>>,
    /// Which of the plan's guards hold in this request.
    guards: Vec<bool>,
    /// The size of numbers, which keep their digits from the document to the response.
    numbers: NumberBounds,
    /// Errors that mappings have raised with `->withError`, beside a value.
    raised: Raised,
    /// Warnings about values.
    warned: Raised,
    /// Rows whose objects do not exist, and with a failure those of which nothing is known.
    absent: Vec<(RowId, Option<u32>)>,
    /// The bytes that have been charged: up to this size the store grows without a check of the account.
    charged: usize,
    /// Pairs of lists that have been merged while the current response is ingested. Many rows can share a list, and
    /// merging it once for each of them could take quadratic time.
    merged: Option<AHashSet<(u32, u32)>>,
    /// Lists whose elements have been marked as failed in the meantime, with the read and the failure, for the same
    /// reason.
    failed: Option<AHashSet<(u32, ReadId, u32)>>,
}

/// Rows and cells are charged in steps of so many bytes.
const STEP: usize = 64 * 1024;

/// Lists of at most so many elements are not remembered as merged or failed: going through them again is cheap.
const FEW: u32 = 16;

/// The type of an object whose `__typename` is not in the schema.
pub(crate) const UNKNOWN_TYPE: TypeId = TypeId(u32::MAX);

/// The type of a row whose object does not exist, or of which nothing is known: it is null in the response.
pub(crate) const ABSENT_TYPE: TypeId = TypeId(u32::MAX - 1);

/// The document number of computed texts.
pub(crate) const SCRATCH: u32 = u32::MAX;

impl Store {
    /// An empty store with room for the expected sizes, which the caller has charged.
    pub(crate) fn new(guards: Vec<bool>, expected: Sizes) -> Self {
        Store {
            guards,
            rows: Vec::with_capacity(expected.rows),
            cells: Vec::with_capacity(expected.cells),
            charged: Store::size_of(expected),
            ..Store::default()
        }
    }

    /// With bounds for the size of numbers.
    pub(crate) fn with_numbers(self, numbers: NumberBounds) -> Self {
        Store { numbers, ..self }
    }

    /// The bounds for the size of numbers.
    pub(crate) fn numbers(&self) -> NumberBounds {
        self.numbers
    }

    /// Bytes that so many rows and cells take.
    pub(crate) fn size_of(sizes: Sizes) -> usize {
        sizes.rows * size_of::<RowHead>() + sizes.cells * size_of::<Cell>()
    }

    /// Checks the bounds for what the store holds and `more` bytes. Called wherever rows are added, and at each element
    /// of a list.
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

    /// Forgets which lists have been merged and failed: the next response begins.
    pub(crate) fn begin_result(&mut self) {
        // Nearly always there are no sets. Clear them rather than drop them: a new set draws random keys.
        if let Some(merged) = &mut self.merged {
            merged.clear();
        }
        if let Some(failed) = &mut self.failed {
            failed.clear();
        }
    }

    /// False if these lists have been merged before, for other rows that share them.
    pub(crate) fn is_first_merge(&mut self, into: u32, from: u32, len: u32) -> bool {
        len <= FEW || self.merged.get_or_insert_default().insert((into, from))
    }

    /// False if the elements of a list have been marked as failed before, for other rows that share it.
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
    pub(crate) fn add_row(&mut self, position: u32, width: u32, ty: Option<TypeId>) -> RowId {
        let at = self.cells.len() as u32;
        self.cells
            .resize(self.cells.len() + width as usize, Cell::Missing);
        self.rows.push(RowHead { at, position, ty });
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

    /// Adds a list of the elements of two lists, each at a place and of a length.
    pub(crate) fn add_joined(&mut self, first: (u32, u32), second: (u32, u32)) -> Cell {
        let at = self.cells.len() as u32;
        for (at, len) in [first, second] {
            self.cells
                .extend_from_within(at as usize..(at + len) as usize);
        }
        Cell::List {
            at,
            len: first.1 + second.1,
        }
    }

    pub(crate) fn add_document(&mut self, body: Bytes) -> u32 {
        self.documents.push(body);
        (self.documents.len() - 1) as u32
    }

    /// Adds a computed JSON text.
    pub(crate) fn add_text(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Text {
        let start = self.scratch.len() as u32;
        write(&mut self.scratch);
        Text {
            document: SCRATCH,
            span: ValueSpan {
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

    pub(crate) fn position(&self, row: RowId) -> u32 {
        self.rows[row.0 as usize].position
    }

    pub(crate) fn cell(&self, row: RowId, slot: u16) -> Cell {
        self.cells[self.rows[row.0 as usize].at as usize + slot as usize]
    }

    /// The cells from the first cell of a row on.
    pub(crate) fn cells_of(&self, row: RowId) -> &[Cell] {
        &self.cells[self.rows[row.0 as usize].at as usize..]
    }

    pub(crate) fn set(&mut self, row: RowId, slot: u16, cell: Cell) {
        let at = self.rows[row.0 as usize].at as usize + slot as usize;
        self.cells[at] = cell;
    }

    /// Copies cells of another row, up to the first slot that both rows have; returns the number of slots before it, at most
    /// `width`. The rows are different ones.
    pub(crate) fn fill_missing(&mut self, into: RowId, from: RowId, width: u16) -> u16 {
        let at = |row: RowId| self.rows[row.0 as usize].at as usize;
        let (into, from) = (at(into), at(from));
        // Rows do not overlap, so one of them ends before the other begins.
        let (left, right) = self.cells.split_at_mut(into.max(from));
        let (target, source) = match into < from {
            true => (&mut left[into..], &*right),
            false => (right, &left[from..]),
        };
        let pairs = target.iter_mut().zip(source).zip(0..width);
        for ((target, source), slot) in pairs {
            match (&*target, source) {
                (_, Cell::Missing) => {}
                (Cell::Missing, _) => *target = *source,
                _ => return slot,
            }
        }
        width
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

    /// Records that a fetch that reads a composite slot has failed.
    pub(crate) fn add_failed_slot(&mut self, row: RowId, slot: u16, read: ReadId, failure: u32) {
        let failed = self.failed_slots.entry((row, slot)).or_default();
        failed.push((read, failure));
    }

    /// Removes and returns what was recorded for a slot by [`Store::add_failed_slot`].
    pub(crate) fn take_failed_slots(&mut self, row: RowId, slot: u16) -> Vec<(ReadId, u32)> {
        self.failed_slots.remove(&(row, slot)).unwrap_or_default()
    }

    /// Records a failure of a composite slot that another fetch has a value for. The first ones are kept.
    pub(crate) fn add_overruled(&mut self, row: RowId, slot: u16, failure: u32) {
        let failures = self.overruled.entry((row, slot)).or_default();
        if failures.len() < MOST_OVERRULED {
            failures.push(failure);
        }
    }

    /// Whether [`Store::add_overruled`] records another failure of a slot.
    pub(crate) fn records_overruled(&self, row: RowId, slot: u16) -> bool {
        self.overruled(row, slot).len() < MOST_OVERRULED
    }

    /// What was recorded for a slot by [`Store::add_overruled`].
    pub(crate) fn overruled(&self, row: RowId, slot: u16) -> &[u32] {
        let failures = self.overruled.get(&(row, slot));
        failures.map(Vec::as_slice).unwrap_or_default()
    }

    /// Adds an error beside a value. The value stays.
    pub(crate) fn raise(&mut self, row: RowId, slot: u16, message: Arc<str>) {
        self.raised.add(row, slot, message);
    }

    /// Adds a warning about a value.
    pub(crate) fn warn(&mut self, row: RowId, slot: u16, message: Arc<str>) {
        self.warned.add(row, slot, message);
    }

    /// Gives a copy of a row the errors beside its values and the warnings about them.
    pub(crate) fn copy_raised(&mut self, row: RowId, copy: RowId) {
        for beside in [&mut self.raised, &mut self.warned] {
            if !beside.is_empty() {
                beside.copy(row, copy);
            }
        }
    }

    /// Notes rows whose objects do not exist.
    pub(crate) fn add_absent(&mut self, rows: &[RowId]) {
        self.absent.extend(rows.iter().map(|row| (*row, None)));
    }

    /// Notes a row of which nothing is known, because of a failure.
    pub(crate) fn add_unknown(&mut self, row: RowId, failure: u32) {
        self.absent.push((row, Some(failure)));
    }

    /// How many rows have been noted as absent.
    pub(crate) fn absent(&self) -> usize {
        self.absent.len()
    }

    /// Forgets all but the first rows that have been noted as absent.
    pub(crate) fn forget_absent(&mut self, kept: usize) {
        self.absent.truncate(kept);
    }

    /// Gives the rows that are absent the type for this. To be called when all have been noted: until then, other fetches may
    /// tell the type.
    pub(crate) fn mark_absent(&mut self) {
        self.absent.sort_by_key(|(row, _)| *row);
        for index in 0..self.absent.len() {
            self.set_ty(self.absent[index].0, ABSENT_TYPE);
        }
    }

    /// The failure because of which nothing is known of a row with [`ABSENT_TYPE`].
    pub(crate) fn failure_of_absent(&self, row: RowId) -> Option<u32> {
        let at = self.absent.partition_point(|(absent, _)| *absent < row);
        let (absent, failure) = self.absent.get(at)?;
        failure.filter(|_| *absent == row)
    }

    /// Sorts the errors beside values and the warnings by row. To be called when all have been added.
    pub(crate) fn sort_raised(&mut self) {
        self.raised.sort();
        self.warned.sort();
    }

    /// The warnings about the values of a row, with their slots.
    pub(crate) fn warned_in(&self, row: RowId) -> &[(RowId, u16, Arc<str>)] {
        self.warned.of(row)
    }

    /// True if a row has neither errors beside its values nor warnings.
    #[inline]
    pub(crate) fn is_nothing_beside(&self, row: RowId) -> bool {
        self.raised.of(row).is_empty() && self.warned.of(row).is_empty()
    }

    /// The errors beside the values of a row, with their slots, in the order in which they were added.
    #[inline]
    pub(crate) fn raised_in(&self, row: RowId) -> &[(RowId, u16, Arc<str>)] {
        self.raised.of(row)
    }

    /// True if no row has errors beside its values, or warnings.
    pub(crate) fn nothing_raised(&self) -> bool {
        self.raised.is_empty() && self.warned.is_empty()
    }

    /// The numbers of rows and of cells.
    pub(crate) fn len(&self) -> (usize, usize) {
        (self.rows.len(), self.cells.len())
    }

    /// The bytes of everything but the documents.
    pub(crate) fn size(&self) -> usize {
        self.cells.len() * size_of::<Cell>()
            + self.rows.len() * size_of::<RowHead>()
            + self.scratch.len()
            + self.raised.size()
            + self.warned.size()
    }
}
