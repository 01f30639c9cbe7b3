//! The inputs of a fetch, read from rows: keys and required fields, as JSON text.

use std::sync::Arc;

use ahash::AHashSet;

use super::store::{Cell, RowId, Store, UNKNOWN_TYPE};
use crate::document::{Number, Object, Str, Value, unescape};
use crate::graph::query::TypeTable;
use crate::plan::{Input, PathStep};

/// Why there is no call for a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoCall {
    /// A field of its key is null, or its type has no such key.
    NoKey,
    /// One of its inputs has failed.
    Failed(u32),
}

/// The rows at the end of a path, each once, in the order in which they are found. Rows can share children, so the ways
/// through a path can be many more than its rows: each step continues once from each row.
pub(crate) fn rows_at(store: &Store, root: RowId, path: &[PathStep]) -> Vec<RowId> {
    let mut rows = vec![root];
    for step in path {
        let mut next = Distinct::with_capacity(rows.len());
        for row in rows {
            let counts =
                step.only.is_empty() || store.ty(row).is_some_and(|ty| step.only.contains(&ty));
            if counts {
                next.add(store, store.cell(row, step.slot));
            }
        }
        rows = next.rows;
    }
    rows
}

/// Rows without duplicates, in the order in which they are found first.
struct Distinct {
    rows: Vec<RowId>,
    /// The rows and lists so far, from the first row on whose number is not greater than the one before. Rows of one
    /// document have ascending numbers, and as long as numbers ascend, there is no duplicate.
    visited: Option<Visited>,
}

/// Rows and lists that have been visited.
struct Visited {
    rows: AHashSet<RowId>,
    /// The first cell of each list, and its length.
    lists: AHashSet<(u32, u32)>,
}

impl Distinct {
    fn with_capacity(rows: usize) -> Self {
        Distinct {
            rows: Vec::with_capacity(rows),
            visited: None,
        }
    }

    #[inline]
    fn add(&mut self, store: &Store, cell: Cell) {
        match cell {
            Cell::Row(row) => self.add_row(row),
            Cell::List { at, len } => self.add_list(store, at, len),
            _ => {}
        }
    }

    fn add_list(&mut self, store: &Store, at: u32, len: u32) {
        // Many rows can share a list: go through it once.
        if let Some(visited) = &mut self.visited
            && !visited.lists.insert((at, len))
        {
            return;
        }
        self.rows.reserve(len as usize);
        for cell in store.items(at, len) {
            self.add(store, *cell);
        }
    }

    #[inline(always)]
    fn add_row(&mut self, row: RowId) {
        if self.visited.is_none() && self.rows.last().is_none_or(|last| *last < row) {
            self.rows.push(row);
        } else {
            self.add_unordered(row);
        }
    }

    fn add_unordered(&mut self, row: RowId) {
        let rows = &self.rows;
        let visited = self.visited.get_or_insert_with(|| Visited {
            rows: rows.iter().copied().collect(),
            lists: AHashSet::new(),
        });
        if visited.rows.insert(row) {
            self.rows.push(row);
        }
    }
}

/// Writes a row's inputs as the members of a JSON object, without braces; `first` says whether they are the first
/// members. If one input has failed and another one is null, the failure is returned, whatever their order.
pub(crate) fn write_members(
    store: &Store,
    types: &TypeTable,
    row: RowId,
    inputs: &[Input],
    first: bool,
    out: &mut Vec<u8>,
) -> Result<(), NoCall> {
    let written = write_all(store, types, row, inputs, first, out);
    if written == Err(NoCall::NoKey)
        && let Some(failure) = failure_of(store, row, inputs)
    {
        return Err(NoCall::Failed(failure));
    }
    written
}

/// The failure of the first input of a row that has failed.
fn failure_of(store: &Store, row: RowId, inputs: &[Input]) -> Option<u32> {
    let counts = |input: &&Input| input.only.is_none_or(|only| store.ty(row) == Some(only));
    inputs.iter().filter(counts).find_map(|input| {
        let cell = store.cell(row, input.slot?);
        failure_of_cell(store, cell, &input.children)
    })
}

