//! Writes the rows as the response, in the order of the operation.
//!
//! Values are completed on the way ([`complete`]): leaves are checked and coerced, objects get their fields, and nulls
//! propagate.
//!
//! # Null propagation
//!
//! A null in a non-null position makes the nearest nullable parent null (6.4.4). The writer has already written a part
//! of that parent by then. For `{ district { name! works! { count! } } }` with a nullable `district` and no value for
//! `count`, it has written
//!
//! ```text
//! {"data":{"district":{"name":"Budgam","works":{"count":
//!                     ^ start of `district`    ^ start of `works`
//! ```
//!
//! Each open object or list is a [`Frame`] on a stack, with the index in the text where it starts and whether it is
//! nullable. [`Writer::propagate`] pops frames up to the first nullable one, here `district`, truncates the text to its
//! start, writes `null` there, and continues with the next field of the frame below. If no frame is nullable, `data` is
//! null. The stack begins with the root of a delivery group, so a null never reaches another group.
//!
//! Text that is written and truncated again costs time and leaves no trace in the length of the response, so [`Out`]
//! bounds it separately. To truncate less, an object is not begun if one of its non-null fields is known to have failed
//! ([`Writer::failed_field`]).
//!
//! If the client wants nulls to stay where they are (`onError: NULL`), [`Writer::propagate`] writes `null` at the position
//! itself: nothing of the value has been written by then, since an object or a list is on the stack once it has begun.
//!
//! # Pieces
//!
//! The response repeats a row wherever lists share it, so it can be longer than the rows by orders of magnitude. It is
//! written in pieces ([`Writer::run`]), and the execution yields its thread between them. That is why open objects and
//! lists are on a stack of their own, and not on the call stack. The stack also gives the path of the current value,
//! for errors.

mod cause;
mod complete;
mod file;
mod leaves;
mod made_id;
mod note;
mod opened;
mod out;
mod path;
mod report;
mod stack;

pub(crate) use self::leaves::leaf_text;
use self::leaves::plain_text;
use self::opened::Notes;
pub(crate) use self::opened::{Opened, OpenedList, PayloadFields};
use self::out::{Halt, Out};
pub(crate) use self::path::{KeptElement, PathElement, write_kept, write_path};
use self::stack::{Completion, Frame, NO_FIELDS, OpenList, OpenObject, Part};
use super::bounds::Reached;
use super::error_behavior::ErrorBehavior;
use super::error_list::ErrorList;
use super::failure::Failure;
use super::failures::Failures;
use super::group::DeliveryGroup;
use super::store::{Cell, RowId, Store};
use crate::budget::Account;
use crate::files::Files;
use crate::graph::query::TypeTable;
use crate::plan::output::{FieldSource, Output, OutputField, OutputObject, OutputType};

/// How far the response has been written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    Done,
    More,
}

/// The size of a piece: at most so many steps, each some fields of an object or an element of a list, and about so many
/// bytes.
const STEPS: usize = 1024;
const PIECE: usize = 128 * 1024;

/// The input of a [`Writer`].
pub(crate) struct Material<'w> {
    pub(crate) store: &'w Store,
    pub(crate) output: &'w Output,
    pub(crate) types: &'w TypeTable,
    /// Outcomes of the output's guards.
    pub(crate) guards: &'w [bool],
    /// Values of `__schema` and `__type`, by response name, as JSON.
    pub(crate) introspection: &'w [(String, Vec<u8>)],
    pub(crate) on_error: ErrorBehavior,
    /// Makes the URLs of files.
    pub(crate) files: &'w Files,
}

pub(crate) struct Writer<'w> {
    store: &'w Store,
    output: &'w Output,
    types: &'w TypeTable,
    guards: &'w [bool],
    introspection: &'w [(String, Vec<u8>)],
    /// A null in a non-null position stays there.
    nulls_stay: bool,
    /// The execution has ended because of a failure that may be anywhere: all values are written, so that it is reported.
    /// Nothing but the first error is sent.
    has_halted: bool,
    files: &'w Files,
    failures: &'w mut Failures,
    root: RowId,
    /// The errors of the delivery group.
    errors: &'w mut ErrorList,
    out: Out<'w>,
    stack: Vec<Frame<'w>>,
    /// The objects with fields in other payloads, if there are several. Boxed, because that is rare.
    notes: Option<Box<Notes<'w>>>,
}

