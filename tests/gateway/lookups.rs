//! Look-ups of what there is not: null, and no error, in the whole graph.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::world::World;

/// Keys of nothing. Some would be another thing in an address, or in a list with commas.
const UNKNOWN: [&str; 9] = [
    "nope",
    "",
    " ",
    ".",
    "..",
    "%2E%2e",
    "nope/../nope",
    "a,b",
    "?a=1#b",
];

/// What the public schema says of root fields, and which types have ids.
const SCHEMA: &str = "{
  __schema {
    queryType {
      fields {
        name
        type { kind name }
        args { name defaultValue type { kind name ofType { kind name } } }
      }
    }
  }
  __type(name: \"Node\") { possibleTypes { name } }
}";

/// Whether an argument is an `ID`, or an `ID!`.
fn is_key(argument: &Value) -> bool {
    argument["type"]["name"] == "ID" || argument["type"]["ofType"]["name"] == "ID"
}

/// The root fields that look up one object: their names, and their only argument that is an `ID`.
fn lookups(schema: &Value) -> Vec<(String, String)> {
    let fields = schema["__schema"]["queryType"]["fields"].as_array();
    let of_objects = fields
        .unwrap()
        .iter()
        .filter(|field| field["type"]["kind"] == "OBJECT");
    of_objects
        .filter_map(|field| {
            let key = field["args"].as_array()?.iter().find(|a| is_key(a))?;
            Some((
                field["name"].as_str()?.to_owned(),
                key["name"].as_str()?.to_owned(),
            ))
        })
        .collect()
}

#[test]
async fn a_look_up_of_what_there_is_not_is_null_and_no_error() {
    let world = World::start("").await;
    let schema = world.data(SCHEMA, &json!({})).await;
    let lookups = lookups(&schema);
    assert!(lookups.len() >= 16, "{lookups:?}");
    for key in UNKNOWN {
        for (field, argument) in &lookups {
            let query =
                format!("query ($key: ID!) {{ found: {field}({argument}: $key) {{ id }} }}");
            let answer = world.ask_with(&query, &json!({ "key": key })).await;
            assert_eq!(
                answer,
                json!({ "data": { "found": null } }),
                "{field} {key:?}"
            );
        }
    }
}

#[test]
async fn an_id_of_what_there_is_not_is_null_and_no_error() {
    let world = World::start("").await;
    let schema = world.data(SCHEMA, &json!({})).await;
    let types = schema["__type"]["possibleTypes"].as_array().unwrap();
    assert!(types.len() >= 20, "{types:?}");
    for name in types.iter().map(|found| found["name"].as_str().unwrap()) {
        for key in UNKNOWN {
            let keys = match name {
                // A value of an enum: no other one is in an id.
                "Area" => continue,
                "DggiAreaScore" => json!(["UT", key]),
                "DggiDistrictScore" => json!(["13", key]),
                _ => json!([key]),
            };
            let id = URL_SAFE_NO_PAD.encode(format!("{name}{keys}"));
            let query = "query ($id: ID!) { node(id: $id) { id } }";
            let answer = world.ask_with(query, &json!({ "id": id })).await;
            assert_eq!(answer, json!({ "data": { "node": null } }), "{name} {keys}");
        }
    }
}

/// Lists and counts of what a filter by a key finds, with `$key` for the key.
const FILTERED: &str = "query ($key: ID!) {
  a: works(filter: { districtLgdCode: $key }) { totalCount }
  b: works(filter: { departmentCode: $key }) { totalCount }
  c: works(filter: { blockCode: $key }) { totalCount }
  d: grievances(filter: { districtLgdCode: $key }) { totalCount }
  e: grievances(filter: { departmentCode: $key }) { totalCount }
  f: applications(filter: { districtLgdCode: $key }) { totalCount }
  g: applications(filter: { serviceSlug: $key }) { totalCount }
  h: umangServices(filter: { stateCode: $key }) { totalCount }
  i: umangServices(filter: { publisherCode: $key }) { totalCount }
  j: umangPublishers(filter: { stateCode: $key }) { totalCount }
  k: schemes(filter: { departmentCode: $key }) { id }
  l: schemeProgress(filter: { districtLgdCode: $key }) { month }
  m: schemeProgress(filter: { schemeSlug: $key }) { month }
  n: umangServices(filter: { stateCode: \"JK\", isNationwide: true }) { totalCount }
}";

#[test]
async fn a_filter_by_what_there_is_not_finds_nothing() {
    let world = World::start("").await;
    for key in UNKNOWN.into_iter().chain(["13,5", "99999", "IN"]) {
        let found = world.data(FILTERED, &json!({ "key": key })).await;
        for (name, found) in found.as_object().unwrap() {
            let is_empty = found == &json!([]) || found["totalCount"] == 0;
            assert!(is_empty, "{name} {key:?}: {found}");
        }
    }
}
