//! Uses of variables.

use std::ops::Range;

use crate::document::Str;

/// A use of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableUse {
    /// With its `$`.
    pub name: Str,
    /// The keys that lead to what is read, `["district", "code"]` for `$args.district.code`; empty
    /// if all of the variable is.
    pub path: Vec<Str>,
    /// The path expression that uses it.
    pub span: Range<usize>,
}
