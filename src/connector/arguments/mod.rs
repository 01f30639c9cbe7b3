//! Arguments that several directives share: `http`, `headers`, `errors` and `isSuccess`.

pub(crate) mod headers;
pub(crate) mod outcome;
pub(crate) mod url;

use apollo_compiler::Node;
use apollo_compiler::ast::Value;

/// The value of a key of an input object; `None` if it is absent or null.
pub(crate) fn key<'a>(object: &'a Node<Value>, name: &str) -> Option<&'a Node<Value>> {
    let entries = object.as_object()?;
    let (_, value) = entries.iter().find(|(key, _)| key == name)?;
    (!value.is_null()).then_some(value)
}
