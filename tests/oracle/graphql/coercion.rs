//! Result coercion (GraphQL specification, 3.5): every kind of leaf with every kind of JSON value.

use std::collections::BTreeSet;
use std::path::Path;

use sangam::gateway::{ClientContext, GraphqlRequest};

use super::theirs::Theirs;
use super::{conclude, waivers};
use crate::execution::upstream::Upstreams;
use crate::execution::{FENCES, gateway};
use crate::monolith::json::Json;
use crate::support::cases::Case;

const TYPES: [&str; 11] = [
    "Int",
    "Float",
    "String",
    "Boolean",
    "ID",
    "Size",
    "[Int]",
    "[Int!]",
    "[[Size]]",
    "[String!]",
    "Any",
];

const VALUES: [&str; 30] = [
    "0",
    "-1",
    "1",
    "1.0",
    "1.5",
    "-0.5",
    "2e3",
    "2147483647",
    "2147483648",
    "-2147483648",
    "-2147483649",
    "9007199254740991",
    "true",
    "false",
    "\"\"",
    "\"1\"",
    "\"1.5\"",
    "\"true\"",
    "\"SMALL\"",
    "\"small\"",
    "\"ü\\n\"",
    "null",
    "[]",
    "[1]",
    "[1, null]",
    "[1, \"x\", 2]",
    "[[\"SMALL\"], null, [null]]",
    "[\"a\", 1]",
    "{}",
    "{\"a\": [1]}",
];

/// The result for a value: the value in the response, and the paths of errors relative to it.
type Coerced = (Json, BTreeSet<String>);

#[test]
#[ignore = "needs graphql-js from the npm registry: scripts/oracle-graphql runs it"]
async fn result_coercion_agrees_with_graphql_js() {
    let case = Case::parse(Path::new("coercion.md"), case(), FENCES).unwrap();
    let upstreams = Upstreams::start(&case).await;
    let gateway = gateway(&case, &upstreams);
    let fields: Vec<String> = (0..TYPES.len()).map(|ty| format!("f{ty}")).collect();
    let operation = format!("{{ rows {{ {} }} }}", fields.join(" "));

    let request = GraphqlRequest {
        query: Some(operation.clone()),
        ..GraphqlRequest::default()
    };
    let mut ours = gateway.execute(request, &ClientContext::default()).await;
    let ours = Json::parse(&ours.body().await).unwrap();
    let mut theirs = Theirs::start();
    theirs.schema(gateway.api_sdl());
    let answer = theirs.ask(vec![
        ("execute", Json::String(operation)),
        ("variables", Json::Object(Vec::new())),
        ("resolved", Json::List(resolved())),
    ]);
    assert_eq!(answer.get("unlike").and_then(Json::as_list), Some(&[][..]));
    let theirs = answer.get("response").unwrap();

    let waivers = waivers::of_coercion();
    let mut waived = 0;
    let mut wrong = Vec::new();
    for (row, value) in VALUES.iter().enumerate() {
        for (number, ty) in TYPES.iter().enumerate() {
            let (actual, expected) = (coerced(&ours, row, number), coerced(theirs, row, number));
            let is_waived = waivers.iter().any(|waiver| waiver.covers(ty, value));
            match (actual == expected, is_waived) {
                (true, false) => {}
                (false, true) => waived += 1,
                (false, false) => wrong.push(format!(
                    "{value} as {ty}: {actual:?} here, {expected:?} there"
                )),
                (true, true) => wrong.push(format!("{value} as {ty}: no difference any more")),
            }
        }
    }
    eprintln!(
        "{} values of leaves; {} differences waived",
        VALUES.len() * TYPES.len(),
        waived
    );
    conclude(&wrong);
}

fn case() -> String {
    let fields: Vec<String> = TYPES
        .iter()
        .enumerate()
        .map(|(at, ty)| format!("f{at}: {ty}"))
        .collect();
    let rows = VALUES.iter().map(|value| {
        let members: Vec<String> = (0..TYPES.len())
            .map(|at| format!("\"f{at}\": {value}"))
            .collect();
        format!("{{ {} }}", members.join(", "))
    });
    let rows: Vec<String> = rows.collect();
    format!(
        "```toml settings\n[limits]\nerrors = 10000\n```\n```graphql subgraph a\ntype Query {{ rows: [Row] }}\ntype Row {{ {} }}\nenum Size {{ SMALL LARGE }}\nscalar Any\n```\n\
         ```json data a\n{{ \"Query\": {{ \"rows\": [{}] }} }}\n```\n",
        fields.join(" "),
        rows.join(", ")
    )
}

fn path(items: &[&str]) -> Json {
    Json::parse(format!("[{}]", items.join(",")).as_bytes()).unwrap()
}

/// The resolved values, for the other executor.
fn resolved() -> Vec<Json> {
    let none = Json::Object(Vec::new());
    let row = "{\"object\": \"Row\"}";
    let rows = format!("{{\"list\": [{}]}}", vec![row; VALUES.len()].join(","));
    let mut resolved = vec![Json::List(vec![
        path(&["\"rows\""]),
        none.clone(),
        Json::parse(rows.as_bytes()).unwrap(),
    ])];
    for (row, value) in VALUES.iter().enumerate() {
        for number in 0..TYPES.len() {
            let at = path(&["\"rows\"", &row.to_string(), &format!("\"f{number}\"")]);
            let value = Json::parse(format!("{{\"leaf\": {value}}}").as_bytes()).unwrap();
            resolved.push(Json::List(vec![at, none.clone(), value]));
        }
    }
    resolved
}

fn coerced(answer: &Json, row: usize, number: usize) -> Coerced {
    let field = format!("f{number}");
    let rows = answer.get("data").and_then(|data| data.get("rows"));
    let value = rows
        .and_then(Json::as_list)
        .and_then(|rows| rows[row].get(&field));
    let prefix = format!("[\"rows\",{row},\"{field}\"");
    let errors = answer
        .get("errors")
        .and_then(Json::as_list)
        .unwrap_or_default();
    let paths = errors
        .iter()
        .filter_map(|error| error.get("path").map(Json::text));
    let error_paths = paths.filter_map(|path| {
        let rest = path.strip_prefix(&prefix)?;
        rest.starts_with([']', ',']).then(|| rest.to_owned())
    });
    (value.cloned().unwrap_or(Json::Null), error_paths.collect())
}
