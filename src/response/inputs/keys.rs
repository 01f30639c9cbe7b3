//! The keys of rows, in forms that can be compared.

use crate::document::unescape;
use crate::plan::Input;
use crate::response::store::{Cell, RowId, Store};

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
    use ahash::AHashSet;
    use apollo_compiler::Name;
    use bytes::Bytes;

    use super::*;
    use crate::document::ValueSpan;
    use crate::response::store::Text;

    /// The key of a row whose slots hold these JSON texts.
    fn key(parts: &[&str]) -> Option<Vec<u8>> {
        let mut store = Store::new(Vec::new(), Default::default());
        let row = store.add_row(0, parts.len() as u32, None);
        let mut inputs = Vec::new();
        for (slot, part) in parts.iter().enumerate() {
            let document = store.add_document(Bytes::from(part.to_string()));
            let span = ValueSpan {
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
