//! The cost of operations. Each Markdown file is a case: subgraphs, operations, and the cost of each operation.
//!
//! Blocks, in order:
//! - `graphql subgraph NAME`: a subgraph; one without `@link` is a GraphQL service with `@cost` and `@listSize`;
//! - `graphql operation`, `json variables`: an operation, and values for its variables;
//! - `text cost`: the total, and a line for each field with a cost: its cost for all parents, its path, and the assumed
//!   number of items of a list; or the faults of slicing arguments;
//! - `text calls`: the most calls with these variables, and a line for each fetch that makes some.
//!
//! `UPDATE_EXPECT=1` writes the results; calculate them by hand before you commit them.

mod shipped;

use std::collections::HashMap;

use apollo_compiler::executable::Operation;
use sangam::config::{CostMode, Settings};
use sangam::document::{Str, Value};
use sangam::graph::Composed;
use sangam::operation::Compiler;
use sangam::plan::arguments::{coerce_variable, constant};

use crate::plans::{compiler, first, graph, subgraph};
use crate::support::cases::{Case, Fence, Suite};

/// The schema extension before a subgraph without links of its own.
const SERVICE: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@external", "@requires", "@interfaceObject", "@cost", "@listSize"]) @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@graphql"]) @graphql(url: "https://service.example/graphql")"#;

inventory::submit! {
    Suite {
        folders: &["cost"],
        fences: &[
            Fence::single("graphql subgraph").named(),
            Fence::input("graphql operation"),
            Fence::input("json variables"),
            Fence::expected("text cost"),
            Fence::expected("text calls"),
        ],
        run: costs_of,
    }
}

/// The text of each block of a case, with the costs of its operations.
fn costs_of(case: &Case) -> Vec<Option<String>> {
    let subgraphs = case.named("graphql subgraph").map(|(name, sdl)| {
        let text = match sdl.contains("@link") {
            true => sdl.to_owned(),
            false => format!("{SERVICE}\n{sdl}"),
        };
        subgraph(name, &text)
    });
    let (composed, graph) = graph(subgraphs.collect());
    // Missing slicing arguments are listed with the cost instead of refused.
    let mut settings = Settings::default();
    settings.cost.mode = CostMode::Log;
    let compiler = compiler(&composed, &graph, &settings);
    let (mut operation, mut variables) = (None, Value::Null);
    let mut outputs = Vec::with_capacity(case.blocks.len());
    for block in &case.blocks {
        let mut out = None;
        match block.fence {
            "graphql operation" => {
                (operation, variables) = (Some(block.body.as_str()), Value::Null)
            }
            "json variables" => variables = Value::parse_json(block.body.as_bytes()).unwrap(),
            "text calls" => out = Some(calls(&compiler, operation.unwrap(), &variables)),
            "text cost" => out = Some(cost(&composed, &compiler, operation.unwrap(), &variables)),
            _ => {}
        }
        outputs.push(out);
    }
    outputs
}

/// The cost of an operation as text.
fn cost(composed: &Composed, compiler: &Compiler, text: &str, variables: &Value) -> String {
    let operation = first(compiler, text).unwrap_or_else(|rejection| panic!("{rejection}"));
    let program = &operation.cost;
    let mut text = String::new();
    for problem in program.problems() {
        text.push_str(&format!(
            "error: {} {:?}\n",
            problem.message, problem.locations
        ));
    }
    let variables = coerced(composed, &operation.definition, variables);
    let estimate = program.estimate(&variables);
    text.push_str(&format!("total {}\n", estimate.total()));
    for field in program.report(&estimate, &variables) {
        let size = field
            .size
            .map_or(String::new(), |size| format!(" [{size}]"));
        text.push_str(&format!("{} {}{size}\n", field.cost, field.path));
    }
    if let Some(place) = program.costliest(&estimate, &variables) {
        text.push_str(&format!("most of it: {place}\n"));
    }
    text
}

/// The most calls of an operation as text.
fn calls(compiler: &Compiler, text: &str, variables: &Value) -> String {
    let operation = first(compiler, text).unwrap_or_else(|rejection| panic!("{rejection}"));
    let bound = compiler.most_calls(&operation, Some(variables));
    let number = |number: Option<u64>| number.map_or("any".to_owned(), |number| number.to_string());
    let mut text = format!("at most {}", number(bound.total()));
    if bound.absent() != Some(0) {
        text.push_str(&format!(
            ", and {} for absent objects",
            number(bound.absent())
        ));
    }
    for list in &bound.unsized_lists {
        text.push_str(&format!("; {list} has no size"));
    }
    text.push('\n');
    for fetch in &bound.fetches {
        let calls = number(fetch.calls());
        text.push_str(&format!("{calls} by {}. {}", fetch.number, fetch.connector));
        if let Some(per_call) = fetch.per_call {
            let objects = number(fetch.objects);
            text.push_str(&format!(", {objects} objects, {per_call} per call"));
        }
        if fetch.pages > 1 {
            text.push_str(&format!(", {} pages", fetch.pages));
        }
        text.push('\n');
    }
    text
}

/// The variables as the gateway coerces them.
fn coerced(composed: &Composed, operation: &Operation, given: &Value) -> HashMap<Str, Value> {
    let of = |variable: &apollo_compiler::Node<apollo_compiler::ast::VariableDefinition>| {
        let value = match given.get(&variable.name) {
            Some(value) => coerce_variable(&composed.api, &variable.ty, value),
            None => {
                let default = variable.default_value.as_ref()?;
                constant(&composed.api, &variable.ty, default)?
            }
        };
        Some((Str::from(variable.name.as_str()), value))
    };
    operation.variables.iter().filter_map(of).collect()
}
