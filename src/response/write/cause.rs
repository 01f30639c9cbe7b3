//! Which field failed, of several that may have.
//!
//! A service that propagates a null reports the field that failed, and gives no value for the others of its response.
//! These have a *vague* failure: that of the response, which may not be theirs. A vague error is dropped where the field
//! that did fail makes the same value null, so that clients see one error, at its cause.

use super::path::PathElement;
use super::stack::{Frame, Part};
use super::{Halt, Writer};
use crate::plan::output::{FieldSource, OutputField, OutputObject, OutputType};
use crate::response::store::{Cell, RowId};

/// A field that is known to have failed.
pub(super) struct Cause<'w> {
    failure: u32,
    ty: &'w OutputType,
    field: &'w OutputField,
    /// From the value that it makes null.
    path: Vec<PathElement<'w>>,
}

/// The search for a cause.
struct Search<'w> {
    /// The number of the failure.
    failure: usize,
    path: Vec<PathElement<'w>>,
    /// How many more cells are looked at.
    left: u32,
}

/// The most cells that one search looks at: it is for a better place of one error.
const CELLS: u32 = 1_000;

impl<'w> Writer<'w> {
    /// The field that makes an object null, if the failure of another field of the object is vague.
    pub(super) fn cause_in_object(
        &self,
        failure: u32,
        row: RowId,
        object: &'w OutputObject,
        class: usize,
    ) -> Option<Cause<'w>> {
        if !self.failures.is_vague(failure) || !self.errors.is_listed(self.failures, failure) {
            return None;
        }
        let mut search = Search::of(self.failures.number(failure));
        self.search_object(&mut search, row, object.fields_of(class))
    }

    /// Reports a field below the current value.
    pub(super) fn report_cause(&mut self, cause: Cause<'w>) -> Halt {
        let mut path = self.current_path();
        path.extend(cause.path);
        self.report(cause.failure, cause.ty, cause.field, path)
    }

    /// Drops the vague errors of a value that becomes null, or replaces them by that of the field that failed.
    ///
    /// # Errors
    /// A bound has been reached.
    pub(super) fn drop_vague_errors(&mut self, frame: &Frame<'w>) -> Result<(), Halt> {
        for failure in self.errors.all_null_since(frame.start) {
            if self.errors.is_known_at(failure, frame.start) {
                self.errors.remove_vague(failure, frame.start);
                continue;
            }
            let mut search = Search::of(failure);
            let cause = match &frame.part {
                Part::Object(open) => {
                    let fields = open.class.fields.iter();
                    let fields = fields.map(|field| &open.object.fields[usize::from(*field)]);
                    self.search_object(&mut search, open.row, fields)
                }
                Part::List(open, item, field) => {
                    let list = Cell::List {
                        at: open.at,
                        len: open.len,
                    };
                    self.search_list(&mut search, list, item, field)
                }
                Part::Any(_) => None,
            };
            if let Some(cause) = cause {
                self.errors.remove_vague(failure, frame.start);
                if self.report_cause(cause) == Halt::Stop {
                    return Err(Halt::Stop);
                }
                self.errors.all_null_since(frame.start);
            }
        }
        Ok(())
    }

    /// Searches the fields of an object that must not be null. Another service may have a value for a field that failed,
    /// or below which a field failed.
    fn search_object(
        &self,
        search: &mut Search<'w>,
        row: RowId,
        fields: impl Iterator<Item = &'w OutputField>,
    ) -> Option<Cause<'w>> {
        for field in fields {
            let (OutputType::NonNull(ty), FieldSource::Slot(slot)) = (&field.ty, field.source)
            else {
                continue;
            };
            if !self.guards[field.guard as usize] {
                continue;
            }
            search.path.push(PathElement::Field(&field.name));
            let cell = self.store.cell(row, slot);
            let overruled = self.store.overruled(row, slot).iter();
            let cause = overruled
                .filter(|failure| self.propagates(**failure, ty))
                .find_map(|failure| self.search_value(search, Cell::Failed(*failure), ty, field))
                .or_else(|| self.search_value(search, cell, ty, field));
            if cause.is_some() {
                return cause;
            }
            search.path.pop();
        }
        None
    }

    /// Searches a value that must not be null.
    fn search_value(
        &self,
        search: &mut Search<'w>,
        cell: Cell,
        ty: &'w OutputType,
        field: &'w OutputField,
    ) -> Option<Cause<'w>> {
        search.left = search.left.checked_sub(1)?;
        match (cell, ty) {
            (Cell::Failed(failure), _) => {
                let is_cause = self.failures.number(failure) == search.failure
                    && !self.failures.is_vague(failure);
                is_cause.then(|| Cause {
                    failure,
                    ty,
                    field,
                    path: std::mem::take(&mut search.path),
                })
            }
            (Cell::Row(row), OutputType::Object(object)) => {
                let object = &self.output.objects[*object as usize];
                let class = object.class_of(self.store.ty(row), self.guards)?;
                self.search_object(search, row, object.fields_of(class))
            }
            (list @ Cell::List { .. }, OutputType::List(item)) => {
                self.search_list(search, list, item, field)
            }
            _ => None,
        }
    }

    fn search_list(
        &self,
        search: &mut Search<'w>,
        list: Cell,
        item: &'w OutputType,
        field: &'w OutputField,
    ) -> Option<Cause<'w>> {
        let (Cell::List { at, len }, OutputType::NonNull(item)) = (list, item) else {
            return None;
        };
        for index in 0..len {
            search.path.push(PathElement::Index(index));
            let cause = self.search_value(search, self.store.item(at, index), item, field);
            if cause.is_some() || search.left == 0 {
                return cause;
            }
            search.path.pop();
        }
        None
    }

    /// Of the failures that a service reports below one null, the first that makes it null: from the null down to the
    /// field that failed, no value may be null.
    pub(super) fn candidate(&self, failure: u32, ty: &'w OutputType) -> u32 {
        let mut candidates = self.failures.candidates(failure);
        let cause = candidates.find(|candidate| self.propagates(*candidate, ty));
        cause.unwrap_or(failure)
    }

    fn propagates(&self, failure: u32, mut ty: &'w OutputType) -> bool {
        for step in self.failures.below(failure) {
            if let OutputType::NonNull(inner) = ty {
                ty = inner;
            }
            let below = self.below(step, ty);
            match below {
                Some(below @ OutputType::NonNull(_)) => ty = below,
                _ => return false,
            }
        }
        true
    }
}

impl Search<'_> {
    fn of(failure: usize) -> Self {
        Search {
            failure,
            path: Vec::new(),
            left: CELLS,
        }
    }
}
