//! Property: a projection that is compiled from a connect's selection reads the same as evaluating the selection.

use std::collections::BTreeMap;
use std::sync::Arc;

use apollo_compiler::Name;
use proptest::prelude::*;

use super::bounds::Bounds;
use super::member_order::MemberOrders;
use super::project::Projector;
use super::store::{Cell, Store};
use crate::budget::Budget;
use crate::document::{JsonReader, Object, Reader, Str, Value};
use crate::graph::query::{TypeId, TypeTable};
use crate::mapping::{Selection, Variables, Version};
use crate::plan::guard::Guard;
use crate::plan::projection::of_connect;
use crate::plan::requested::{Position, PositionId, Slot, SlotKey};
use crate::plan::{Read, ReadField, ReadId};

/// The requested fields at each of three levels: two leaves, and above the last level two objects of the next level.
const LEAVES: [&str; 2] = ["a", "b"];
const OBJECTS: [&str; 2] = ["p", "q"];
const LEVELS: u32 = 3;

fn fields_of(level: u32) -> Vec<(&'static str, bool)> {
    let objects = OBJECTS.iter().filter(|_| level + 1 < LEVELS);
    let leaves = LEAVES.iter().map(|name| (*name, false));
    leaves.chain(objects.map(|name| (*name, true))).collect()
}

fn positions_and_reads() -> (Vec<Position>, Vec<Read>) {
    let (mut positions, mut reads) = (Vec::new(), Vec::new());
    for level in 0..LEVELS {
        let fields = fields_of(level);
        let slots = fields.iter().map(|(name, composite)| Slot {
            key: SlotKey {
                field: Name::new(name).unwrap(),
                arguments: Arc::from(""),
                directives: None,
                response: None,
            },
            arguments: Vec::new(),
            directives: Vec::new(),
            types: vec![TypeId(0)],
            guard: Guard::always(),
            child: composite.then_some(PositionId(level + 1)),
        });
        positions.push(Position {
            ty: TypeId(0),
            parent: None,
            slots: slots.collect(),
            index: BTreeMap::new(),
            separated: Default::default(),
            needs_typename: false,
            prerendered: 0,
        });
        let fields = fields.iter().enumerate();
        reads.push(Read {
            position: PositionId(level),
            ty: Some(TypeId(0)),
            typename: false,
            fields: fields
                .map(|(slot, (name, composite))| ReadField {
                    slot: slot as u16,
                    name: Name::new(name).unwrap(),
                    key: (*name).to_owned(),
                    only: Vec::new(),
                    guard: 0,
                    read: composite.then_some(ReadId(level + 1)),
                })
                .collect(),
        });
    }
    (positions, reads)
}

/// The fields of a level of a value; missing ones are null.
fn by_name(value: Option<&Value>, level: Option<u32>) -> Value {
    match (value, level) {
        (None, _) => Value::Null,
        (Some(Value::Array(items)), level) => {
            let items: Vec<Value> = items.iter().map(|v| by_name(Some(v), level)).collect();
            Value::Array(items.into())
        }
        (Some(Value::Object(object)), Some(level)) => {
            let mut out = Object::new();
            for (name, composite) in fields_of(level) {
                let below = composite.then_some(level + 1);
                out.insert(Str::from(name), by_name(object.get(name), below));
            }
            Value::Object(out.into())
        }
        (Some(other), _) => other.clone(),
    }
}

/// A cell in the same form.
fn of_cell(store: &Store, cell: Cell) -> Value {
    match cell {
        Cell::Missing | Cell::Null | Cell::Failed(_) => Value::Null,
        Cell::Bool(value) => Value::Bool(value),
        Cell::Number(text) | Cell::String(text) | Cell::Json(text) => {
            Value::parse_json(store.text(text)).unwrap()
        }
        Cell::List { at, len } => {
            let items = store.items(at, len).iter();
            let items: Vec<Value> = items.map(|cell| of_cell(store, *cell)).collect();
            Value::Array(items.into())
        }
        Cell::Row(row) => {
            let mut out = Object::new();
            let fields = fields_of(store.position(row)).into_iter().enumerate();
            for (slot, (name, _)) in fields {
                let value = of_cell(store, store.cell(row, slot as u16));
                out.insert(Str::from(name), value);
            }
            Value::Object(out.into())
        }
    }
}

