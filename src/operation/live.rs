//! The directive `@live`, which makes a query a live query: the client gets its answer, and each new one.

use std::collections::HashMap;

use apollo_compiler::schema::Value as Literal;
use apollo_compiler::validation::Valid;
use apollo_compiler::{Schema, executable};

use super::incremental;
use crate::document::{Str, Value};

/// Its name.
const NAME: &str = "live";

/// Its definition. The types of its arguments are those of `@defer`, whose `if` has the same meaning.
const DEFINITION: &str = r#"
"""
The answer now, and then again whenever it has changed. A client that can get one response only gets the answer now.
"""
directive @live(
  "Whether the query is live."
  if: Boolean! = true

  "The least time between two answers, in milliseconds. The gateway has a least time of its own."
  throttle: Int

  "Whether answers after the first one are JSON Patches (RFC 6902) of the `data` before."
  patch: Boolean! = false
) on QUERY

# A schema has a root.
type Query { live: Boolean }
"#;

/// What the `@live` of a query says in one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LiveDirective {
    /// Milliseconds; may be negative.
    pub throttle: Option<i64>,
    /// Answers after the first one are patches.
    pub patch: bool,
}

/// A public schema with the directives that the gateway adds for operations.
pub fn with_directives(api: &Valid<Schema>) -> Valid<Schema> {
    let mut schema = Schema::clone(api);
    for (text, names) in [
        (incremental::DEFINITIONS, &incremental::NAMES[..]),
        (DEFINITION, &[NAME]),
    ] {
        let Ok(parsed) = Schema::parse(text, "directives.graphql") else {
            continue;
        };
        let defined = names.iter().copied();
        let defined = defined.filter_map(|name| parsed.directive_definitions.get(name));
        for definition in defined {
            let definitions = &mut schema.directive_definitions;
            // A service may define it too.
            definitions.insert(definition.name.clone(), definition.clone());
        }
    }
    Valid::assume_valid(schema)
}

/// The `@live` of an operation with these variables; `None` if the operation is not live.
pub(super) fn live_directive(
    definition: &executable::Operation,
    variables: &HashMap<Str, Value>,
) -> Option<LiveDirective> {
    let directive = definition.directives.get(NAME)?;
    let argument = |name: &str| {
        directive
            .specified_argument_by_name(name)
            .map(|value| &**value)
    };
    let variable = |name: &str| variables.get(name);
    let flag = |name: &str| match argument(name)? {
        Literal::Boolean(flag) => Some(*flag),
        Literal::Variable(name) => variable(name)?.as_bool(),
        _ => None,
    };
    let throttle = match argument("throttle") {
        Some(Literal::Int(number)) => number.try_to_i32().ok().map(i64::from),
        Some(Literal::Variable(name)) => match variable(name) {
            Some(Value::Number(number)) => number.as_i64(),
            _ => None,
        },
        _ => None,
    };
    flag("if").unwrap_or(true).then(|| LiveDirective {
        throttle,
        patch: flag("patch").unwrap_or(false),
    })
}
