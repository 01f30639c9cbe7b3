//! Reads documents into rows, as a projection says. See [`ingest`](super::ingest).

mod evaluate;
mod sinks;

use std::sync::Arc;

use smallvec::SmallVec;

use super::bounds::Bounds;
use super::member_order::{MemberAction, MemberOrders};
use super::read_value::Stop;
use super::store::{Cell, RowId, Store, Text, UNKNOWN_TYPE};
use crate::document::{JsonReader, Kind, Member, Reader, Scalar, ValueSpan};
use crate::graph::query::TypeTable;
use crate::mapping::ast::ExprKind;
use crate::mapping::{Evaluated, Variables};
use crate::plan::projection::{NewRow, ObjectNode, Projection, ProjectionId, Root, Sink};

/// Reads values of one document.
pub(crate) struct Projector<'p> {
    pub(crate) store: &'p mut Store,
    pub(crate) projection: &'p Projection,
    pub(crate) types: &'p TypeTable,
    /// The document's number in the store.
    pub(crate) document: u32,
    /// The variables of the mapping.
    pub(crate) variables: &'p Variables,
    /// Called for every evaluation with warnings or errors.
    pub(crate) report: &'p mut dyn FnMut(&Evaluated),
    /// The offset of the reader's text in the document.
    pub(crate) offset: u32,
    /// Elements of the lists that are being read.
    pub(crate) pending: Vec<Cell>,
    /// The bounds of the execution.
    pub(crate) bounds: Bounds<'p>,
    /// Errors that the last evaluated expression raised.
    pub(crate) raised: Vec<Arc<str>>,
    /// The order of the members of the upstream's objects.
    pub(crate) orders: &'p mut MemberOrders,
    /// Spreads for which a warning has been reported.
    pub(crate) reported_spreads: Vec<ProjectionId>,
    /// The number of evaluated expressions.
    pub(crate) evaluations: u32,
}

/// Room for the elements of the first list.
const ELEMENTS: usize = 64;

type Captures = SmallVec<[Option<ValueSpan>; 4]>;

