//! Writes the prerendered leaves of a plan (`plan/prerendered.rs`) into rows that are about to be stored in a memo.
//!
//! If an object has the adjacent fields `name` and `rank`, both from one fetch, the plan gives its row one more cell.
//! This module puts the text `,"name":"Budgam","rank":11` into it, and the writer copies that text in one go instead of
//! writing two fields. The text is written only if every value in it is valid for its type, so that the writer need not
//! check it; otherwise the cell stays missing, and the writer writes field by field.
//!
//! It is bounded: the texts of one document take at most the bytes that its memo may take.

use super::bounds::Bounds;
use super::store::{Cell, Mark, RowId, Store};
use super::write::leaf_text;
use crate::plan::output::{FieldSource, Output, OutputField, OutputType};

/// While a text is written, it is charged in steps of so many bytes.
const STEP: usize = 16 * 1024;

/// Writes the texts of a fetch into the rows that were added since `since`, up to `most` bytes altogether: an
/// operation's response names can be much longer than the document. A row has no text if one of its values has not been
/// read, which may be because a required field failed.
pub(crate) fn write(
    store: &mut Store,
    output: &Output,
    fetch: usize,
    since: Mark,
    most: usize,
    bounds: &Bounds<'_>,
) {
    if !store.nothing_raised() {
        return;
    }
    let mut text = BoundedText {
        bytes: Vec::new(),
        left: most,
        charged: 0,
        is_full: false,
        bounds,
    };
    for object in &output.objects {
        for (class_index, class) in object.classes.iter().enumerate() {
            for run in class.prerendered.iter().filter(|run| run.fetch == fetch) {
                let fields = object.fields_of(class_index).skip(usize::from(run.at));
                let fields = fields.take(usize::from(run.length));
                for row in store.rows_since(since) {
                    let is_of_class = store.position(row) == object.position.0
                        && object.class_of_type(store.ty(row)) == Some(class_index);
                    if !is_of_class {
                        continue;
                    }
                    text.bytes.clear();
                    let mut fields = fields.clone();
                    let is_read =
                        fields.all(|field| write_field(store, output, row, field, &mut text));
                    let length = text.bytes.len();
                    if text.is_full || store.check(length, bounds).is_err() {
                        return;
                    }
                    if is_read {
                        text.left -= length;
                        let stored = store.add_text(|out| out.extend_from_slice(&text.bytes));
                        store.set(row, run.cell, Cell::Json(stored));
                    }
                }
            }
        }
    }
}

/// A text that is being written.
struct BoundedText<'b> {
    bytes: Vec<u8>,
    /// Its maximum length.
    left: usize,
    /// The bytes that have been charged for it; dropping it releases them.
    charged: usize,
    /// It has reached its maximum length, or there is no memory for it.
    is_full: bool,
    bounds: &'b Bounds<'b>,
}

impl BoundedText<'_> {
    /// Appends; false if there is no room.
    fn put(&mut self, text: &[u8]) -> bool {
        let length = self.bytes.len() + text.len();
        self.is_full |= length > self.left;
        if length > self.charged && !self.is_full {
            let charged = self.bounds.charge_ahead(length - self.charged, STEP);
            self.is_full = charged.is_err();
            self.charged += charged.unwrap_or(0);
        }
        if !self.is_full {
            self.bytes.extend_from_slice(text);
        }
        !self.is_full
    }
}

impl Drop for BoundedText<'_> {
    fn drop(&mut self) {
        self.bounds.account.release(self.charged);
    }
}

/// Writes a field. True if its value and everything below it has been read and is valid for its type.
fn write_field(
    store: &Store,
    output: &Output,
    row: RowId,
    field: &OutputField,
    out: &mut BoundedText<'_>,
) -> bool {
    let cells = store.cells_of(row);
    let cell = match field.source {
        FieldSource::Slot(slot) => cells.get(usize::from(slot)).copied(),
        _ => None,
    };
    let Some(cell) = cell.filter(|cell| *cell != Cell::Missing) else {
        return false;
    };
    if field.leaf_slot().is_none() {
        return out.put(&field.key) && write_parts(store, output, cell, &field.ty, out);
    }
    let text = leaf_text(store, cells, field);
    text.is_some_and(|text| out.put(&field.key) && out.put(text))
}

