//! Where fragments are: in lists, in each other, with the same fields, on abstract types.

use serde_json::json;

use super::{Setup, fresh};

/// Each object of a list has a part of its own.
#[test]
async fn objects_of_a_list() {
    let setup = Setup::start().await;
    let districts = r#"[{"code": "B", "name": "Budgam"}, {"code": "C", "name": "C"}]"#;
    setup.upstream.answer("/districts", fresh(districts));
    setup.upstream.hold("/works/b");
    setup.upstream.answer("/works/c", fresh(r#"{"count": 4}"#));
    let mut parts = setup
        .defer("{ districts { name ... @defer { works { count } } } }")
        .await;
    let first = parts.next().await;
    let pending = json!([
        {"id": "0", "path": ["districts", 0]},
        {"id": "1", "path": ["districts", 1]},
    ]);
    assert_eq!(first["pending"], pending);
    let expected = json!({
        "incremental": [{"id": "1", "data": {"works": {"count": 4}}}],
        "completed": [{"id": "1"}],
        "hasNext": true,
    });
    assert_eq!(parts.next().await, expected);
    setup.upstream.answer("/works/b", fresh(r#"{"count": 3}"#));
    let expected = json!({
        "incremental": [{"id": "0", "data": {"works": {"count": 3}}}],
        "completed": [{"id": "0"}],
        "hasNext": false,
    });
    assert_eq!(parts.next().await, expected);
}

/// What is deferred within a deferred fragment is announced with that one.
#[test]
async fn fragments_in_fragments() {
    let setup = Setup::start().await;
    setup.upstream.hold("/head/b");
    setup.upstream.hold("/phone/7");
    let query = r#"{ district { name ... @defer(label: "head") {
        head { name ... @defer(label: "phone") { phone } }
    } } }"#;
    let mut parts = setup.defer(query).await;
    let pending = json!([{"id": "0", "path": ["district"], "label": "head"}]);
    assert_eq!(parts.next().await["pending"], pending);
    let head = fresh(r#"{"id": "7", "name": "A. B."}"#);
    setup.upstream.answer("/head/b", head);
    let expected = json!({
        "pending": [{"id": "1", "path": ["district", "head"], "label": "phone"}],
        "incremental": [{"id": "0", "data": {"head": {"name": "A. B."}}}],
        "completed": [{"id": "0"}],
        "hasNext": true,
    });
    assert_eq!(parts.next().await, expected);
    setup
        .upstream
        .answer("/phone/7", fresh(r#"{"number": "22"}"#));
    let expected = json!({
        "incremental": [{"id": "1", "data": {"phone": "22"}}],
        "completed": [{"id": "1"}],
        "hasNext": false,
    });
    assert_eq!(parts.next().await, expected);
}

/// A field that is also selected outside of the fragment is sent once, and what is deferred below it with its path.
#[test]
async fn the_same_field_is_sent_once() {
    let setup = Setup::start().await;
    setup.upstream.hold("/phone/7");
    let query = r#"{
        district { name head { name } }
        ... @defer { district { name head { name phone } } }
    }"#;
    let mut parts = setup.defer(query).await;
    let first = parts.next().await;
    let data = json!({"district": {"name": "Budgam", "head": {"name": "A. B."}}});
    assert_eq!(first["data"], data);
    assert_eq!(first["pending"], json!([{"id": "0", "path": []}]));
    setup
        .upstream
        .answer("/phone/7", fresh(r#"{"number": "22"}"#));
    let expected = json!([
        {"id": "0", "subPath": ["district", "head"], "data": {"phone": "22"}}
    ]);
    assert_eq!(parts.next().await["incremental"], expected);
}

/// What two fragments select is sent with the first one that is complete.
#[test]
async fn two_fragments_with_the_same_field() {
    let setup = Setup::start().await;
    for path in ["/head/b", "/beds/b", "/works/b"] {
        setup.upstream.hold(path);
    }
    let query = r#"{ district {
        ... @defer(label: "a") { head { name } beds }
        ... @defer(label: "b") { head { id } works { count } }
    } }"#;
    let mut parts = setup.defer(query).await;
    parts.next().await;
    setup.upstream.answer("/works/b", fresh(r#"{"count": 3}"#));
    let head = fresh(r#"{"id": "7", "name": "A. B."}"#);
    setup.upstream.answer("/head/b", head);
    let second = parts.next().await;
    let expected = json!([
        {"id": "1", "data": {"head": {}}},
        {"id": "1", "data": {"works": {"count": 3}}},
        {"id": "1", "subPath": ["head"], "data": {"id": "7"}},
    ]);
    assert_eq!(sorted(&second["incremental"]), sorted(&expected));
    assert_eq!(second["completed"], json!([{"id": "1"}]));
    setup.upstream.answer("/beds/b", fresh(r#"{"n": 5}"#));
    let third = parts.next().await;
    let expected = json!([
        {"id": "0", "data": {"beds": 5}},
        {"id": "0", "subPath": ["head"], "data": {"name": "A. B."}},
    ]);
    assert_eq!(sorted(&third["incremental"]), sorted(&expected));
    assert_eq!(third["hasNext"], json!(false));
}

fn sorted(list: &serde_json::Value) -> Vec<String> {
    let mut texts: Vec<String> = list
        .as_array()
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    texts.sort();
    texts
}

/// Only the objects to which a fragment applies have a part.
#[test]
async fn fragments_on_types_of_an_interface() {
    let setup = Setup::start().await;
    let places = r#"[{"kind": "Village", "name": "V", "people": 9}, {"kind": "Town", "name": "T", "wards": 2}]"#;
    setup.upstream.answer("/places", fresh(places));
    setup.upstream.hold("/notice");
    let query = r#"{
        places { name ... on Village @defer { people } }
        ... Late @defer(label: "late")
    }
    fragment Late on Query { notice places { ... on Town { wards } } }"#;
    let mut parts = setup.defer(query).await;
    let first = parts.next().await;
    assert_eq!(
        first["data"],
        json!({"places": [{"name": "V", "people": 9}, {"name": "T"}]})
    );
    assert_eq!(
        first["pending"],
        json!([{"id": "0", "path": [], "label": "late"}])
    );
    setup.upstream.answer("/notice", fresh(r#"{"text": "N"}"#));
    let second = parts.next().await;
    let expected = json!([
        {"id": "0", "data": {"notice": "N"}},
        {"id": "0", "subPath": ["places", 1], "data": {"wards": 2}},
    ]);
    assert_eq!(second["incremental"], expected);
}

/// The parts merge into the answer without `@defer`.
#[test]
async fn merged_parts_equal_the_whole() {
    let setup = Setup::start().await;
    let query = r#"{
        ... @defer { notice }
        district { ...D @defer ... @defer { ...D beds head { ... @defer { phone } name } } }
    }
    fragment D on District { name works { count ... @defer { spent } } }"#;
    setup.upstream.answer("/notice", fresh(r#"{"text": "N"}"#));
    let whole = setup.whole(query).await;
    for _ in 0..5 {
        let format = Some(sangam::gateway::IncrementalFormat::V02);
        let merged = setup.ask(query, format).await.merged().await;
        assert_eq!(merged, whole);
    }
}