fn failure_of_cell(store: &Store, cell: Cell, children: &[Input]) -> Option<u32> {
    match cell {
        Cell::Failed(failure) => Some(failure),
        Cell::Row(row) => failure_of(store, row, children),
        Cell::List { at, len } => {
            let mut items = store.items(at, len).iter();
            items.find_map(|cell| failure_of_cell(store, *cell, children))
        }
        _ => None,
    }
}

fn write_all(
    store: &Store,
    types: &TypeTable,
    row: RowId,
    inputs: &[Input],
    mut first: bool,
    out: &mut Vec<u8>,
) -> Result<(), NoCall> {
    for input in inputs {
        let counts = |input: &Input| input.only.is_none_or(|only| store.ty(row) == Some(only));
        if !counts(input) {
            // A row whose type has no such key cannot be fetched.
            let mut others = inputs.iter().filter(|other| other.name == input.name);
            if input.key && !others.any(counts) {
                return Err(NoCall::NoKey);
            }
            continue;
        }
        let ty = store.ty(row).filter(|ty| *ty != UNKNOWN_TYPE);
        if input.slot.is_none() && ty.is_none() {
            // An unknown type is left out.
            continue;
        }
        if !first {
            out.push(b',');
        }
        first = false;
        write_name(&input.name, out);
        out.push(b':');
        let Some(slot) = input.slot else {
            write_name(ty.map_or("", |ty| types.name(ty)), out);
            continue;
        };
        write_cell(store, types, store.cell(row, slot), input, out)?;
    }
    Ok(())
}

/// A name of GraphQL needs no escapes (specification, section 2.1.9).
pub(crate) fn write_name(name: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.push(b'"');
}

fn write_cell(
    store: &Store,
    types: &TypeTable,
    cell: Cell,
    input: &Input,
    out: &mut Vec<u8>,
) -> Result<(), NoCall> {
    match cell {
        Cell::Missing | Cell::Null if input.key => return Err(NoCall::NoKey),
        Cell::Missing | Cell::Null => out.extend_from_slice(b"null"),
        Cell::Failed(failure) => return Err(NoCall::Failed(failure)),
        // A number that is too large for the other service would make its whole batch unreadable: send null.
        Cell::Number(_) | Cell::Json(_) if !input.text && !store.admits_numbers(cell) => {
            return write_cell(store, types, Cell::Null, input, out);
        }
        Cell::Bool(value) => out.extend_from_slice(if value { b"true" } else { b"false" }),
        Cell::Number(text) if input.text => {
            out.push(b'"');
            out.extend_from_slice(store.text(text));
            out.push(b'"');
        }
        Cell::Number(text) | Cell::String(text) | Cell::Json(text) => {
            out.extend_from_slice(store.text(text))
        }
        Cell::Row(row) => {
            out.push(b'{');
            write_all(store, types, row, &input.children, true, out)?;
            out.push(b'}');
        }
        Cell::List { at, len } => {
            out.push(b'[');
            for index in 0..len {
                if index > 0 {
                    out.push(b',');
                }
                write_cell(store, types, store.item(at, index), input, out)?;
            }
            out.push(b']');
        }
    }
    Ok(())
}

/// A row's inputs as a value: the same as [`write_members`] has written for the row.
pub(crate) fn value_of(store: &Store, types: &TypeTable, row: RowId, inputs: &[Input]) -> Value {
    let mut object = Object::with_capacity(inputs.len());
    for input in inputs {
        if input.only.is_some_and(|only| store.ty(row) != Some(only)) {
            continue;
        }
        let value = match input.slot {
            Some(slot) => cell_value(store, types, store.cell(row, slot), input),
            None => match store.ty(row) {
                Some(ty) if ty != UNKNOWN_TYPE => Value::from(types.name(ty).as_str()),
                _ => Value::Null,
            },
        };
        object.insert(Str::from(input.name.as_str()), value);
    }
    Value::Object(Arc::new(object))
}

