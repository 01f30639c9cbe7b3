//! Every named operation at the stand-ins: the calls that it makes cold and asked again. `docs/operations.md` has the table.

use std::collections::BTreeMap;
use std::fmt::Write;

use apollo_compiler::executable::{Selection, SelectionSet};
use apollo_compiler::{ExecutableDocument, Schema};
use sangam::cost::CallBound;
use sangam::document;
use serde_json::Value;

use super::world::World;
use crate::support::operations::NamedOperation;

/// Calls by connector, those that were called only.
pub(crate) type Calls = BTreeMap<String, u64>;

/// What an operation did.
pub(crate) struct Measured {
    pub(crate) name: String,
    pub(crate) purpose: String,
    /// The most calls by its plan.
    pub(crate) most: CallBound,
    pub(crate) cold: Calls,
    pub(crate) warm: Calls,
    /// Of the response.
    pub(crate) bytes: usize,
}

/// The calls that the stand-ins have seen since they were started or reset.
pub(super) fn calls(world: &World) -> Calls {
    let calls = world
        .standins
        .iter()
        .map(|one| (one.name().to_owned(), one.call_count()));
    calls.filter(|(_, calls)| *calls > 0).collect()
}

fn reset(world: &World) {
    world.standins.iter().for_each(|standin| standin.reset());
}

/// Executes every named operation, with cold caches and once more, and compares the calls with what its file says.
pub(crate) async fn measure() -> Vec<Measured> {
    let mut all = Vec::new();
    for operation in NamedOperation::all() {
        let name = operation.name.clone();
        let comment = operation
            .comment()
            .unwrap_or_else(|problem| panic!("{problem}"));
        let world = World::start("").await;
        let most = most_calls(&world, &operation);
        let first = world.send(&operation.text, &operation.variables).await;
        let cold = calls(&world);
        let answer: Value = serde_json::from_slice(&first).unwrap();
        assert_eq!(answer.get("errors"), None, "{name}: {:#}", answer["errors"]);
        let roots = answer["data"].as_object().unwrap();
        assert!(
            roots.values().all(|value| !value.is_null()),
            "{name} finds nothing: {roots:#?}"
        );
        reset(&world);
        let again = world.send(&operation.text, &operation.variables).await;
        assert!(
            again == first,
            "{name}: another response when it is asked again"
        );
        let warm = calls(&world);
        for (when, calls, most) in [
            ("cold", &cold, comment.cold_calls),
            ("asked again", &warm, comment.warm_calls),
        ] {
            let sum: u64 = calls.values().sum();
            assert!(
                sum <= most,
                "{name} makes {sum} calls {when}, and its file says at most {most}: {calls:?}"
            );
        }
        for (connector, calls) in &cold {
            let most = most.connectors().get(connector.as_str()).copied();
            let most = most.flatten().unwrap_or_default();
            assert!(
                *calls <= most,
                "{name} makes {calls} calls to {connector}, and at most {most} by its plan"
            );
        }
        let by_plan = most.total().unwrap_or(u64::MAX);
        assert!(
            by_plan <= comment.cold_calls,
            "{name} makes at most {by_plan} calls by its plan, and its file says {}",
            comment.cold_calls
        );
        all.push(Measured {
            name,
            purpose: comment.purpose,
            most,
            cold,
            warm,
            bytes: first.len(),
        });
    }
    all
}

/// The most calls of an operation with its example variables.
fn most_calls(world: &World, operation: &NamedOperation) -> CallBound {
    let compiler = world.gateway.compiler();
    let compiled = compiler.compile(&operation.text, Some(&operation.name));
    let compiled = compiled.unwrap_or_else(|rejection| panic!("{}: {rejection}", operation.name));
    let variables = operation.variables.to_string();
    let variables = document::Value::parse_json(variables.as_bytes()).unwrap();
    compiler.most_calls(&compiled, Some(&variables))
}

/// The number of calls, and by which connector if there are any.
fn cell(calls: &Calls) -> String {
    let mut text = calls.values().sum::<u64>().to_string();
    for (at, (name, number)) in calls.iter().enumerate() {
        let _ = write!(
            text,
            "{} `{name}` {number}",
            if at == 0 { ":" } else { "," }
        );
    }
    text
}

