//! Completes values (GraphQL specification, 6.4.3): checks and writes leaves, and begins objects and lists.

use super::Writer;
use super::leaves::{enum_value, int, is_integer, is_short_integer, kind, leaf_name};
use super::out::Halt;
use super::stack::{Completion, Frame, OpenList, Part};
use crate::plan::output::{Leaf, OutputField, OutputType};
use crate::response::failure::Failure;
use crate::response::store::{ABSENT_TYPE, Cell, Text};

impl<'w> Writer<'w> {
    /// Completes a value. A nullable value that cannot be completed is null.
    #[inline(always)]
    pub(super) fn complete(
        &mut self,
        cell: Cell,
        ty: &'w OutputType,
        field: &'w OutputField,
    ) -> Result<Completion, Halt> {
        let (inner, nullable) = match ty {
            OutputType::NonNull(inner) => (&**inner, false),
            ty => (ty, true),
        };
        // The usual case: leaves are mostly plain, and do not come here.
        if let (Cell::Row(row), OutputType::Object(object)) = (cell, inner)
            && self.failures.nothing_failed()
        {
            let object_type = &self.output.objects[*object as usize];
            if let Some(class) = object_type.class_of(self.store.ty(row), self.guards) {
                let start = self.out.bytes.len();
                self.begin_object(row, object_type, class, start, nullable);
                return Ok(Completion::Begun);
            }
        }
        self.complete_any(cell, inner, field, nullable)
    }

    #[inline(never)]
    fn complete_any(
        &mut self,
        cell: Cell,
        ty: &'w OutputType,
        field: &'w OutputField,
        nullable: bool,
    ) -> Result<Completion, Halt> {
        if nullable {
            let start = self.out.bytes.len();
            return match self.value(cell, ty, field, true) {
                Err(Halt::Null) => self
                    .out
                    .replace_with_null(start)
                    .map(|()| Completion::Written),
                value => value,
            };
        }
        match cell {
            Cell::Missing => Err(self.missing(field)),
            Cell::Null => Err(self.fail(|| Failure::null_in_non_null(&field.coordinate), field)),
            cell => self.value(cell, ty, field, false),
        }
    }

    /// Writes a leaf or null, or begins an object or a list. Null only comes here if the type is nullable.
    fn value(
        &mut self,
        cell: Cell,
        ty: &'w OutputType,
        field: &'w OutputField,
        nullable: bool,
    ) -> Result<Completion, Halt> {
        match (cell, ty) {
            (Cell::Missing | Cell::Null, _) => {
                if cell == Cell::Missing {
                    self.missing_nullable(field)?;
                }
                self.out.put(b"null")?;
                Ok(Completion::Written)
            }
            (Cell::Failed(failure), _) => Err(self.failed(failure, ty, field)),
            (Cell::List { at, len }, OutputType::List(item)) => {
                let mut open = OpenList { at, len, next: 0 };
                if field.stream.is_some() {
                    open = self.first_elements(open, field, self.out.bytes.len());
                }
                self.list(Part::List(open, item, field), nullable)
            }
            (Cell::Row(row), OutputType::Object(object)) => {
                let object_type = &self.output.objects[*object as usize];
                let ty = self.store.ty(row);
                if ty == Some(ABSENT_TYPE) {
                    if let Some(failure) = self.store.failure_of_absent(row) {
                        return Err(self.failed(failure, &field.ty, field));
                    }
                    self.out.put(b"null")?;
                    return Ok(Completion::Written);
                }
                let Some(class) = object_type.class_of(ty, self.guards) else {
                    return Err(match self.failed_field_of_any_type(row, object_type) {
                        Some(failed_field) => self.report_failed_field(failed_field),
                        None => self.fail(Failure::unknown_type, field),
                    });
                };
                let start = self.out.bytes.len();
                self.object(row, object_type, class, start, nullable)?;
                Ok(Completion::Begun)
            }
            (cell, OutputType::Leaf(Leaf::Custom)) if !self.store.admits_numbers(cell) => {
                Err(self.fail(|| Failure::number_beyond(&field.coordinate), field))
            }
            (cell, OutputType::Leaf(Leaf::Custom)) => self.any(cell),
            (cell, OutputType::Leaf(Leaf::File(file))) => self.file(cell, *file, field),
            (cell, OutputType::Leaf(leaf)) => {
                self.leaf(cell, leaf, field)?;
                Ok(Completion::Written)
            }
            (cell, ty) => {
                let expected = match ty {
                    OutputType::List(_) => "a list",
                    _ => "an object",
                };
                let failure = || Failure::wrong_shape(&field.coordinate, expected, kind(cell));
                Err(self.fail(failure, field))
            }
        }
    }