fn projected(selection: &Selection, document: &str) -> Value {
    let (positions, reads) = positions_and_reads();
    let projection = of_connect(&reads, &positions, selection, &[], Some(ReadId(0)));
    let mut store = Store::new(Vec::new(), Default::default());
    let body = bytes::Bytes::from(document.to_owned());
    let before = store.mark();
    let number = store.add_document(body.clone());
    let mut reader = JsonReader::new(&body).unwrap();
    let mut projector = Projector {
        store: &mut store,
        projection: &projection,
        types: &TypeTable::default(),
        document: number,
        variables: &Variables::new(),
        report: &mut |_| {},
        offset: 0,
        pending: Vec::new(),
        bounds: Bounds {
            account: &Budget::unbounded().account(usize::MAX),
            rows: usize::MAX,
            deadline: tokio::time::Instant::now() + std::time::Duration::from_secs(3600),
        },
        raised: Vec::new(),
        orders: &mut MemberOrders::default(),
        reported_spreads: Vec::new(),
        evaluations: 0,
    };
    let cell = projector.read(&mut reader, &projection.root).unwrap();
    reader.finish().unwrap();
    let value = of_cell(&store, cell);
    // A copy of the rows means the same in the store of another request.
    let projected = store.copy_since(before, cell);
    let mut other = Store::new(Vec::new(), Default::default());
    other.add_row(0, 3, None);
    other.add_document(bytes::Bytes::from_static(b"[]"));
    let again = other.append_copy(&projected);
    assert_eq!(of_cell(&other, again), value);
    value
}

fn same(selection: &str, document: &str) {
    let Ok(selection) = Selection::parse(selection, Version::V0_4) else {
        return;
    };
    let input = Value::parse_json(document.as_bytes()).unwrap();
    let evaluated = selection.evaluate_each(Some(&input), &Variables::new());
    let expected = by_name(evaluated.value.as_ref(), Some(0));
    let actual = projected(&selection, document);
    assert_eq!(actual, expected, "{} of {document}", selection.text());
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[abxy]",
        3 => "[abxy]\\.[abxy]",
        2 => "\\$\\.[abxy]",
        1 => "[abxy]\\?\\.[abxy]",
        1 => "\\$\\.[abxy]\\.[abxy]\\.[abxy]",
        1 => Just("$".to_owned()),
        1 => Just("@".to_owned()),
    ]
}

fn leaf() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        6 => path(),
        1 => path().prop_map(|path| format!("{path}->first")),
        1 => path().prop_map(|path| format!("{path}->echo(@)")),
        1 => path().prop_map(|path| format!("$({path} ?? 7)")),
        1 => Just("$('k')".to_owned()),
        1 => Just("$".to_owned()),
        1 => Just("$.x->map({ a: @.y })".to_owned()),
    ];
    prop_oneof![
        2 => "[ab]",
        5 => ("[ab]", value).prop_map(|(name, value)| format!("{name}: {value}")),
    ]
}

/// A path before braces, whose fields spread into the object.
fn spread() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "\\$\\.[abpqxy]",
        2 => "[abpqxy]\\.[abpqxy]",
        1 => "[abxy]\\?\\.[abxy]\\?",
        1 => Just("$".to_owned()),
        1 => "[abxy]\\.[abxy]->first",
        1 => Just("$(null)".to_owned()),
    ]
}

