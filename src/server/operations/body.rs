//! The body of a `POST`: `{"variables": {…}}`, as in a GraphQL request, without the text of an operation.

use super::super::refusal::HttpRefusal;
use crate::document::Value;
use crate::gateway::GraphqlRequest;

/// Reads `variables` and `extensions`.
pub(super) fn read(body: &[u8]) -> Result<GraphqlRequest, HttpRefusal> {
    let mut request = GraphqlRequest::default();
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(request);
    }
    let value = Value::parse_json(body)
        .map_err(|error| HttpRefusal::malformed(format!("The body is not JSON: {error}")))?;
    let Value::Object(members) = value else {
        return Err(HttpRefusal::malformed(
            "The body is not a JSON object; send {\"variables\": {…}}",
        ));
    };
    for (name, value) in members.iter() {
        let into = match &**name {
            "variables" => &mut request.variables,
            "extensions" => &mut request.extensions,
            _ => {
                return Err(HttpRefusal::malformed(
                    "The body of a named operation has the members `variables` and `extensions` only",
                ));
            }
        };
        match value {
            Value::Null => {}
            Value::Object(_) => *into = Some(value.clone()),
            _ => {
                return Err(HttpRefusal::malformed(format!(
                    "`{name}` must be an object or null"
                )));
            }
        }
    }
    Ok(request)
}
