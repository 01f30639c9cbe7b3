//! Reads a member of an object into the sinks that its node names: cells, rows, and nodes of paths and spreads.

use super::Projector;
use crate::document::{JsonReader, Kind, Reader, ValueSpan};
use crate::mapping::{Evaluated, Warning};
use crate::plan::projection::{ProjectionId, Sink};
use crate::response::read_value::Stop;
use crate::response::store::RowId;

impl Projector<'_> {
    /// Reads a value that has several sinks, once for each.
    pub(super) fn read_for_each_sink(
        &mut self,
        text: &[u8],
        span: ValueSpan,
        sinks: &[Sink],
        base: RowId,
    ) -> Result<(), Stop> {
        let offset = self.offset;
        for sink in sinks {
            let mut reader = JsonReader::new(span.of(text))?;
            self.offset = offset + span.start;
            let result = self.sink(&mut reader, sink, base);
            self.offset = offset;
            result?;
        }
        Ok(())
    }

    pub(super) fn sink<'d, R: Reader<'d>>(
        &mut self,
        reader: &mut R,
        sink: &Sink,
        base: RowId,
    ) -> Result<(), Stop> {
        match sink {
            Sink::Leaf { row, slot } => {
                let cell = self.leaf(reader)?;
                self.store.set(RowId(base.0 + u32::from(*row)), *slot, cell);
            }
            Sink::Object { row, slot, node } => {
                let cell = self.objects(reader, *node)?;
                self.store.set(RowId(base.0 + u32::from(*row)), *slot, cell);
            }
            Sink::Path(node) => {
                let projection = self.projection;
                match reader.peek()? {
                    Kind::Object => self.object(reader, *node, base)?,
                    Kind::List => {
                        let value = self.read_value(reader)?;
                        self.map_path(&value, &projection.nodes[node.0 as usize], base)?;
                    }
                    _ => reader.skip()?,
                }
            }
            Sink::Spread { node, trail } => match reader.peek()? {
                Kind::Object => self.object(reader, *node, base)?,
                kind => {
                    reader.skip()?;
                    self.report_empty_spread(*node, trail, kind);
                }
            },
        }
        Ok(())
    }

    /// Reports a spread of a value that is no object, as evaluation does, but only once for a document.
    fn report_empty_spread(&mut self, node: ProjectionId, trail: &str, kind: Kind) {
        if self.reported_spreads.contains(&node) {
            return;
        }
        self.reported_spreads.push(node);
        let kind = kind.describe();
        (self.report)(&Evaluated {
            warnings: vec![Warning {
                path: trail.to_owned(),
                message: format!("{kind} does not spread into an object: it adds nothing"),
            }],
            ..Evaluated::default()
        });
    }
}
