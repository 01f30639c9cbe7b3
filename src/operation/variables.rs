//! Coerces variables. Numbers keep the digits that the client wrote.

use std::collections::HashMap;

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;

use super::compiled::Operation;
use super::inputs::InputChecker;
use super::rejection::{MOST_VIOLATIONS, Rejection, Violation};
use crate::document::{NumberBounds, Object, Str, Value};
use crate::errors::code;
use crate::plan::arguments::{coerce_variable, constant};
use crate::plan::location;

/// The coerced variables of a request.
#[derive(Debug)]
pub struct CoercedVariables {
    /// By name, for the executor.
    pub values: HashMap<Str, Value>,
    /// As JSON, in the order of their definitions: a part of the key of a cached response.
    pub text: Vec<u8>,
}

/// CoerceVariableValues (GraphQL specification, 6.1.2). Variables that the operation does not declare are ignored. What is
/// wrong is reported with the location of the variable's definition.
pub(super) fn coerce(
    api: &Valid<Schema>,
    operation: &Operation,
    given: Option<&Value>,
    numbers: NumberBounds,
) -> Result<CoercedVariables, Rejection> {
    let variables = &operation.definition.variables;
    let mut coerced = CoercedVariables {
        values: HashMap::new(),
        text: Vec::new(),
    };
    if variables.is_empty() {
        return Ok(coerced);
    }
    let given = given.and_then(Value::as_object);
    let violations = wrong(api, operation, given, numbers);
    Rejection::unless_valid(code::INVALID_VARIABLES, violations)?;
    for variable in variables {
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

/// The problems of the variables, each with the location of the variable's definition.
fn wrong(
    api: &Schema,
    operation: &Operation,
    given: Option<&Object>,
    numbers: NumberBounds,
) -> Vec<Violation> {
    let mut findings = Vec::new();
    for variable in &operation.definition.variables {
        let mut checker = InputChecker {
            schema: api,
            numbers,
            problems: Vec::new(),
            path: format!("${}", variable.name),
        };
        match given.and_then(|given| given.get(&variable.name)) {
            // A nullable variable is valid in a condition if it has a default (5.8.5), but null decides nothing.
            Some(Value::Null) if operation.plan.conditions.has_variable(&variable.name) => {
                checker.null_condition()
            }
            Some(value) => checker.value(&variable.ty, value),
            None if variable.default_value.is_none() && variable.ty.is_non_null() => {
                checker.missing(&variable.ty);
            }
            None => {}
        }
        if checker.problems.is_empty() && operation.initial_counts.contains(&variable.name) {
            let default = || constant(api, &variable.ty, variable.default_value.as_ref()?);
            let given = given.and_then(|given| given.get(&variable.name)).cloned();
            if let Some(count) = given.or_else(default) {
                checker.initial_count(&count);
            }
        }
        if checker.problems.is_empty() {
            continue;
        }
        let locations = Vec::from_iter(location(variable.location(), &operation.document.sources));
        let problems = checker.problems.into_iter();
        findings.extend(problems.map(|message| (message, locations.clone())));
        if findings.len() >= MOST_VIOLATIONS {
            break;
        }
    }
    findings
}
