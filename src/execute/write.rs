//! Writes rows as the response, in the order of the operation.
//!
//! Completion (GraphQL specification, 6.4.3) and null propagation (6.4.4) happen on the way: where a value that must
//! not be null is, what was written is cut back to the nearest parent that may be, and `null` stands there.

use super::failure::Below;
use super::failure::Failure;
use super::failure::Failures;
use super::store::Cell;
use super::store::RowId;
use super::store::Store;
use super::store::Text;
use crate::document::unescape;
use crate::document::write_json_string;
use crate::graph::query::TypeTable;
use crate::plan::output::FieldSource;
use crate::plan::output::Leaf;
use crate::plan::output::Output;
use crate::plan::output::OutputField;
use crate::plan::output::OutputObject;
use crate::plan::output::OutputType;
use crate::plan::output::Plain;
use crate::plan::output::PlainKind;

/// A value was null that must not be: the parent decides.
pub(crate) struct Propagate;

/// One element of a response path.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PathElement<'o> {
    Field(&'o str),
    Index(u32),
}

pub(crate) struct Writer<'w> {
    pub(crate) store: &'w Store,
    pub(crate) output: &'w Output,
    pub(crate) types: &'w TypeTable,
    /// Outcomes of the output's guards.
    pub(crate) guards: &'w [bool],
    /// Values of `__schema` and `__type`, by response name, as JSON.
    pub(crate) introspection: &'w [(String, Vec<u8>)],
    pub(crate) failures: &'w mut Failures,
    pub(crate) path: Vec<PathElement<'w>>,
    pub(crate) out: Vec<u8>,
    /// The longest answer that is written.
    pub(crate) max_bytes: usize,
    /// It would have been longer.
    pub(crate) too_long: bool,
}

impl<'w> Writer<'w> {
    /// Writes the root object, or `null`.
    pub(crate) fn data(&mut self, root: RowId) {
        let (start, output) = (self.out.len(), self.output);
        let object = &output.objects[0];
        let class = object.class_of(self.store.ty(root), self.guards);
        if self
            .object(root, object, class.unwrap_or_default())
            .is_err()
        {
            self.out.truncate(start);
            self.out.extend_from_slice(b"null");
        }
    }

    /// Writes an object of a class.
    fn object(
        &mut self,
        row: RowId,
        object: &'w OutputObject,
        class: usize,
    ) -> Result<(), Propagate> {
        if self.out.len() > self.max_bytes {
            self.too_long = true;
            return Err(Propagate);
        }
        if !self.failures.is_calm()
            && let Some(culprit) = self.culprit(row, object, class)
        {
            self.blame(culprit);
            return Err(Propagate);
        }
        // Each field's name is written with a comma before it; the first one's becomes the brace.
        let start = self.out.len();
        let store = self.store;
        let (cells, is_calm) = (store.cells_of(row), store.is_calm());
        let class = object.classes.get(class);
        let (fields, runs) = class.map_or((&[][..], &[][..]), |class| (&class.fields, &class.runs));
        let mut runs = runs.iter().filter(|_| is_calm);
        let (mut run, mut at) = (runs.next(), 0);
        while let Some(&index) = fields.get(at) {
            if let Some(own) = run.filter(|run| usize::from(run.at) == at) {
                run = runs.next();
                if let Some(Cell::Json(text)) = cells.get(usize::from(own.cell)) {
                    self.out.extend_from_slice(store.text(*text));
                    at += usize::from(own.length);
                    continue;
                }
            }
            at += 1;
            let field = &object.fields[usize::from(index)];
            if field.guard != 0 && !self.guards[field.guard as usize] {
                continue;
            }
            let plain = field.plain.filter(|_| is_calm);
            if let Some(text) = plain.and_then(|plain| plain_text(store, cells, plain)) {
                self.out.reserve(field.key.len() + text.len());
                self.out.extend_from_slice(&field.key);
                self.out.extend_from_slice(text);
            } else {
                self.out.extend_from_slice(&field.key);
                self.field(row, field)?;
            }
        }
        match self.out.get_mut(start) {
            Some(comma) => *comma = b'{',
            None => self.out.push(b'{'),
        }
        self.out.push(b'}');
        Ok(())
    }

