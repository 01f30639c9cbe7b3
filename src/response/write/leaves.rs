//! Result coercion of leaves (GraphQL specification, 3.5).

use super::super::store::{Cell, Store};
use crate::document::{Number, unescape};
use crate::plan::output::{Leaf, OutputField, OutputType, Plain, PlainKind};

/// The text of a leaf that needs no check beyond its kind, as nearly all leaves. `None` if the general way must
/// complete it.
#[inline(always)]
pub(super) fn plain_text<'s>(store: &'s Store, cells: &[Cell], plain: Plain) -> Option<&'s [u8]> {
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

/// The text of any valid leaf.
pub(crate) fn leaf_text<'s>(
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

/// The enum value that equals a JSON string, as JSON.
pub(super) fn enum_value<'v>(quoted: &[u8], values: &'v [Box<[u8]>]) -> Option<&'v [u8]> {
    let find = |quoted: &[u8]| {
        let index = values
            .binary_search_by(|value| (**value).cmp(quoted))
            .ok()?;
        values.get(index).map(|value| &**value)
    };
    find(quoted).or_else(|| {
        // The string may have escapes, although enum values need none.
        let escaped = std::str::from_utf8(quoted).ok()?;
        escaped.contains('\\').then_some(())?;
        find(format!("\"{}\"", unescape(escaped)).as_bytes())
    })
}

/// The text of a 32-bit integer; `2.0` and `2e0` are 2.
pub(super) fn int(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let whole = Number::from_json(text)?.as_whole()?;
    i32::try_from(whole).ok().map(|number| number.to_string())
}

/// Whether a number is an integer in its canonical form, with so few digits that it fits into 32 bits.
pub(super) fn is_short_integer(text: &[u8]) -> bool {
    text.len() <= 9 && is_integer(text) && text != b"-0"
}

pub(super) fn is_integer(text: &[u8]) -> bool {
    text.iter()
        .all(|byte| byte.is_ascii_digit() || *byte == b'-')
}

pub(super) fn kind(cell: Cell) -> &'static str {
    match cell {
        Cell::Missing | Cell::Null | Cell::Failed(_) => "null",
        Cell::Bool(_) => "a Boolean",
        Cell::Number(_) => "a number",
        Cell::String(_) => "a string",
        Cell::Json(_) | Cell::Row(_) => "an object",
        Cell::List { .. } => "a list",
    }
}

pub(super) fn leaf_name(leaf: &Leaf) -> &'static str {
    match leaf {
        Leaf::Int => "Int",
        Leaf::Float => "Float",
        Leaf::String => "String",
        Leaf::Boolean => "Boolean",
        Leaf::Id => "ID",
        Leaf::Enum(_) => "an enum value",
        Leaf::Custom => "a value",
        Leaf::File(_) => "an address",
    }
}
