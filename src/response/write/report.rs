//! Reports errors of the response: which field failed, and at which path.

use super::path::PathElement;
use super::stack::Part;
use super::{Halt, Writer};
use crate::plan::output::{FieldSource, OutputField, OutputObject, OutputType};
use crate::response::failure::Failure;
use crate::response::failures::Below;
use crate::response::store::{Cell, RowId};

/// A failure of which a value of the stack is the place that the service gave.
struct FailedAbove<'w> {
    failure: u32,
    /// Where the value is in the stack: it is of this field of the object at this depth.
    depth: usize,
    field: &'w OutputField,
}

impl<'w> Writer<'w> {
    /// A failed non-null field, which makes the object null. If there are several, the one that is known to have
    /// failed: a service that propagates a null reports an error for one field only, and has no values for the others.
    pub(super) fn failed_field(
        &self,
        row: RowId,
        object: &'w OutputObject,
        class: usize,
    ) -> Option<(&'w OutputField, u32)> {
        let failed = object
            .fields_of(class)
            .filter(|field| matches!(field.ty, OutputType::NonNull(_)));
        let failed = failed.filter_map(|field| Some((field, self.failure_of(row, field)?)));
        failed.min_by_key(|(_, failure)| self.failures.is_vague(*failure))
    }

    /// A failed field of an object whose type is unknown because the fetch that should have read it failed.
    pub(super) fn failed_field_of_any_type(
        &self,
        row: RowId,
        object: &'w OutputObject,
    ) -> Option<(&'w OutputField, u32)> {
        let mut fields = object.fields.iter();
        fields.find_map(|field| Some((field, self.failure_of(row, field)?)))
    }

    fn failure_of(&self, row: RowId, field: &OutputField) -> Option<u32> {
        let FieldSource::Slot(slot) = field.source else {
            return None;
        };
        match self.store.cell(row, slot) {
            // What was left out is not the reason why the execution has ended, which may be in another field.
            Cell::Failed(failure) if self.failures.is_left_out(failure) => None,
            Cell::Failed(failure) if self.guards[field.guard as usize] => Some(failure),
            _ => None,
        }
    }

    /// Reports a failed field of the object that was about to be written, and is null instead.
    pub(super) fn report_failed_field(&mut self, (field, failure): (&'w OutputField, u32)) -> Halt {
        let mut path = Vec::new();
        if self.errors.is_listed(self.failures, failure) {
            path = self.current_path();
            path.push(PathElement::Field(&field.name));
        }
        self.report(failure, &field.ty, field, path)
    }

    /// Reports the failure in the cell of the current value.
    pub(super) fn failed(
        &mut self,
        failure: u32,
        ty: &'w OutputType,
        field: &'w OutputField,
    ) -> Halt {
        let path = match self.errors.is_listed(self.failures, failure) {
            true => self.current_path(),
            false => Vec::new(),
        };
        self.report(failure, ty, field, path)
    }

    /// Reports a failure at the field that failed, which may be below the null: a service propagates nulls as well.
    pub(super) fn report(
        &mut self,
        failure: u32,
        ty: &'w OutputType,
        field: &'w OutputField,
        mut path: Vec<PathElement<'w>>,
    ) -> Halt {
        let failure = match path.is_empty() {
            true => failure,
            false => self.candidate(failure, ty),
        };
        let (mut ty, mut field) = (ty, field);
        for step in self.failures.below(failure) {
            while let OutputType::NonNull(inner) = ty {
                ty = inner;
            }
            match (step, ty) {
                (Below::Index(index), OutputType::List(item)) => {
                    path.push(PathElement::Index(*index));
                    ty = item;
                }
                (Below::Slot(slot), OutputType::Object(object)) => {
                    // A field that the client did not request has no path in the response.
                    let Some(child) = self.field_of_slot(*object, *slot) else {
                        break;
                    };
                    path.push(PathElement::Field(&child.name));
                    (ty, field) = (&child.ty, child);
                }
                _ => break,
            }
        }
        self.errors.report_at(
            self.failures,
            failure,
            self.out.bytes.len(),
            &path,
            &field.locations,
        );
        self.charged_errors().err().unwrap_or(Halt::Null)
    }

    /// Reports that the current value must not be null and is missing.
    ///
    /// If several services have a value, one of them may have null in place of the whole value, because a field below
    /// failed there. Then what was to be read of it is missing in the value of the other services, and the error is that
    /// of the field that failed.
    pub(super) fn missing(&mut self, field: &'w OutputField) -> Halt {
        match self.failed_above() {
            Some(cause) => self.missing_since(&cause, field),
            None => self.fail(|| Failure::null_in_non_null(&field.coordinate), field),
        }
    }

    /// If nulls stay: reports that the current value, which may be null, is missing because of a failure above it.
    pub(super) fn missing_nullable(&mut self, field: &'w OutputField) -> Result<(), Halt> {
        if self.nulls_stay
            && !self.failures.nothing_failed()
            && let Some(cause) = self.failed_above()
            && self.missing_since(&cause, field) == Halt::Stop
        {
            return Err(Halt::Stop);
        }
        Ok(())
    }

    /// Reports the failure because of which the current value is missing: at the field that failed, or, if nulls stay and
    /// that field is not the value or below it, at the value.
    fn missing_since(&mut self, cause: &FailedAbove<'w>, field: &'w OutputField) -> Halt {
        let mut path = self.current_path();
        if !self.nulls_stay || self.leads_here(cause) {
            path.truncate(cause.depth + 1);
            return self.report(cause.failure, &cause.field.ty, cause.field, path);
        }
        let (failure, at) = (
            self.failures.for_other_field(cause.failure),
            self.out.bytes.len(),
        );
        self.errors
            .report_at(self.failures, failure, at, &path, &field.locations);
        self.charged_errors().err().unwrap_or(Halt::Null)
    }

    /// Whether what failed is the current value or below it.
    fn leads_here(&self, cause: &FailedAbove<'w>) -> bool {
        let steps = self.failures.below(cause.failure);
        let frames = &self.stack[cause.depth + 1..];
        let mut both = frames.iter().zip(steps);
        frames.len() <= steps.len() && both.all(|(frame, step)| frame.step() == Some(*step))
    }

    /// The failure that made a service propagate a null to a value of the stack, so that it has no current value.
    fn failed_above(&self) -> Option<FailedAbove<'w>> {
        let depths = match self.errors.is_full() {
            true => 0..0,
            false => 0..self.stack.len(),
        };
        depths.rev().find_map(|depth| {
            let Part::Object(open) = &self.stack[depth].part else {
                return None;
            };
            let field = open.current_field()?;
            let FieldSource::Slot(slot) = field.source else {
                return None;
            };
            let mut overruled = self.store.overruled(open.row, slot).iter().copied();
            let failure =
                overruled.find(|failure| self.is_null_here(*failure, depth, &field.ty))?;
            Some(FailedAbove {
                failure,
                depth,
                field,
            })
        })
    }