    fn field(&mut self, row: RowId, field: &'w OutputField) -> Result<(), Propagate> {
        match field.source {
            FieldSource::Slot(slot) => {
                self.path.push(PathElement::Field(&field.name));
                if !self.store.is_calm() {
                    self.raised(row, slot, field);
                }
                let result = self.complete(self.store.cell(row, slot), &field.ty, field);
                self.path.pop();
                result
            }
            FieldSource::Typename => {
                if let Some(ty) = self.store.ty(row) {
                    self.out.push(b'"');
                    self.out.extend_from_slice(self.types.name(ty).as_bytes());
                    self.out.push(b'"');
                    return Ok(());
                }
                self.path.push(PathElement::Field(&field.name));
                self.fail(Failure::unknown_type(), field);
                self.path.pop();
                Err(Propagate)
            }
            FieldSource::Refused(refusal) => {
                let message = &self.output.refusals[refusal as usize];
                self.path.push(PathElement::Field(&field.name));
                self.fail(Failure::null_variable(message), field);
                self.path.pop();
                if matches!(field.ty, OutputType::NonNull(_)) {
                    return Err(Propagate);
                }
                self.out.extend_from_slice(b"null");
                Ok(())
            }
            FieldSource::Introspection => {
                let value = self
                    .introspection
                    .iter()
                    .find(|(name, _)| *name == field.name.as_str());
                self.out
                    .extend_from_slice(value.map_or(b"null", |(_, value)| value.as_slice()));
                Ok(())
            }
        }
    }

    /// A failed field for which this object cannot be: of several the one that is known to have failed. A service that nulls
    /// an object says so of that field only, and has no values for the others.
    fn culprit(
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

    /// A failed field of an object whose type is not known, since what tells the type has failed.
    fn culprit_of_any_type(
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
            Cell::Failed(failure) if self.guards[field.guard as usize] => Some(failure),
            _ => None,
        }
    }