    fn list(&mut self, part: Part<'w>, nullable: bool) -> Result<Completion, Halt> {
        let start = self.out.bytes.len();
        self.out.put(b"[")?;
        self.stack.push(Frame {
            part,
            start,
            nullable,
        });
        Ok(Completion::Begun)
    }

    fn leaf(&mut self, cell: Cell, leaf: &Leaf, field: &'w OutputField) -> Result<(), Halt> {
        let store = self.store;
        match (leaf, cell) {
            (Leaf::Float, cell @ Cell::Number(_)) if !store.admits_numbers(cell) => {
                Err(self.fail(|| Failure::number_beyond(&field.coordinate), field))
            }
            (Leaf::Float, Cell::Number(text)) => self.out.put(store.text(text)),
            (Leaf::Int, Cell::Number(text)) if is_short_integer(store.text(text)) => {
                self.out.put(store.text(text))
            }
            (Leaf::Int, Cell::Number(text)) => match int(store.text(text)) {
                Some(number) => self.out.put(number.as_bytes()),
                None => Err(self.fail(|| Failure::out_of_range(&field.coordinate, "Int"), field)),
            },
            (Leaf::Id, Cell::Number(text)) if is_integer(store.text(text)) => self.quoted(text),
            (Leaf::String, Cell::Number(text)) => self.quoted(text),
            (Leaf::String | Leaf::Id, Cell::String(text)) => self.out.put(store.text(text)),
            (Leaf::String, Cell::Bool(true)) => self.out.put(b"\"true\""),
            (Leaf::String, Cell::Bool(false)) => self.out.put(b"\"false\""),
            (Leaf::Boolean, Cell::Bool(true)) => self.out.put(b"true"),
            (Leaf::Boolean, Cell::Bool(false)) => self.out.put(b"false"),
            (Leaf::Enum(values), Cell::String(text)) => {
                match enum_value(store.text(text), values) {
                    Some(value) => self.out.put(value),
                    None => {
                        let failure = || Failure::not_an_enum_value(&field.coordinate);
                        Err(self.fail(failure, field))
                    }
                }
            }
            (leaf, cell) => {
                let (expected, actual) = (leaf_name(leaf), kind(cell));
                let failure = || Failure::wrong_shape(&field.coordinate, expected, actual);
                Err(self.fail(failure, field))
            }
        }
    }

    fn quoted(&mut self, text: Text) -> Result<(), Halt> {
        let text = self.store.text(text);
        self.out.ensure(text.len() + 2)?;
        self.quote(text);
        Ok(())
    }

    pub(super) fn quote(&mut self, text: &[u8]) {
        self.out.bytes.push(b'"');
        self.out.bytes.extend_from_slice(text);
        self.out.bytes.push(b'"');
    }

    /// Writes any JSON value, unchanged.
    pub(super) fn any(&mut self, cell: Cell) -> Result<Completion, Halt> {
        match cell {
            Cell::Missing | Cell::Null | Cell::Failed(_) | Cell::Row(_) => self.out.put(b"null")?,
            Cell::Bool(true) => self.out.put(b"true")?,
            Cell::Bool(false) => self.out.put(b"false")?,
            Cell::Number(text) | Cell::String(text) | Cell::Json(text) => {
                self.out.put(self.store.text(text))?;
            }
            Cell::List { at, len } => {
                return self.list(Part::Any(OpenList { at, len, next: 0 }), false);
            }
        }
        Ok(Completion::Written)
    }
}
