//! Every named operation at the stand-ins: the calls that it makes cold and asked again. `docs/operations.md` has the table.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use super::world::World;
use crate::support::operations::NamedOperation;

/// Calls by connector, those that were called only.
pub(crate) type Calls = BTreeMap<String, u64>;

/// What an operation did.
pub(crate) struct Measured {
    pub(crate) name: String,
    pub(crate) purpose: String,
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
        let first = world.send(&operation.text, &operation.variables).await;
        let cold = calls(&world);
        let answer: Value = serde_json::from_slice(&first).unwrap();
        assert_eq!(answer.get("errors"), None, "{name}: {:#}", answer["errors"]);
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
        all.push(Measured {
            name,
            purpose: comment.purpose,
            cold,
            warm,
            bytes: first.len(),
        });
    }
    all
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
        "| operation | what it is for | calls, cold | calls, again | kB |\n|---|---|---|---|---:|\n",
    );
    for one in measured {
        let _ = writeln!(
            table,
            "| [{name}](../schema/operations/{name}.graphql) | {} | {} | {} | {:.1} |",
            one.purpose,
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
    assert!(measure().await.len() > 20);
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