fn cell_value(store: &Store, types: &TypeTable, cell: Cell, input: &Input) -> Value {
    let text = |text| std::str::from_utf8(store.text(text)).unwrap_or_default();
    match cell {
        Cell::Missing | Cell::Null | Cell::Failed(_) => Value::Null,
        Cell::Bool(value) => Value::Bool(value),
        Cell::Number(number) if input.text => Value::from(text(number)),
        _ if !store.admits_numbers(cell) => Value::Null,
        Cell::Number(number) => Number::from_json(text(number)).map_or(Value::Null, Value::Number),
        Cell::String(string) => Value::from(&*unescape(text(string))),
        Cell::Json(json) => Value::parse_json(store.text(json)).unwrap_or_default(),
        Cell::Row(row) => value_of(store, types, row, &input.children),
        Cell::List { at, len } => {
            let items = store.items(at, len).iter();
            let items = items.map(|cell| cell_value(store, types, *cell, input));
            Value::Array(Arc::new(items.collect()))
        }
    }
}

/// A text that identifies the inputs of a row, if the only input is a string or a number, as for nearly all keys: rows
/// with equal texts have equal inputs. `None` if the inputs must be written to be compared.
pub(crate) fn plain_key<'s>(store: &'s Store, row: RowId, inputs: &[Input]) -> Option<&'s [u8]> {
    let [input] = inputs else { return None };
    if input.only.is_some() {
        return None;
    }
    let text = match store.cell(row, input.slot?) {
        Cell::Number(text) | Cell::String(text) => store.text(text),
        _ => return None,
    };
    // The input is sent as a string: `5` and `"5"` are equal.
    let inner = text.strip_prefix(b"\"").filter(|_| input.text);
    Some(
        inner
            .and_then(|inner| inner.strip_suffix(b"\""))
            .unwrap_or(text),
    )
}

/// A row's key in a form in which the rows and the elements of a batch can be compared: `5` and `"5"` are the same ID,
/// and all other different keys have different forms. Each part has its kind and its length, so that no two keys give
/// the same bytes.
pub(crate) fn comparable_key(store: &Store, row: RowId, inputs: &[Input]) -> Option<Vec<u8>> {
    let mut key = Vec::new();
    comparable(store, row, inputs, &mut key)?;
    Some(key)
}

fn comparable(store: &Store, row: RowId, inputs: &[Input], out: &mut Vec<u8>) -> Option<()> {
    for input in inputs {
        // `__typename` is not in the elements of a batch.
        let Some(slot) = input.slot else { continue };
        comparable_cell(store, store.cell(row, slot), input, out)?;
    }
    Some(())
}

fn comparable_cell(store: &Store, cell: Cell, input: &Input, out: &mut Vec<u8>) -> Option<()> {
    match cell {
        Cell::Missing | Cell::Null | Cell::Failed(_) => return None,
        Cell::Bool(false) => out.push(b'f'),
        Cell::Bool(true) => out.push(b't'),
        Cell::Number(text) => put_text(b's', store.text(text), out),
        Cell::String(text) => {
            let quoted = std::str::from_utf8(store.text(text)).ok()?;
            put_text(b's', unescape(quoted).as_bytes(), out);
        }
        Cell::Json(text) => put_text(b'j', store.text(text), out),
        // Needs no length: the key fixes the number of its parts.
        Cell::Row(row) => {
            out.push(b'o');
            comparable(store, row, &input.children, out)?;
        }
        Cell::List { at, len } => {
            out.push(b'l');
            out.extend_from_slice(&len.to_le_bytes());
            for index in 0..len {
                comparable_cell(store, store.item(at, index), input, out)?;
            }
        }
    }
    Some(())
}