impl Projector<'_> {
    /// Reads the next value.
    pub(crate) fn read<'d, R: Reader<'d>>(
        &mut self,
        reader: &mut R,
        root: &Root,
    ) -> Result<Cell, Stop> {
        match root {
            Root::Leaf => self.leaf(reader),
            Root::Object(node) => self.objects(reader, *node),
            Root::Path {
                keys,
                then,
                otherwise,
            } => self.path(reader, keys, then, otherwise),
            // A selection of named fields maps over a list, as braces do.
            Root::Evaluated { expression, .. }
                if matches!(expression.kind, ExprKind::Object(_))
                    && reader.peek()? == Kind::List =>
            {
                self.list(reader, |projector, reader| projector.read(reader, root))
            }
            Root::Evaluated {
                expression, then, ..
            } => {
                let input = self.read_value(reader)?;
                let evaluated = expression.evaluate_as_braces(&input, self.variables);
                self.evaluated(evaluated, then)
            }
        }
    }

    fn path<'d, R: Reader<'d>>(
        &mut self,
        reader: &mut R,
        keys: &[Box<str>],
        then: &Root,
        otherwise: &Root,
    ) -> Result<Cell, Stop> {
        let Some((key, rest)) = keys.split_first() else {
            return self.read(reader, then);
        };
        match reader.peek()? {
            Kind::Object => {}
            // A path maps over lists: evaluate the rest of it, since the mapping language defines the result.
            Kind::List => {
                let input = self.read_value(reader)?;
                return self.rest_of_path(input, keys, otherwise);
            }
            _ => {
                reader.skip()?;
                return Ok(Cell::Missing);
            }
        }
        reader.enter_object()?;
        let mut cell = Cell::Missing;
        while let Some(name) = reader.next_key()? {
            if name.as_str() == &**key {
                cell = self.path(reader, rest, then, otherwise)?;
            } else {
                reader.skip()?;
            }
        }
        Ok(cell)
    }

    fn text(&self, span: ValueSpan) -> Text {
        let span = ValueSpan {
            start: span.start + self.offset,
            end: span.end + self.offset,
        };
        Text {
            document: self.document,
            span,
        }
    }

    #[inline]
    fn leaf<'d, R: Reader<'d>>(&mut self, reader: &mut R) -> Result<Cell, Stop> {
        match reader.peek()? {
            Kind::Object | Kind::List => self.composite_leaf(reader),
            _ => self.scalar(reader),
        }
    }

    fn composite_leaf<'d, R: Reader<'d>>(&mut self, reader: &mut R) -> Result<Cell, Stop> {
        if reader.peek()? == Kind::List {
            return self.list(reader, |projector, reader| projector.leaf(reader));
        }
        let span = reader.capture()?;
        Ok(Cell::Json(self.text(span)))
    }

    #[inline]
    fn scalar<'d, R: Reader<'d>>(&mut self, reader: &mut R) -> Result<Cell, Stop> {
        Ok(match reader.scalar()? {
            Scalar::Null => Cell::Null,
            Scalar::True => Cell::Bool(true),
            Scalar::False => Cell::Bool(false),
            Scalar::Number(span) => Cell::Number(self.text(span)),
            Scalar::String(span) => Cell::String(self.text(span)),
        })
    }

    fn list<'d, R: Reader<'d>>(
        &mut self,
        reader: &mut R,
        mut element: impl FnMut(&mut Self, &mut R) -> Result<Cell, Stop>,
    ) -> Result<Cell, Stop> {
        reader.enter_list()?;
        if self.pending.capacity() == 0 {
            self.pending.reserve(ELEMENTS);
        }
        let base = self.pending.len();
        while reader.next_element()? {
            let cell = element(self, reader)?;
            self.pending.push(cell);
            let pending = self.pending.len() * size_of::<Cell>();
            self.store.check(pending, &self.bounds)?;
        }
        let list = self.store.add_list(&self.pending[base..]);
        self.pending.truncate(base);
        Ok(list)
    }

    fn objects<'d, R: Reader<'d>>(
        &mut self,
        reader: &mut R,
        node: ProjectionId,
    ) -> Result<Cell, Stop> {
        match reader.peek()? {
            Kind::Object => self.new_rows(reader, node),
            Kind::List => self.list(reader, |projector, reader| projector.objects(reader, node)),
            _ => match &self.projection.nodes[node.0 as usize].leaf {
                Some(root) => self.read(reader, root),
                // Braces return a scalar unchanged; the writer reports that it is no object.
                None => self.scalar(reader),
            },
        }
    }

    fn new_rows<'d, R: Reader<'d>>(
        &mut self,
        reader: &mut R,
        node: ProjectionId,
    ) -> Result<Cell, Stop> {
        let projection = self.projection;
        let object = &projection.nodes[node.0 as usize];
        let mut first = None;
        for new in &object.rows {
            let row = self.store.add_row(new.position, new.width, new.ty);
            let base = *first.get_or_insert(row);
            if let Some((holder, slot)) = new.parent {
                self.store
                    .set(RowId(base.0 + u32::from(holder)), slot, Cell::Row(row));
            }
        }
        let Some(base) = first else {
            reader.skip()?;
            return Ok(Cell::Missing);
        };
        self.object(reader, node, base)?;
        Ok(self.unless_null_reference(&object.rows, base))
    }

    /// The new rows of an object; a reference whose key is null becomes null.
    fn unless_null_reference(&mut self, rows: &[NewRow], base: RowId) -> Cell {
        let mut cell = Cell::Row(base);
        for (index, new) in (0..).zip(rows).filter(|(_, new)| new.reference) {
            let cells = self.store.cells_of(RowId(base.0 + index));
            let mut cells = cells.iter().take(new.width as usize);
            if !cells.all(|cell| matches!(cell, Cell::Null | Cell::Missing)) {
                continue;
            }
            match new.parent {
                Some((holder, slot)) => {
                    let holder = RowId(base.0 + u32::from(holder));
                    self.store.set(holder, slot, Cell::Null);
                }
                None => cell = Cell::Null,
            }
        }
        cell
    }

    /// Reads an object into the rows from `base` on.
    fn object<'d, R: Reader<'d>>(
        &mut self,
        reader: &mut R,
        node: ProjectionId,
        base: RowId,
    ) -> Result<(), Stop> {
        let projection = self.projection;
        let object_node = &projection.nodes[node.0 as usize];
        if object_node.capture_all {
            return self.whole_object(reader, node, base);
        }
        let mut captures: Captures = SmallVec::from_elem(None, object_node.captures.len());
        self.members(reader, node, base, &mut captures)?;
        if !object_node.dynamic.is_empty() {
            let input = self.captured(object_node, &captures, reader.text())?;
            self.dynamic(&object_node.dynamic, &input, base)?;
        }
        Ok(())
    }

    fn whole_object<'d, R: Reader<'d>>(
        &mut self,
        reader: &mut R,
        node: ProjectionId,
        base: RowId,
    ) -> Result<(), Stop> {
        let projection = self.projection;
        let object_node = &projection.nodes[node.0 as usize];
        let span = reader.capture()?;
        let text = span.of(reader.text());
        let input = self.value_of_text(text)?;
        let offset = self.offset;
        self.offset = offset + span.start;
        let mut captures: Captures = SmallVec::from_elem(None, object_node.captures.len());
        let result = JsonReader::new(text)
            .map_err(Stop::from)
            .and_then(|mut inner| self.members(&mut inner, node, base, &mut captures));
        self.offset = offset;
        result?;
        self.dynamic(&object_node.dynamic, &input, base)
    }

    fn members<'d, R: Reader<'d>>(
        &mut self,
        reader: &mut R,
        node: ProjectionId,
        base: RowId,
        captures: &mut Captures,
    ) -> Result<(), Stop> {
        let projection = self.projection;
        let object_node = &projection.nodes[node.0 as usize];
        reader.enter_object()?;
        let mut index = 0;
        loop {
            let expected = self.orders.expected(node, index);
            let action = match reader.next_member(expected.map(|(name, _)| name))? {
                Member::End => return Ok(()),
                Member::Expected => {
                    index += 1;
                    expected.map_or(MemberAction::Skip, |(_, action)| action)
                }
                Member::Other(name, written) => {
                    let action = action_for(object_node, name.as_str());
                    index = self
                        .orders
                        .record(node, index, written, reader.text(), action);
                    action
                }
            };
            let key = match action {
                MemberAction::Skip => {
                    reader.skip()?;
                    continue;
                }
                MemberAction::Typename => {
                    self.typename(reader, base)?;
                    continue;
                }
                MemberAction::Key(key) => &object_node.keys[key as usize],
            };
            match (key.capture, key.sinks.as_slice()) {
                // The usual case.
                (None, [Sink::Leaf { row, slot }]) => {
                    let cell = self.leaf(reader)?;
                    self.store.set(RowId(base.0 + u32::from(*row)), *slot, cell);
                }
                (None, [sink]) => self.sink(reader, sink, base)?,
                (Some(capture), []) => captures[capture as usize] = Some(reader.capture()?),
                (capture, sinks) => {
                    let span = reader.capture()?;
                    if let Some(capture) = capture {
                        captures[capture as usize] = Some(span);
                    }
                    self.read_for_each_sink(reader.text(), span, sinks, base)?;
                }
            }
        }
    }

    fn typename<'d, R: Reader<'d>>(&mut self, reader: &mut R, base: RowId) -> Result<(), Stop> {
        let span = reader.capture()?;
        let text = span.of(reader.text());
        let name = text
            .strip_prefix(b"\"")
            .and_then(|text| text.strip_suffix(b"\""))
            .unwrap_or_default();
        let name = std::str::from_utf8(name).ok();
        match name.and_then(|name| self.types.id(name)) {
            Some(ty) if self.types.info(ty).is_object => self.store.set_ty(base, ty),
            // A service with `@interfaceObject` returns the interface's name: another service knows the type.
            Some(_) => {}
            None => self.store.set_ty(base, UNKNOWN_TYPE),
        }
        Ok(())
    }
}

/// What a node does with a member of this name.
fn action_for(node: &ObjectNode, name: &str) -> MemberAction {
    if node.typename && name == "__typename" {
        return MemberAction::Typename;
    }
    let key = node.keys.iter().position(|key| *key.name == *name);
    key.and_then(|key| u16::try_from(key).ok())
        .map_or(MemberAction::Skip, MemberAction::Key)
}