/// The text of an element in what [`Writer::begin_element`] has begun; `None` if a null has propagated to the list. It has a
/// bracket or a comma before it, and a bracket behind it.
pub(crate) fn element_text(
    text: std::ops::Range<usize>,
    all: &[u8],
) -> Option<std::ops::Range<usize>> {
    (all.get(text.clone())? != b"null").then(|| text.start + 1..text.end - 1)
}

impl<'w> Writer<'w> {
    /// A writer of one delivery group, with room for `expected` bytes, which writes at most `most`.
    pub(crate) fn new(
        material: Material<'w>,
        group: &'w mut DeliveryGroup,
        failures: &'w mut Failures,
        account: &'w Account,
        expected: usize,
        most: usize,
    ) -> Self {
        let Material {
            store,
            output,
            types,
            guards,
            introspection,
            on_error,
            files,
        } = material;
        Writer {
            store,
            output,
            types,
            guards,
            introspection,
            nulls_stay: on_error == ErrorBehavior::Null,
            has_halted: failures.has_halted(),
            files,
            failures,
            root: group.root,
            errors: &mut group.errors,
            out: Out::new(account, expected, most),
            stack: Vec::with_capacity(8),
            notes: None,
        }
    }

    /// Begins the root object of the group.
    ///
    /// # Errors
    /// A bound has been reached.
    pub(crate) fn begin(&mut self) -> Result<(), Reached> {
        let root = self.root;
        let object = &self.output.objects[0];
        let class = object.class_of(self.store.ty(root), self.guards);
        let class = class.unwrap_or_default();
        let begun = self.out.put(b"{\"data\":").and_then(|()| {
            let start = self.out.bytes.len();
            match self.object(root, object, class, start, true) {
                Err(Halt::Null) => self.out.replace_with_null(start),
                begun => begun,
            }
        });
        begun.map_err(|_| self.reached())
    }

    /// Writes the next piece, after [`Writer::begin`].
    ///
    /// # Errors
    /// A bound has been reached.
    pub(crate) fn run(&mut self) -> Result<Progress, Reached> {
        let enough = self.out.bytes.len().saturating_add(PIECE);
        for _ in 0..STEPS {
            let Some(frame) = self.stack.last_mut() else {
                return Ok(Progress::Done);
            };
            let step = match &mut frame.part {
                Part::Object(object) => {
                    let (object, start) = (*object, frame.start);
                    self.fields(object, start)
                }
                Part::List(OpenList { at, len, next }, item, field) => {
                    let (at, len, index, item, field) = (*at, *len, *next, *item, *field);
                    *next += 1;
                    self.element(index, len, |writer| {
                        writer.complete(writer.store.item(at, index), item, field)
                    })
                }
                Part::Any(OpenList { at, len, next }) => {
                    let (at, len, index) = (*at, *len, *next);
                    *next += 1;
                    self.element(index, len, |writer| {
                        writer.any(writer.store.item(at, index))
                    })
                }
            };
            let step = match step {
                Err(Halt::Null) => self.propagate(),
                step => step,
            };
            if step.is_err() {
                return Err(self.reached());
            }
            if self.out.bytes.len() > enough {
                break;
            }
        }
        Ok(Progress::More)
    }

    /// Begins the fields that an object has in the payload with this number. They are written by [`Writer::run`], and the errors
    /// in them are reported in this list.
    ///
    /// # Errors
    /// A bound has been reached.
    pub(crate) fn begin_part(
        &mut self,
        opened: &Opened,
        set: u32,
        guards: &'w [bool],
        errors: ErrorList,
    ) -> Result<(), Reached> {
        self.guards = guards;
        *self.errors = errors;
        self.continue_below(&opened.path, set);
        let (object, start) = (&self.output.objects[opened.object], self.out.bytes.len());
        // The object itself is noted already.
        let notes = self.notes.take();
        let begun = match self.object(opened.row, object, opened.class, start, true) {
            Err(Halt::Null) => self.out.replace_with_null(start),
            begun => begun,
        };
        self.notes = notes;
        begun.map_err(|_| self.reached())
    }