    /// Reports the failure of a field of the object that is being written.
    fn blame(&mut self, (field, failure): (&'w OutputField, u32)) {
        self.path.push(PathElement::Field(&field.name));
        self.failed(failure, &field.ty, field);
        self.path.pop();
    }

    /// Reports what a mapping has raised beside the value.
    fn raised(&mut self, row: RowId, slot: u16, field: &'w OutputField) {
        let store = self.store;
        for message in store.raised(row, slot) {
            self.fail(Failure::raised(message), field);
        }
    }

    /// Completes a value; on an error it has been cut back to where it began.
    fn complete(
        &mut self,
        cell: Cell,
        ty: &'w OutputType,
        field: &'w OutputField,
    ) -> Result<(), Propagate> {
        match ty {
            OutputType::NonNull(inner) => self.non_null(cell, inner, field),
            _ => {
                let start = self.out.len();
                if self.nullable(cell, ty, field).is_err() {
                    self.out.truncate(start);
                    self.out.extend_from_slice(b"null");
                }
                Ok(())
            }
        }
    }

    fn non_null(
        &mut self,
        cell: Cell,
        ty: &'w OutputType,
        field: &'w OutputField,
    ) -> Result<(), Propagate> {
        match cell {
            Cell::Missing | Cell::Null => {
                self.fail(Failure::null_in_non_null(&field.coordinate), field);
                Err(Propagate)
            }
            cell => self.nullable(cell, ty, field),
        }
    }

    /// Writes a value of a nullable type, `null` included.
    fn nullable(
        &mut self,
        cell: Cell,
        ty: &'w OutputType,
        field: &'w OutputField,
    ) -> Result<(), Propagate> {
        match (cell, ty) {
            (Cell::Missing | Cell::Null, _) => {
                self.out.extend_from_slice(b"null");
                Ok(())
            }
            (Cell::Failed(failure), _) => {
                self.failed(failure, ty, field);
                Err(Propagate)
            }
            (Cell::List { at, len }, OutputType::List(item)) => self.list(at, len, item, field),
            (Cell::Row(row), OutputType::Object(object)) => {
                let own = &self.output.objects[*object as usize];
                let Some(class) = own.class_of(self.store.ty(row), self.guards) else {
                    match self.culprit_of_any_type(row, own) {
                        Some(culprit) => self.blame(culprit),
                        None => self.fail(Failure::unknown_type(), field),
                    }
                    return Err(Propagate);
                };
                self.object(row, own, class)
            }
            (cell, OutputType::Leaf(leaf)) => self.leaf(cell, leaf, field),
            (cell, ty) => {
                let expected = if matches!(ty, OutputType::List(_)) {
                    "a list"
                } else {
                    "an object"
                };
                self.fail(
                    Failure::wrong_shape(&field.coordinate, expected, kind(cell)),
                    field,
                );
                Err(Propagate)
            }
        }
    }

    fn list(
        &mut self,
        at: u32,
        len: u32,
        item: &'w OutputType,
        field: &'w OutputField,
    ) -> Result<(), Propagate> {
        self.out.push(b'[');
        for index in 0..len {
            if index > 0 {
                self.out.push(b',');
            }
            self.path.push(PathElement::Index(index));
            let result = self.complete(self.store.item(at, index), item, field);
            self.path.pop();
            result?;
            if self.too_long {
                return Err(Propagate);
            }
        }
        self.out.push(b']');
        Ok(())
    }

    fn leaf(&mut self, cell: Cell, leaf: &Leaf, field: &'w OutputField) -> Result<(), Propagate> {
        let store = self.store;
        match (leaf, cell) {
            (Leaf::Custom | Leaf::Float, cell) if !store.is_passed_on(cell) => {
                self.fail(Failure::number_beyond(&field.coordinate), field);
                return Err(Propagate);
            }
            (Leaf::Custom, cell) => self.any(cell),
            (Leaf::Float, Cell::Number(text)) => self.out.extend_from_slice(store.text(text)),
            (Leaf::Int, Cell::Number(text)) if is_short_integer(store.text(text)) => {
                self.out.extend_from_slice(store.text(text));
            }
            (Leaf::Int, Cell::Number(text)) => match int(store.text(text)) {
                Some(number) => self.out.extend_from_slice(number.as_bytes()),
                None => return self.wrong_leaf("Int", text, field),
            },
            (Leaf::Id, Cell::Number(text)) if is_integer(store.text(text)) => self.quoted(text),
            (Leaf::String, Cell::Number(text)) => self.quoted(text),
            (Leaf::String | Leaf::Id, Cell::String(text)) => {
                self.out.extend_from_slice(store.text(text))
            }
            (Leaf::String, Cell::Bool(value)) => {
                self.out
                    .extend_from_slice(if value { b"\"true\"" } else { b"\"false\"" });
            }
            (Leaf::Boolean, Cell::Bool(value)) => {
                self.out
                    .extend_from_slice(if value { b"true" } else { b"false" });
            }
            (Leaf::Enum(values), Cell::String(text)) => {
                let Some(value) = enum_value(store.text(text), values) else {
                    self.fail(Failure::not_an_enum_value(&field.coordinate), field);
                    return Err(Propagate);
                };
                self.out.extend_from_slice(value);
            }
            (leaf, cell) => {
                let failure = Failure::wrong_shape(&field.coordinate, leaf_name(leaf), kind(cell));
                self.fail(failure, field);
                return Err(Propagate);
            }
        }
        Ok(())
    }

    fn wrong_leaf(
        &mut self,
        expected: &str,
        _text: Text,
        field: &'w OutputField,
    ) -> Result<(), Propagate> {
        self.fail(Failure::out_of_range(&field.coordinate, expected), field);
        Err(Propagate)
    }

    fn quoted(&mut self, text: Text) {
        self.out.push(b'"');
        self.out.extend_from_slice(self.store.text(text));
        self.out.push(b'"');
    }

    /// Any JSON value, as received.
    fn any(&mut self, cell: Cell) {
        match cell {
            Cell::Missing | Cell::Null | Cell::Failed(_) | Cell::Row(_) => {
                self.out.extend_from_slice(b"null")
            }
            Cell::Bool(value) => self
                .out
                .extend_from_slice(if value { b"true" } else { b"false" }),
            Cell::Number(text) | Cell::String(text) | Cell::Json(text) => {
                self.out.extend_from_slice(self.store.text(text));
            }
            Cell::List { at, len } => {
                self.out.push(b'[');
                for index in 0..len {
                    if index > 0 {
                        self.out.push(b',');
                    }
                    self.any(self.store.item(at, index));
                }
                self.out.push(b']');
            }
        }
    }

    /// Reports a failure that a cell holds, at the field that it befell: that may lie below the null that came of it.
    fn failed(&mut self, failure: u32, ty: &'w OutputType, field: &'w OutputField) {
        let (output, depth) = (self.output, self.path.len());
        let (mut ty, mut field) = (ty, field);
        for step in self.failures.below(failure) {
            while let OutputType::NonNull(inner) = ty {
                ty = inner;
            }
            match (step, ty) {
                (Below::Index(index), OutputType::List(item)) => {
                    self.path.push(PathElement::Index(*index));
                    ty = item;
                }
                (Below::Slot(slot), OutputType::Object(object)) => {
                    let mut fields = output.objects[*object as usize].fields.iter();
                    let known = fields.find(|field| {
                        field.source == FieldSource::Slot(*slot)
                            && self.guards[field.guard as usize]
                    });
                    // What the client has not asked for has no place in the answer.
                    let Some(known) = known else { break };
                    self.path.push(PathElement::Field(&known.name));
                    (ty, field) = (&known.ty, known);
                }
                _ => break,
            }
        }
        self.failures.at(failure, &self.path, &field.locations);
        self.path.truncate(depth);
    }

    fn fail(&mut self, failure: Failure, field: &'w OutputField) {
        let failure = self.failures.add(failure);
        self.failures.at(failure, &self.path, &field.locations);
    }
}

/// The text of a leaf that needs no check beyond its kind, as nearly all do. No place in the response is kept for it, since
/// nothing can fail.
#[inline]
fn plain_text<'s>(store: &'s Store, cells: &[Cell], plain: Plain) -> Option<&'s [u8]> {
    match (plain.kind, *cells.get(usize::from(plain.slot))?) {
        (PlainKind::Text | PlainKind::Any, Cell::String(text)) => Some(store.text(text)),
        (PlainKind::Number | PlainKind::Any, Cell::Number(text)) => {
            Some(store.text(text)).filter(|text| store.numbers().admits(text))
        }
        (PlainKind::Integer, Cell::Number(text)) => {
            Some(store.text(text)).filter(|text| is_short_integer(text))
        }
        (PlainKind::Boolean, Cell::Bool(true)) => Some(b"true"),
        (PlainKind::Boolean, Cell::Bool(false)) => Some(b"false"),
        (_, Cell::Missing | Cell::Null) if plain.nullable => Some(b"null"),
        _ => None,
    }
}

