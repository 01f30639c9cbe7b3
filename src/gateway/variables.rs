//! Variables: checked by coercion, used with the digits as the client wrote them.

use std::collections::HashMap;

use apollo_compiler::Schema;
use apollo_compiler::executable;
use apollo_compiler::parser::SourceMap;
use apollo_compiler::validation::Valid;

use super::inputs::Inputs;
use super::refusal::MOST_ERRORS;
use super::refusal::Refusal;
use super::validate::Finding;
use crate::document::NumberBounds;
use crate::document::Object;
use crate::document::Str;
use crate::document::Value;
use crate::errors::code;
use crate::plan::Plan;
use crate::plan::arguments::coerce_variable;
use crate::plan::arguments::constant;
use crate::plan::location;

/// Variables, coerced.
#[derive(Debug)]
pub(super) struct Coerced {
    /// As the executor uses them.
    pub(super) values: HashMap<Str, Value>,
    /// In the order of their definitions, as JSON: part of a response's key.
    pub(super) text: Vec<u8>,
}

/// CoerceVariableValues (GraphQL specification, 6.1.2). Variables that the operation does not declare are ignored. What is
/// wrong is reported with the place of the variable's definition.
pub(super) fn coerce(
    api: &Valid<Schema>,
    sources: &SourceMap,
    operation: &executable::Operation,
    plan: &Plan,
    given: Option<&Value>,
    numbers: NumberBounds,
) -> Result<Coerced, Refusal> {
    let mut coerced = Coerced {
        values: HashMap::new(),
        text: Vec::new(),
    };
    if operation.variables.is_empty() {
        return Ok(coerced);
    }
    let given = given.and_then(Value::as_object);
    let findings = wrong(api, sources, operation, plan, given, numbers);
    if !findings.is_empty() {
        return Err(Refusal::with_places(code::INVALID_VARIABLES, &findings));
    }
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

/// What is wrong with the variables.
fn wrong(
    api: &Schema,
    sources: &SourceMap,
    operation: &executable::Operation,
    plan: &Plan,
    given: Option<&Object>,
    numbers: NumberBounds,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for variable in &operation.variables {
        let mut inputs = Inputs {
            schema: api,
            numbers,
            found: Vec::new(),
            place: format!("${}", variable.name),
        };
        match given.and_then(|given| given.get(&variable.name)) {
            // One that may be null is allowed there where it has a default.
            Some(Value::Null) if plan.is_condition(&variable.name) => inputs.null_condition(),
            Some(value) => inputs.value(&variable.ty, value),
            None if variable.default_value.is_none() && variable.ty.is_non_null() => {
                inputs.missing(&variable.ty);
            }
            None => {}
        }
        if inputs.found.is_empty() {
            continue;
        }
        let places = Vec::from_iter(location(variable.location(), sources));
        let found = inputs.found.into_iter();
        findings.extend(found.map(|message| (message, places.clone())));
        if findings.len() >= MOST_ERRORS {
            break;
        }
    }
    findings
}
