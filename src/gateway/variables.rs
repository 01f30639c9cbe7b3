//! Variables: checked by coercion, used with the digits as the client wrote them.

use std::borrow::Cow;
use std::collections::HashMap;

use apollo_compiler::Schema;
use apollo_compiler::executable;
use apollo_compiler::request;
use apollo_compiler::response::JsonMap;
use apollo_compiler::response::JsonValue;
use apollo_compiler::validation::Valid;

use super::refusal::Refusal;
use crate::document::Str;
use crate::document::Value;
use crate::plan::arguments::coerce_variable;
use crate::plan::arguments::constant;

/// Variables in both forms.
#[derive(Debug)]
pub(super) struct Coerced {
    /// As the executor uses them.
    pub(super) values: HashMap<Str, Value>,
    /// As introspection wants them.
    pub(super) map: Valid<JsonMap>,
    /// In the order of their definitions, as JSON: part of a response's key.
    pub(super) text: Vec<u8>,
}

/// CoerceVariableValues (GraphQL specification, 6.1.2). Variables that the operation does not declare are ignored.
pub(super) fn coerce(
    api: &Valid<Schema>,
    operation: &executable::Operation,
    given: Option<&Value>,
) -> Result<Coerced, Refusal> {
    let map = Valid::assume_valid(JsonMap::new());
    let mut coerced = Coerced {
        values: HashMap::new(),
        map,
        text: Vec::new(),
    };
    if operation.variables.is_empty() {
        return Ok(coerced);
    }
    let given = given.and_then(Value::as_object);
    let mut map = JsonMap::new();
    for variable in &operation.variables {
        if let Some(value) = given.and_then(|given| given.get(&variable.name)) {
            map.insert(variable.name.as_str(), json(value));
        }
    }
    coerced.map = request::coerce_variable_values(api, operation, &map).map_err(|error| {
        let error = error.to_graphql_error(&Default::default());
        Refusal::new(
            "INVALID_VARIABLES",
            "INVALID",
            &without_value(&error.message),
        )
    })?;
    for variable in &operation.variables {
        let value = match given.and_then(|given| given.get(&variable.name)) {
            Some(value) => Some(coerce_variable(api, &variable.ty, value)),
            None => variable
                .default_value
                .as_ref()
                .and_then(|value| constant(api, &variable.ty, value)),
        };
        coerced.text.push(b',');
        if let Some(value) = value {
            value.write_json(&mut coerced.text);
            coerced
                .values
                .insert(Str::from(variable.name.as_str()), value);
        }
    }
    Ok(coerced)
}

/// A message of the library, which shows the value behind a colon: `could not coerce variable a: 7 to type String`.
/// Answers are kept and logged by others, so a value that may be anything stays out of them.
fn without_value(message: &str) -> Cow<'_, str> {
    match message.split_once(": ") {
        None => Cow::Borrowed(message),
        Some((what, rest)) => match rest.rsplit_once(" to type ") {
            Some((_, ty)) => Cow::Owned(format!("{what} to type {ty}")),
            None => Cow::Borrowed(what),
        },
    }
}

fn json(value: &Value) -> JsonValue {
    match value {
        Value::Null => JsonValue::Null,
        Value::Bool(value) => JsonValue::Bool(*value),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => JsonValue::from(integer),
            None => JsonValue::from(number.as_f64()),
        },
        Value::String(text) => JsonValue::from(&**text),
        Value::Array(items) => JsonValue::Array(items.iter().map(json).collect()),
        Value::Object(object) => JsonValue::Object(
            object
                .iter()
                .map(|(name, value)| ((&**name).into(), json(value)))
                .collect(),
        ),
    }
}