    /// Whether a field that failed below a value of the stack makes the current value null: from where the paths part,
    /// everything down to the failed field must not be null.
    fn is_null_here(&self, failure: u32, depth: usize, mut ty: &'w OutputType) -> bool {
        let mut frames = self.stack[depth + 1..].iter();
        let steps = self.failures.below(failure);
        let mut is_on_path = true;
        for step in steps {
            if let OutputType::NonNull(inner) = ty {
                ty = inner;
            }
            is_on_path = is_on_path && frames.next().and_then(|frame| frame.step()) == Some(*step);
            let below = self.below(step, ty);
            let Some(below) = below else {
                return false;
            };
            if !is_on_path && !matches!(below, OutputType::NonNull(_)) {
                return false;
            }
            ty = below;
        }
        !steps.is_empty()
    }

    /// The type of what a step leads to; `None` if the gateway requested it, and the client did not.
    pub(super) fn below(&self, step: &Below, ty: &'w OutputType) -> Option<&'w OutputType> {
        match (step, ty) {
            (Below::Index(_), OutputType::List(item)) => Some(item),
            (Below::Slot(slot), OutputType::Object(object)) => {
                Some(&self.field_of_slot(*object, *slot)?.ty)
            }
            _ => None,
        }
    }

    /// The field of an object that shows a slot; `None` if the gateway requested it, and the client did not.
    pub(super) fn field_of_slot(&self, object: u32, slot: u16) -> Option<&'w OutputField> {
        let output = self.output;
        let mut fields = output.objects[object as usize].fields.iter();
        fields.find(|field| {
            field.source == FieldSource::Slot(slot) && self.guards[field.guard as usize]
        })
    }

    /// Reports a failure of the current value. Once the list of errors is full, they are only counted.
    pub(super) fn fail(
        &mut self,
        failure: impl FnOnce() -> Failure,
        field: &'w OutputField,
    ) -> Halt {
        if self.errors.is_full() {
            self.errors.leave_out(1);
            return Halt::Null;
        }
        let failure = self.failures.add(failure());
        let (path, at) = (self.current_path(), self.out.bytes.len());
        let locations = &field.locations;
        self.errors
            .report_at(self.failures, failure, at, &path, locations);
        self.charged_errors().err().unwrap_or(Halt::Null)
    }

    /// Writes a warning about the current value.
    pub(super) fn warn(&mut self, message: &str) -> Result<(), Halt> {
        let path = self.current_path();
        self.errors.warn_at(message, &path);
        self.charged_errors()
    }

    /// Charges the errors and warnings that have been written so far.
    pub(super) fn charged_errors(&mut self) -> Result<(), Halt> {
        let written = self.errors.written().len() + self.errors.warnings().len();
        self.out.charge_errors(written)
    }

    /// The path of the current value.
    pub(super) fn current_path(&self) -> Vec<PathElement<'w>> {
        let element = |part: &Part<'w>| match part {
            Part::Object(open) => {
                let field = open.current_field();
                PathElement::Field(field.map_or("", |field| field.name.as_str()))
            }
            Part::List(open, ..) | Part::Any(open) => {
                PathElement::Index(open.next.saturating_sub(1))
            }
        };
        self.stack
            .iter()
            .map(|frame| element(&frame.part))
            .collect()
    }
}