/// The same for an object or a list of objects.
fn write_parts(
    store: &Store,
    output: &Output,
    cell: Cell,
    ty: &OutputType,
    out: &mut BoundedText<'_>,
) -> bool {
    let (ty, nullable) = match ty {
        OutputType::NonNull(inner) => (&**inner, false),
        ty => (ty, true),
    };
    match (cell, ty) {
        (Cell::Null, _) => nullable && out.put(b"null"),
        (Cell::Row(row), OutputType::Object(object)) => {
            let object = &output.objects[*object as usize];
            let start = out.bytes.len();
            let mut fields = object.fields_of(0);
            let is_read = object.class_of_type(store.ty(row)) == Some(0)
                && fields.all(|field| write_field(store, output, row, field, out));
            // The first field's comma becomes the brace.
            if let Some(comma) = out.bytes.get_mut(start) {
                *comma = b'{';
            }
            is_read && out.put(b"}")
        }
        (Cell::List { at, len }, OutputType::List(item)) => {
            let mut items = store.items(at, len).iter().enumerate();
            out.put(b"[")
                && items.all(|(index, cell)| {
                    (index == 0 || out.put(b",")) && write_parts(store, output, *cell, item, out)
                })
                && out.put(b"]")
        }
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::sync::Arc;

    use apollo_compiler::Name;
    use bytes::Bytes;
    use tokio::time::Instant;

    use super::*;
    use crate::budget::Budget;
    use crate::document::ValueSpan;
    use crate::graph::query::TypeId;
    use crate::plan::output::{Leaf, OutputObject, OutputOfType, Prerendered};
    use crate::plan::requested::PositionId;
    use crate::response::store::Text;

    fn field(name: &str, slot: u16, ty: OutputType) -> OutputField {
        OutputField {
            name: Name::new(name).unwrap(),
            key: Arc::from(format!(",\"{name}\":").as_bytes()),
            source: FieldSource::Slot(slot),
            guard: 0,
            stream: None,
            ty,
            plain: None,
            coordinate: "T.f".into(),
            locations: Arc::from([]),
        }
    }

    fn object(position: u32, fields: Vec<OutputField>, runs: Vec<Prerendered>) -> OutputObject {
        OutputObject {
            position: PositionId(position),
            split: None,
            classes: vec![OutputOfType {
                ty: TypeId(position),
                fields: (0..fields.len() as u16).collect(),
                prerendered: runs,
            }],
            fields,
        }
    }

    /// `{ all: [{ value: Value! }!]! }`, as one run of its one field.
    fn output() -> Output {
        let values: Arc<[Box<[u8]>]> = Arc::from([Box::from(&b"\"A\""[..])]);
        let leaf = OutputType::NonNull(Box::new(OutputType::Leaf(Leaf::Enum(values))));
        let item = OutputType::NonNull(Box::new(OutputType::Object(1)));
        let all = OutputType::NonNull(Box::new(OutputType::List(Box::new(item))));
        let run = Prerendered {
            at: 0,
            length: 1,
            fetch: 0,
            cell: 1,
        };
        Output {
            objects: vec![
                object(0, vec![field("all", 0, all)], vec![run]),
                object(1, vec![field("value", 0, leaf)], Vec::new()),
            ],
            ..Output::default()
        }
    }

    /// A row whose list has so many elements, of which the last may lack its value.
    fn add(store: &mut Store, count: u32, whole: bool) -> RowId {
        let row = store.add_row(0, 2, Some(TypeId(0)));
        let document = store.add_document(Bytes::from_static(b"\"A\""));
        let span = ValueSpan { start: 0, end: 3 };
        let elements: Vec<Cell> = (0..count)
            .map(|number| {
                let element = store.add_row(1, 1, Some(TypeId(1)));
                if whole || number + 1 < count {
                    store.set(element, 0, Cell::String(Text { document, span }));
                }
                Cell::Row(element)
            })
            .collect();
        let list = store.add_list(&elements);
        store.set(row, 0, list);
        row
    }

    /// The texts of the first run of two rows, of which the second lacks a value; and bytes that remain charged.
    fn texts(count: u32, most: usize, memory: usize) -> ([Option<String>; 2], usize) {
        let mut store = Store::new(Vec::new(), Default::default());
        let since = store.mark();
        let rows = [add(&mut store, count, true), add(&mut store, count, false)];
        let account = Budget::unbounded().account(memory);
        let bounds = Bounds {
            account: &account,
            rows: usize::MAX,
            deadline: Instant::now() + std::time::Duration::from_secs(3600),
        };
        write(&mut store, &output(), 0, since, most, &bounds);
        let texts = rows.map(|row| match store.cell(row, 1) {
            Cell::Json(text) => Some(String::from_utf8(store.text(text).to_vec()).unwrap()),
            _ => None,
        });
        (texts, account.used())
    }

    #[test]
    fn lists_of_objects_are_written_where_all_of_them_has_been_read() {
        let (texts, _) = texts(2, usize::MAX, usize::MAX);
        let whole = r#","all":[{"value":"A"},{"value":"A"}]"#;
        assert_eq!(texts, [Some(whole.to_owned()), None]);
    }

    #[test]
    fn texts_are_bounded_and_charged() {
        assert_eq!(texts(2, 10, usize::MAX).0, [None, None]);
        let (none, held) = texts(1_000_000, usize::MAX, 1_000_000);
        assert_eq!(none, [None, None]);
        assert_eq!(held, 0, "what was charged for a text is given back with it");
    }
}