/// The text of any leaf that is as it must be.
pub(super) fn leaf_text<'s>(
    store: &'s Store,
    cells: &[Cell],
    field: &'s OutputField,
) -> Option<&'s [u8]> {
    if let Some(plain) = field.plain {
        return plain_text(store, cells, plain);
    }
    let (values, nullable) = match &field.ty {
        OutputType::Leaf(Leaf::Enum(values)) => (values, true),
        OutputType::NonNull(inner) => match &**inner {
            OutputType::Leaf(Leaf::Enum(values)) => (values, false),
            _ => return None,
        },
        _ => return None,
    };
    match *cells.get(usize::from(field.leaf_slot()?))? {
        Cell::String(text) => enum_value(store.text(text), values),
        Cell::Null if nullable => Some(b"null"),
        _ => None,
    }
}

/// The enum value that a JSON string is, as JSON.
fn enum_value<'v>(quoted: &[u8], values: &'v [Box<[u8]>]) -> Option<&'v [u8]> {
    let find = |quoted: &[u8]| {
        let place = values
            .binary_search_by(|value| (**value).cmp(quoted))
            .ok()?;
        values.get(place).map(|value| &**value)
    };
    find(quoted).or_else(|| {
        // Written with escapes that it does not need.
        let escaped = std::str::from_utf8(quoted).ok()?;
        escaped.contains('\\').then_some(())?;
        find(format!("\"{}\"", unescape(escaped)).as_bytes())
    })
}

/// The text of a 32-bit integer; `2.0` and `2e0` are 2.
fn int(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let whole = crate::document::Number::from_json(text)?.as_whole()?;
    i32::try_from(whole).ok().map(|number| number.to_string())
}

/// An integer that cannot leave the range of 32 bits, and is written as it should be.
fn is_short_integer(text: &[u8]) -> bool {
    text.len() <= 9 && is_integer(text) && text != b"-0"
}

fn is_integer(text: &[u8]) -> bool {
    text.iter()
        .all(|byte| byte.is_ascii_digit() || *byte == b'-')
}

fn kind(cell: Cell) -> &'static str {
    match cell {
        Cell::Missing | Cell::Null | Cell::Failed(_) => "null",
        Cell::Bool(_) => "a Boolean",
        Cell::Number(_) => "a number",
        Cell::String(_) => "a string",
        Cell::Json(_) | Cell::Row(_) => "an object",
        Cell::List { .. } => "a list",
    }
}

fn leaf_name(leaf: &Leaf) -> &'static str {
    match leaf {
        Leaf::Int => "Int",
        Leaf::Float => "Float",
        Leaf::String => "String",
        Leaf::Boolean => "Boolean",
        Leaf::Id => "ID",
        Leaf::Enum(_) => "an enum value",
        Leaf::Custom => "a value",
    }
}

/// Writes a response path as JSON.
pub(crate) fn write_path(path: &[PathElement<'_>], out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, element) in path.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        match element {
            PathElement::Field(name) => write_json_string(name, out),
            PathElement::Index(index) => out.extend_from_slice(index.to_string().as_bytes()),
        }
    }
    out.push(b']');
}
