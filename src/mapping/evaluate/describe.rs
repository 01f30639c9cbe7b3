//! Values in messages.

use crate::document::Value;

/// The kind of a value, with its article.
pub(in crate::mapping) fn describe(value: Option<&Value>) -> &'static str {
    value.map_or("nothing", |value| value.kind().describe())
}
