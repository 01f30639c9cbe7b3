//! Uses of variables.

use std::ops::Range;

use crate::document::Str;

/// A use of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableUse {
    /// With its `$`.
    pub name: Str,
    /// The keys of the part that is read, `["district", "code"]` for `$args.district.code`; empty for
    /// the whole variable.
    pub path: Vec<Str>,
    /// The path expression that uses it.
    pub span: Range<usize>,
}