/// Items of a selection.
fn items() -> impl Strategy<Value = String> {
    let flat = proptest::collection::vec(leaf(), 1..4).prop_map(|items| items.join("\n"));
    flat.prop_recursive(3, 24, 4, |inner| {
        let item = prop_oneof![
            3 => leaf(),
            2 => ("[pq]", path(), inner.clone()).prop_map(|(n, p, i)| format!("{n}: {p} {{ {i} }}")),
            1 => ("[pq]", inner.clone()).prop_map(|(n, i)| format!("{n}: {{ {i} }}")),
            2 => ("[pq]", inner.clone()).prop_map(|(n, i)| format!("{n} {{ {i} }}")),
            2 => (spread(), inner.clone()).prop_map(|(p, i)| format!("{p} {{ {i} }}")),
            1 => path().prop_map(|path| format!("...{path}")),
        ];
        proptest::collection::vec(item, 1..4).prop_map(|items| items.join("\n"))
    })
}

fn selection() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => items(),
        1 => (path(), items()).prop_map(|(path, items)| format!("{path} {{ {items} }}")),
    ]
}

fn document() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("1.10".to_owned()),
        Just("\"t\\u00e9\"".to_owned()),
        Just("{}".to_owned()),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        prop_oneof![
            1 => proptest::collection::vec(inner.clone(), 0..3)
                .prop_map(|items| format!("[{}]", items.join(","))),
            4 => proptest::collection::btree_map("[abpqxy]", inner, 0..5).prop_map(|members| {
                let members: Vec<String> =
                    members.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
                format!("{{{}}}", members.join(", "))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_projection_gives_what_evaluation_gives(selection in selection(), document in document()) {
        same(&selection, &document);
    }
}

#[test]
fn places_that_were_wrong_or_might_be() {
    let cases = [
        ("a: x.y", r#"{"x": [{"y": 1}, {}, null]}"#),
        ("$.x { a b }", r#"{"x": [{"a": 1}, {"a": 2, "b": 3}]}"#),
        ("p: $ { a }", r#"{"a": 1}"#),
        ("p: $ { a }", "5"),
        ("p: x { a }", r#"{"x": 5}"#),
        ("$.x.y { a }", r#"{"x": [{"y": {"a": 1}}, {"y": null}]}"#),
        ("$.x.y { a }", r#"{"x": null}"#),
        ("a: $", r#"{"b": [1, {"c": 2}]}"#),
        ("a: $(true)", "null"),
        ("a: $(true) b: x", "null"),
        ("p: { a: $(true) }", r#"[null, {}, [5]]"#),
        ("a $.x { b }", r#"{"a": 1, "x": null}"#),
        ("p: x { a: $ }", r#"{"x": [1, null, {"a": 2}]}"#),
        (
            "p: x { a: $('k') q: { b } }",
            r#"{"x": [1, null, {"b": 2}]}"#,
        ),
        ("p: x { a q: { b } }", r#"{"x": [1, null, {"b": 2}]}"#),
        ("a: $ p: { b: $ }", r#""text""#),
        ("a $.x { b: $('k') q: { b } }", r#"{"a": 1, "x": null}"#),
        ("$.x { p: { a } } a", r#"[{"x": null}]"#),
        ("$.x { p: { a } b: $ } a", r#"[{"x": null}]"#),
        ("a $.x { b: $ }", r#"{"a": 1, "x": 7}"#),
        ("a $.x { p: { b: $ } }", r#"{"a": 1, "x": 7}"#),
        ("a $.x { b }", r#"{"a": 1, "x": [{"b": 2}]}"#),
        ("$.x.y { b } a", r#"{"a": 1, "x": [{"y": {"b": 2}}]}"#),
        ("a $.x { $.y { b } }", r#"{"a": 1, "x": {"y": [{"b": 2}]}}"#),
        (
            "a $.x { $.y { b } $.b { q { a } } }",
            r#"{"a": 1, "x": {"y": {"b": 2}, "b": []}}"#,
        ),
        (
            "a $.x { p { a } b: y.b } q: x.y { a }",
            r#"{"a": 1, "x": {"y": [{"b": 2}], "p": {"a": 3}}}"#,
        ),
        (
            "$.x { a } $.y { b }",
            r#"{"x": [{"a": 1}], "y": [{"b": 2}, {}]}"#,
        ),
        ("$.x { a } $.y { b }", r#"{"x": null, "y": {"b": 2}}"#),
    ];
    for (selection, document) in cases {
        same(selection, document);
    }
}