    /// Begins the element with this index of a list with elements in several payloads, as a list of its own. It is written by
    /// [`Writer::run`], and the errors in it are reported in this list of errors. Of the text, [`element_text`] is the element.
    ///
    /// # Errors
    /// A bound has been reached.
    pub(crate) fn begin_element(
        &mut self,
        list: &OpenedList,
        field: &'w OutputField,
        (index, set): (u32, u32),
        guards: &'w [bool],
        errors: ErrorList,
    ) -> Result<(), Reached> {
        self.guards = guards;
        *self.errors = errors;
        self.continue_below(&list.path, set);
        let ty = match &field.ty {
            OutputType::NonNull(inner) => &**inner,
            ty => ty,
        };
        let OutputType::List(item) = ty else {
            return Ok(());
        };
        let start = self.out.bytes.len();
        if index == 0 {
            self.out.put(b"[").map_err(|_| self.reached())?;
        }
        let open = OpenList {
            at: list.at,
            len: index + 1,
            next: index,
        };
        self.stack.push(Frame {
            part: Part::List(open, item, field),
            start,
            nullable: true,
        });
        Ok(())
    }

    /// The text so far.
    pub(crate) fn text(&self) -> &[u8] {
        &self.out.bytes
    }

    /// The errors of the part that has been written.
    pub(crate) fn take_part_errors(&mut self) -> ErrorList {
        std::mem::take(self.errors)
    }

    /// Charges the objects that have been noted, and so many bytes.
    ///
    /// # Errors
    /// The account has no room for them.
    pub(crate) fn charge(&mut self, bytes: usize) -> Result<(), Reached> {
        let noted = self
            .notes
            .as_mut()
            .map_or(0, |notes| notes.take_uncharged());
        Ok(self.out.charge(bytes + noted)?)
    }

