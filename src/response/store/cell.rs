//! What a row consists of: cells, which are a few bytes each.

use crate::document::ValueSpan;

/// The text of one JSON value: a span of one of the store's documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) document: u32,
    pub(crate) span: ValueSpan,
}

/// The number of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RowId(pub(crate) u32);

/// The value of a slot, or of an element of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Cell {
    /// No fetch has set it.
    #[default]
    Missing,
    Null,
    Bool(bool),
    Number(Text),
    /// With its quotes and escapes.
    String(Text),
    /// An object where a leaf is expected, which only a custom scalar allows; or the text of prerendered leaves.
    Json(Text),
    Row(RowId),
    /// A range of the store's cells.
    List {
        at: u32,
        len: u32,
    },
    /// Null because of this failure, a number of `Failures`.
    Failed(u32),
}
