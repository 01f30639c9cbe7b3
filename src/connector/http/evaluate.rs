//! Mappings of a request, evaluated.

use super::super::request::RenderError;
use crate::document::Value;
use crate::mapping::Selection;
use crate::mapping::Variables;

/// Evaluates a mapping of a request. What `->withError` reports, and what exceeds the budget, ends the request: half a
/// request must not be sent.
pub(super) fn evaluate(
    selection: &Selection,
    input: Option<&Value>,
    variables: &Variables,
    place: &str,
) -> Result<Option<Value>, RenderError> {
    let evaluated = selection.evaluate(input, variables);
    match evaluated.errors.first() {
        Some(error) => Err(RenderError {
            message: format!("{place}: {}", error.message),
        }),
        None => Ok(evaluated.value),
    }
}