    /// The text.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.out.bytes
    }

    fn reached(&self) -> Reached {
        self.out.reached.unwrap_or(Reached::Time)
    }

    /// Handles a null in a non-null position of the object or list on top of the stack: the nearest nullable parent
    /// becomes null, unless nulls stay.
    fn propagate(&mut self) -> Result<(), Halt> {
        if self.nulls_stay || self.has_halted {
            return self.out.put(b"null");
        }
        while let Some(frame) = self.stack.pop() {
            if frame.nullable {
                self.drop_vague_errors(&frame)?;
                if let Some(notes) = &mut self.notes {
                    notes.forget_since(frame.start);
                }
                return self.out.replace_with_null(frame.start);
            }
        }
        Ok(())
    }

    /// Writes the next element of the list on top of the stack, or the list's end.
    #[inline(always)]
    fn element(
        &mut self,
        index: u32,
        len: u32,
        write: impl FnOnce(&mut Self) -> Result<Completion, Halt>,
    ) -> Result<(), Halt> {
        if index == len {
            self.out.bytes.push(b']');
            self.stack.pop();
            return Ok(());
        }
        if index > 0 {
            self.out.put(b",")?;
        }
        write(self).map(|_| ())
    }

    /// Begins an object, unless a failed field makes it null.
    fn object(
        &mut self,
        row: RowId,
        object: &'w OutputObject,
        class: usize,
        start: usize,
        nullable: bool,
    ) -> Result<(), Halt> {
        if !self.nulls_stay
            && !self.failures.nothing_failed()
            && let Some(failed_field) = self.failed_field(row, object, class)
        {
            return Err(
                match self.cause_in_object(failed_field.1, row, object, class) {
                    Some(cause) => self.report_cause(cause),
                    None => self.report_failed_field(failed_field),
                },
            );
        }
        self.begin_object(row, object, class, start, nullable);
        Ok(())
    }

    /// Begins an object of which no non-null field is known to have failed.
    #[inline(always)]
    fn begin_object(
        &mut self,
        row: RowId,
        object: &'w OutputObject,
        class: usize,
        start: usize,
        nullable: bool,
    ) {
        // A prerendered text has no place for the errors that a mapping raised beside its fields: write field by field.
        let nothing_raised = self.store.is_nothing_beside(row);
        if let Some(number) = object.split {
            self.note(row, (object, class), number.get() as usize - 1, start);
        }
        // Built in its place: copied from another one, its narrow fields would be read as a whole before they have left the
        // processor's store buffer. That stall is longer than the rest of this function.
        self.stack.push(Frame {
            part: Part::Object(OpenObject {
                row,
                at: 0,
                run: if nothing_raised { 0 } else { u32::MAX },
                object,
                class: object.classes.get(class).unwrap_or(&NO_FIELDS),
            }),
            start,
            nullable,
        });
    }

    /// Writes the fields of the object on top of the stack, up to the next composite field or the end.
    #[inline(always)]
    fn fields(&mut self, open: OpenObject<'w>, start: usize) -> Result<(), Halt> {
        // Every field is written with a comma before it. At the end, the first comma becomes the opening brace.
        let store = self.store;
        let OpenObject {
            row, object, class, ..
        } = open;
        let (mut at, mut run) = (open.at as usize, open.run as usize);
        let cells = store.cells_of(row);
        let nothing_raised = store.is_nothing_beside(row);
        while let Some(&index) = class.fields.get(at) {
            if let Some(prerendered) = class.prerendered.get(run)
                && usize::from(prerendered.at) == at
            {
                run += 1;
                if let Some(Cell::Json(text)) = cells.get(usize::from(prerendered.cell)) {
                    self.out.put(store.text(*text))?;
                    at += usize::from(prerendered.length);
                    continue;
                }
            }
            at += 1;
            let field = &object.fields[usize::from(index)];
            if field.guard != 0 && !self.guards[field.guard as usize] {
                continue;
            }
            let plain = field.plain.filter(|_| nothing_raised);
            if let Some(text) = plain.and_then(|plain| plain_text(store, cells, plain)) {
                self.out.ensure(field.key.len() + text.len())?;
                self.out.bytes.extend_from_slice(&field.key);
                self.out.bytes.extend_from_slice(text);
                continue;
            }
            self.out.put(&field.key)?;
            if let Some(Frame {
                part: Part::Object(open),
                ..
            }) = self.stack.last_mut()
            {
                (open.at, open.run) = (at as u32, run as u32);
            }
            if self.field(row, field, nothing_raised)? == Completion::Begun {
                return Ok(());
            }
        }
        match self.out.bytes.get_mut(start) {
            Some(comma) => *comma = b'{',
            None => self.out.bytes.push(b'{'),
        }
        self.out.bytes.push(b'}');
        self.stack.pop();
        Ok(())
    }

    #[inline(always)]
    fn field(
        &mut self,
        row: RowId,
        field: &'w OutputField,
        nothing_raised: bool,
    ) -> Result<Completion, Halt> {
        match field.source {
            FieldSource::Slot(slot) => {
                if !nothing_raised {
                    self.report_raised(row, slot, field)?;
                }
                return self.complete(self.store.cell(row, slot), &field.ty, field);
            }
            FieldSource::Typename => {
                let Some(ty) = self.store.ty(row) else {
                    return Err(self.fail(Failure::unknown_type, field));
                };
                let name = self.types.name(ty).as_bytes();
                self.out.ensure(name.len() + 2)?;
                self.quote(name);
            }
            FieldSource::Id(id) => return self.made_id(row, &self.output.ids[id as usize], field),
            FieldSource::Refused(refusal) => {
                let message = &self.output.refusals[refusal as usize];
                let halt = self.fail(|| Failure::null_variable(message), field);
                if halt == Halt::Stop || matches!(field.ty, OutputType::NonNull(_)) {
                    return Err(halt);
                }
                self.out.put(b"null")?;
            }
            FieldSource::Introspection => {
                let value = self
                    .introspection
                    .iter()
                    .find(|(name, _)| *name == field.name.as_str());
                let value = value.map_or(&b"null"[..], |(_, value)| value.as_slice());
                self.out.put(value)?;
            }
        }
        Ok(Completion::Written)
    }

    /// Reports the errors that a mapping raised beside the value, and the warnings about it.
    fn report_raised(&mut self, row: RowId, slot: u16, field: &'w OutputField) -> Result<(), Halt> {
        let raised = self.store.raised_in(row).iter();
        for (_, _, message) in raised.filter(|raised| raised.1 == slot) {
            if self.fail(|| Failure::raised(message), field) == Halt::Stop {
                return Err(Halt::Stop);
            }
        }
        let warned = self.store.warned_in(row).iter();
        for (_, _, message) in warned.filter(|warned| warned.1 == slot) {
            self.warn(message)?;
        }
        Ok(())
    }
}
