//! Evaluates the expressions of a projection, and reads their values into rows.

use std::sync::Arc;

use super::{Captures, Projector};
use crate::document::{JsonReader, Object, Reader, Str, Value};
use crate::mapping::Evaluated;
use crate::mapping::ast::StepKind;
use crate::plan::projection::{Dynamic, ObjectNode, Root, Sink};
use crate::response::read_value::{Stop, read_value};
use crate::response::store::{Cell, RowId, SCRATCH};

/// The deadline is checked after so many evaluations, which take longer than reading.
const EVALUATIONS: u32 = 64;

impl Projector<'_> {
    /// Reads the next value as a tree, for an expression. It is not charged, since it is dropped after the evaluation,
    /// but takes at most the memory that the operation has left.
    pub(super) fn read_value<'d, R: Reader<'d>>(&self, reader: &mut R) -> Result<Value, Stop> {
        read_value(reader, self.bounds.account)
    }

    /// The value of a text of the document, as a tree.
    pub(super) fn value_of_text(&self, text: &[u8]) -> Result<Value, Stop> {
        let mut reader = JsonReader::new(text)?;
        let value = self.read_value(&mut reader)?;
        reader.finish()?;
        Ok(value)
    }

    /// Turns the value of an expression into cells: it is written as JSON and read like a document.
    pub(super) fn evaluated(&mut self, evaluated: Evaluated, then: &Root) -> Result<Cell, Stop> {
        self.evaluations = self.evaluations.wrapping_add(1);
        if self.evaluations.is_multiple_of(EVALUATIONS) {
            self.bounds.in_time()?;
        }
        if !evaluated.warnings.is_empty() || !evaluated.errors.is_empty() {
            (self.report)(&evaluated);
            self.raised.extend(
                evaluated
                    .errors
                    .iter()
                    .map(|error| Arc::from(&*error.message)),
            );
        }
        let Some(value) = evaluated.value else {
            return Ok(Cell::Missing);
        };
        self.value(&value, then)
    }

    pub(crate) fn value(&mut self, value: &Value, then: &Root) -> Result<Cell, Stop> {
        match value {
            Value::Null => return Ok(Cell::Null),
            Value::Bool(value) => return Ok(Cell::Bool(*value)),
            _ => {}
        }
        let text = self.store.add_text(|out| value.write_json(out));
        // Objects and lists are held twice while they are read.
        let length = (text.span.end - text.span.start) as usize;
        self.store.check(length, &self.bounds)?;
        match value {
            Value::Number(_) => return Ok(Cell::Number(text)),
            Value::String(_) => return Ok(Cell::String(text)),
            _ => {}
        }
        // Read a copy: the store's own text would move when the store grows.
        let copy = self.store.text(text).to_vec();
        let (document, offset) = (self.document, self.offset);
        (self.document, self.offset) = (SCRATCH, text.span.start);
        let cell = JsonReader::new(&copy)
            .map_err(Stop::from)
            .and_then(|mut reader| self.read(&mut reader, then));
        (self.document, self.offset) = (document, offset);
        cell
    }

    /// Evaluates a path whose first keys have been read already: wraps the value in objects with these keys.
    pub(super) fn rest_of_path(
        &mut self,
        input: Value,
        keys: &[Box<str>],
        otherwise: &Root,
    ) -> Result<Cell, Stop> {
        let Root::Evaluated {
            expression, then, ..
        } = otherwise
        else {
            return Ok(Cell::Missing);
        };
        let all = expression.as_path().map(|path| {
            path.steps.iter().filter_map(|step| match &step.kind {
                StepKind::Key(name) => Some(name.clone()),
                _ => None,
            })
        });
        let all: Vec<Str> = all.map(Iterator::collect).unwrap_or_default();
        let lead = all.len().saturating_sub(keys.len());
        let mut value = input;
        for name in all[..lead].iter().rev() {
            let mut object = Object::new();
            object.insert(name.clone(), value);
            value = Value::Object(Arc::new(object));
        }
        let evaluated = expression.evaluate(Some(&value), self.variables);
        self.evaluated(evaluated, then)
    }

    /// Reads the keys of a path that leads through a list: each key maps over it.
    pub(super) fn map_path(
        &mut self,
        value: &Value,
        node: &ObjectNode,
        base: RowId,
    ) -> Result<(), Stop> {
        for key in &node.keys {
            let Some(inner) = mapped(value, &key.name) else {
                continue;
            };
            for sink in &key.sinks {
                let projection = self.projection;
                match sink {
                    Sink::Leaf { row, slot } => {
                        let cell = self.value(&inner, &Root::Leaf)?;
                        self.store.set(RowId(base.0 + u32::from(*row)), *slot, cell);
                    }
                    Sink::Object { row, slot, node } => {
                        let cell = self.value(&inner, &Root::Object(*node))?;
                        self.store.set(RowId(base.0 + u32::from(*row)), *slot, cell);
                    }
                    // A spread does not map over lists.
                    Sink::Spread { .. } => {}
                    Sink::Path(node) => {
                        self.map_path(&inner, &projection.nodes[node.0 as usize], base)?
                    }
                }
            }
        }
        self.dynamic(&node.dynamic, value, base)
    }

    /// The members of an object that expressions read, as a tree.
    pub(super) fn captured(
        &self,
        node: &ObjectNode,
        captures: &Captures,
        text: &[u8],
    ) -> Result<Value, Stop> {
        let mut object = Object::with_capacity(captures.len());
        for (name, span) in node.captures.iter().zip(captures) {
            if let Some(span) = span {
                object.insert(Str::from(&**name), self.value_of_text(span.of(text))?);
            }
        }
        Ok(Value::Object(Arc::new(object)))
    }

    pub(super) fn dynamic(
        &mut self,
        items: &[Dynamic],
        input: &Value,
        base: RowId,
    ) -> Result<(), Stop> {
        for item in items {
            let evaluated = item.expression.evaluate(Some(input), self.variables);
            let cell = self.evaluated(evaluated, &item.then)?;
            let row = RowId(base.0 + u32::from(item.row));
            self.store.set(row, item.slot, cell);
            for message in self.raised.drain(..) {
                self.store.raise(row, item.slot, message);
            }
        }
        Ok(())
    }
}

/// `.key` on a value, as the mapping language defines it: it maps over lists, and a missing member of an element is
/// null.
fn mapped(value: &Value, key: &str) -> Option<Value> {
    match value {
        Value::Object(object) => object.get(key).cloned(),
        Value::Array(items) => {
            let items = items
                .iter()
                .map(|item| mapped(item, key).unwrap_or(Value::Null))
                .collect();
            Some(Value::Array(Arc::new(items)))
        }
        _ => None,
    }
}
