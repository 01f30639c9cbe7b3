//! Mappings of a request.

use super::super::request::RenderError;
use crate::document::Value;
use crate::mapping::{Selection, Variables};

/// Evaluates a mapping of a request. Both what `->withError` reports and what exceeds the budget fail the request: a
/// request of which a part is missing must not be sent. `part` of the request names it in errors.
pub(super) fn evaluate(
    selection: &Selection,
    input: Option<&Value>,
    variables: &Variables,
    part: &str,
) -> Result<Option<Value>, RenderError> {
    let evaluated = selection.evaluate(input, variables);
    match evaluated.errors.first() {
        Some(error) => Err(RenderError::new(format!("{part}: {}", error.message))),
        None => Ok(evaluated.value),
    }
}