/// The rows of the table.
pub(crate) fn table(measured: &[Measured]) -> String {
    let mut table = String::from(
        "*Calls, at most* is what `sangam check` prints: computed from the plan ([cost.md](cost.md)), for any value of a variable that has \
         no example.\nThe others were counted at the stand-ins.\n\n\
         | operation | what it is for | calls, at most | calls, cold | calls, again | kB |\n\
         |---|---|---:|---|---|---:|\n",
    );
    for one in measured {
        let _ = writeln!(
            table,
            "| [{name}](../schema/operations/{name}.graphql) | {} | {} | {} | {} | {:.1} |",
            one.purpose,
            one.most.total().unwrap_or_default(),
            cell(&one.cold),
            cell(&one.warm),
            one.bytes as f64 / 1e3,
            name = one.name,
        );
    }
    table
}

#[test]
async fn each_makes_the_calls_that_its_file_says() {
    assert!(!measure().await.is_empty());
}

#[test]
fn each_file_has_the_operation_of_its_name() {
    let all = NamedOperation::all();
    for operation in &all {
        assert_eq!(
            operation.operations(),
            [Some(operation.name.clone())],
            "{}.graphql",
            operation.name
        );
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/operations");
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let name = file
            .strip_suffix(".graphql")
            .or(file.strip_suffix(".variables.json"));
        assert!(
            all.iter().any(|one| Some(one.name.as_str()) == name),
            "{file} belongs to no operation"
        );
    }
}

/// Clients that cache objects find an object again by its id. The one exception is compared with a backend written by hand
/// (`benches/`), which makes no ids.
#[test]
async fn each_selects_the_ids_of_objects() {
    let world = World::start("").await;
    let schema = &world.gateway.composed().api;
    for operation in NamedOperation::all() {
        let document =
            ExecutableDocument::parse_and_validate(schema, &operation.text, &operation.name)
                .unwrap();
        let sets = document.operations.iter().map(|one| &one.selection_set);
        let mut missing = Vec::new();
        for set in sets.chain(document.fragments.values().map(|one| &one.selection_set)) {
            without_id(schema, &document, set, &mut missing);
        }
        assert!(
            operation.name == "Districts" || missing.is_empty(),
            "{}: no `id` in {missing:?}",
            operation.name
        );
    }
}

/// Adds the fields below a selection that are objects with an id, which is not selected.
fn without_id(
    schema: &Schema,
    document: &ExecutableDocument,
    set: &SelectionSet,
    missing: &mut Vec<String>,
) {
    for selection in &set.selections {
        match selection {
            Selection::Field(field) => {
                let ty = schema.get_object(field.ty().inner_named_type());
                let is_node = ty.is_some_and(|ty| ty.implements_interfaces.contains("Node"));
                if is_node && !selects_id(document, &field.selection_set) {
                    missing.push(field.response_key().to_string());
                }
                without_id(schema, document, &field.selection_set, missing);
            }
            Selection::InlineFragment(inline) => {
                without_id(schema, document, &inline.selection_set, missing)
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn selects_id(document: &ExecutableDocument, set: &SelectionSet) -> bool {
    set.selections.iter().any(|selection| match selection {
        Selection::Field(field) => field.name == "id",
        Selection::InlineFragment(inline) => selects_id(document, &inline.selection_set),
        Selection::FragmentSpread(spread) => {
            let fragment = spread.fragment_def(document);
            fragment.is_some_and(|one| selects_id(document, &one.selection_set))
        }
    })
}

/// Without cached responses: the documents are fetched; then read from the cache; then their memos are used.
#[test]
async fn asked_again_each_is_made_from_cached_documents() {
    let world = World::start("[cache]\nresponses = \"0MB\"\n").await;
    for operation in NamedOperation::all() {
        let most = operation.comment().unwrap().warm_calls;
        let first = world.send(&operation.text, &operation.variables).await;
        for time in 2..5 {
            reset(&world);
            let again = world.send(&operation.text, &operation.variables).await;
            assert!(again == first, "{}, time {time}", operation.name);
            let calls = calls(&world);
            assert!(
                calls.values().sum::<u64>() <= most,
                "{}, time {time}: {calls:?}",
                operation.name
            );
        }
    }
}
