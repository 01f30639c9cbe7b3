//! Patches, and their application by the crate `json-patch`.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

fn text(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

/// The patch between two values, which was applied.
fn applied(before: &Value, after: &Value) -> Value {
    let patch = patch(&text(before), &text(after));
    assert!(patch.len() <= replace(&text(after)).len());
    let parsed: json_patch::Patch = serde_json::from_slice(&patch).unwrap();
    let mut patched = before.clone();
    json_patch::patch(&mut patched, &parsed)
        .unwrap_or_else(|error| panic!("{before} {after} {parsed}: {error}"));
    assert_eq!(&patched, after, "{before} {parsed}");
    serde_json::from_slice(&patch).unwrap()
}

/// A long text, so that a patch is shorter than the whole.
fn long() -> String {
    "x".repeat(300)
}

#[test]
fn a_changed_leaf_is_one_operation() {
    let before = json!({ "long": long(), "a": { "b/~c": [1, 2, 3] } });
    let mut after = before.clone();
    after["a"]["b/~c"][1] = json!(7);
    assert_eq!(
        applied(&before, &after),
        json!([{ "op": "replace", "path": "/a/b~1~0c/1", "value": 7 }])
    );
    assert_eq!(applied(&before, &before), json!([]));
}

#[test]
fn an_inserted_and_a_removed_row_are_one_operation_each() {
    let row = |n: usize| json!({ "id": n, "name": long() });
    let rows: Vec<Value> = (0..5).map(row).collect();
    let mut more = rows.clone();
    more.insert(2, json!({ "id": 9 }));
    let (rows, more) = (json!({ "rows": rows }), json!({ "rows": more }));
    assert_eq!(
        applied(&rows, &more),
        json!([{ "op": "add", "path": "/rows/2", "value": { "id": 9 } }])
    );
    assert_eq!(
        applied(&more, &rows),
        json!([{ "op": "remove", "path": "/rows/2" }])
    );
}

#[test]
fn a_list_that_moves_on_is_two_operations() {
    let row = |n: usize| json!({ "id": n, "name": long() });
    let rows =
        |from: usize| json!({ "rows": (from..from + 20).rev().map(row).collect::<Vec<_>>() });
    assert_eq!(
        applied(&rows(0), &rows(1)),
        json!([
            { "op": "add", "path": "/rows/0", "value": row(20) },
            { "op": "remove", "path": "/rows/20" }
        ])
    );
}

#[test]
fn members_come_and_go() {
    let before = json!({ "long": long(), "a": 1, "b": 2 });
    let after = json!({ "long": long(), "c": null, "b": 2 });
    assert_eq!(
        applied(&before, &after),
        json!([{ "op": "remove", "path": "/a" }, { "op": "add", "path": "/c", "value": null }])
    );
}

#[test]
fn what_is_another_value_is_replaced() {
    for (before, after) in [
        (json!(null), json!({ "a": 1 })),
        (json!({ "a": 1 }), json!(null)),
        (json!([1]), json!({})),
        // A patch would be longer.
        (json!({ "a": 1, "b": 2 }), json!({ "a": 3, "b": 4 })),
    ] {
        let whole = json!([{ "op": "replace", "path": "", "value": after }]);
        assert_eq!(applied(&before, &after), whole);
    }
}

#[test]
fn numbers_keep_their_digits() {
    let before = format!(r#"{{"long":"{}","n":12345678901234567890.1230}}"#, long());
    let after = before.replace("1230", "1231");
    let patch = patch(before.as_bytes(), after.as_bytes());
    assert_eq!(
        patch,
        r#"[{"op":"replace","path":"/n","value":12345678901234567890.1231}]"#
    );
}

#[test]
fn what_is_no_json_is_replaced() {
    assert_eq!(patch(b"", b"{}"), replace(b"{}"));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..5i64).prop_map(Value::from),
        "[a-c~/\"\\\\é]{0,3}".prop_map(Value::from),
        Just(Value::from(
            "a text that is so long that it is not repeated"
        )),
    ];
    leaf.prop_recursive(4, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-d~/\"]{1,2}", inner, 0..6)
                .prop_map(|members| Value::from(Map::from_iter(members))),
        ]
    })
}

proptest! {
    #[test]
    fn a_patch_makes_one_value_of_the_other(before in value(), after in value()) {
        applied(&before, &after);
        let (mut left, mut right) = (Map::new(), Map::new());
        left.insert("long".to_owned(), long().into());
        left.insert("value".to_owned(), before);
        right.insert("long".to_owned(), long().into());
        right.insert("value".to_owned(), after);
        applied(&left.into(), &right.into());
    }
}