/// Documents are shorter than 4 GiB.
fn put_text(kind: u8, text: &[u8], out: &mut Vec<u8>) {
    out.push(kind);
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(text);
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use apollo_compiler::Name;
    use bytes::Bytes;

    use super::*;
    use crate::document::Span;
    use crate::response::store::Text;

    fn step() -> PathStep {
        PathStep {
            slot: 0,
            field: Name::new("others").unwrap(),
            only: Vec::new(),
        }
    }

    /// The ways through the path are 100 to the power of 8.
    #[test]
    fn a_shared_row_is_followed_once() {
        let mut store = Store::new(Vec::new(), Default::default());
        let root = store.add_row(0, 1, None);
        let (mut level, mut last) = (vec![root], Vec::new());
        for depth in 0..8 {
            last = (0..100).map(|_| store.add_row(0, 1, None)).collect();
            let cells: Vec<Cell> = last.iter().map(|row| Cell::Row(*row)).collect();
            let shared = store.add_list(&cells);
            for row in &level {
                // Half of the levels share one list, in the others each row has one of its own.
                let list = match depth % 2 {
                    0 => shared,
                    _ => store.add_list(&cells),
                };
                store.set(*row, 0, list);
            }
            level.clone_from(&last);
        }
        let path: Vec<PathStep> = (0..8).map(|_| step()).collect();
        assert_eq!(rows_at(&store, root, &path), last);
    }

    #[test]
    fn rows_stand_in_the_order_in_which_they_are_met_first() {
        let mut store = Store::new(Vec::new(), Default::default());
        let rows: Vec<RowId> = (0..4).map(|_| store.add_row(0, 1, None)).collect();
        let [root, a, b, c] = rows[..] else { panic!() };
        let empty = store.add_list(&[]);
        let inner = store.add_list(&[Cell::Row(b), Cell::Row(a)]);
        let all = store.add_list(&[Cell::Row(c), empty, inner, Cell::Null, inner, Cell::Row(c)]);
        store.set(root, 0, all);
        assert_eq!(rows_at(&store, root, &[step()]), [c, b, a]);
    }

    /// The key of a row whose slots hold these JSON texts.
    fn key(parts: &[&str]) -> Option<Vec<u8>> {
        let mut store = Store::new(Vec::new(), Default::default());
        let row = store.add_row(0, parts.len() as u32, None);
        let mut inputs = Vec::new();
        for (slot, part) in parts.iter().enumerate() {
            let document = store.add_document(Bytes::from(part.to_string()));
            let span = Span {
                start: 0,
                end: part.len() as u32,
            };
            let text = Text { document, span };
            let cell = match part.as_bytes()[0] {
                b'"' => Cell::String(text),
                b'{' => Cell::Json(text),
                b't' | b'f' => Cell::Bool(*part == "true"),
                b'[' => store.add_list(&[Cell::Bool(true), Cell::Bool(false)][..part.len() - 2]),
                b'n' => Cell::Null,
                _ => Cell::Number(text),
            };
            store.set(row, slot as u16, cell);
            inputs.push(Input {
                name: Name::new("part").unwrap(),
                slot: Some(slot as u16),
                text: false,
                key: true,
                only: None,
                children: Vec::new(),
            });
        }
        comparable_key(&store, row, &inputs)
    }

    #[test]
    fn keys_are_the_same_only_where_their_parts_are() {
        let keys: [&[&str]; 12] = [
            &[r#""a\u0000b""#, r#""c""#],
            &[r#""a""#, r#""b\u0000c""#],
            &[r#""ab""#, r#""c""#],
            &[r#""a""#, r#""bc""#],
            &[r#""abc""#],
            &[r#""\u0001""#],
            &["true"],
            &[r#""t""#],
            &[r#"{"a":1}"#],
            &[r#""{\"a\":1}""#],
            &["[]", "true"],
            &["[ ]"],
        ];
        let mut visited = AHashSet::new();
        for parts in keys {
            assert!(visited.insert(key(parts).unwrap()), "{parts:?}");
        }
        assert_eq!(key(&["5", r#""x""#]), key(&[r#""5""#, r#""x""#]));
        assert_eq!(key(&["null"]), None);
    }
}
