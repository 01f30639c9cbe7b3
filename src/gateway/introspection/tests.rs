//! Compares values with those of `apollo-compiler`, over random operations. `tests/oracle/graphql` compares them with
//! graphql-js.

use std::sync::Arc;

use apollo_compiler::introspection::partial_execute;
use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::response::{JsonMap, JsonValue};
use apollo_compiler::{ExecutableDocument, Schema};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::budget::Budget;
use crate::document::Value;

const SCHEMA: &str = r#"
"Said of \"all\"\nof it"
schema { query: Query mutation: Mutation }
directive @own(a: Int = 1 @deprecated, b: [In!]! = [{ n: 1.5 }]) repeatable on FIELD | QUERY
type Query { thing(in: In, e: E = A, old: Int @deprecated(reason: "x")): Thing node: Node any: [Any!]! }
type Mutation { do(n: Int! = 1): Boolean }
interface Node { id: ID! }
interface Named implements Node { id: ID! name: String }
type Thing implements Node & Named { id: ID! name: String old: S @deprecated(reason: "gone\t") list: [[Int!]]! }
type Other implements Node { id: ID! up: Thing! all: [Node] }
union Any = Thing | Other
enum E { A B @deprecated "Ü" C }
input In { n: Float = 1.5 s: [String!] = ["x\n"] e: E @deprecated in: In }
"A scalar" scalar S @specifiedBy(url: "https://s.example")
"#;

fn schema() -> Arc<Valid<Schema>> {
    Arc::new(Schema::parse_and_validate(SCHEMA, "schema.graphql").unwrap())
}

/// An introspection type: its name, its fields with object types, each with its type, and its leaf fields.
type Fields = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

/// What is asked; a field with a star takes `includeDeprecated`.
const FIELDS: &[Fields] = &[
    (
        "__Schema",
        &[
            ("types", "__Type"),
            ("queryType", "__Type"),
            ("mutationType", "__Type"),
            ("subscriptionType", "__Type"),
            ("directives", "__Directive"),
        ],
        &["description", "__typename"],
    ),
    (
        "__Type",
        &[
            ("fields*", "__Field"),
            ("interfaces", "__Type"),
            ("possibleTypes", "__Type"),
            ("enumValues*", "__EnumValue"),
            ("inputFields*", "__InputValue"),
            ("ofType", "__Type"),
        ],
        &[
            "kind",
            "name",
            "description",
            "specifiedByURL",
            "__typename",
        ],
    ),
    (
        "__Field",
        &[("args*", "__InputValue"), ("type", "__Type")],
        &[
            "name",
            "description",
            "isDeprecated",
            "deprecationReason",
            "__typename",
        ],
    ),
    (
        "__InputValue",
        &[("type", "__Type")],
        &[
            "name",
            "description",
            "defaultValue",
            "isDeprecated",
            "deprecationReason",
            "__typename",
        ],
    ),
    (
        "__EnumValue",
        &[],
        &[
            "name",
            "description",
            "isDeprecated",
            "deprecationReason",
            "__typename",
        ],
    ),
    (
        "__Directive",
        &[("args*", "__InputValue")],
        &[
            "name",
            "description",
            "locations",
            "isRepeatable",
            "__typename",
        ],
    ),
];

/// A random selection set on a type. Aliases tell fields apart whose arguments differ.
fn selections(random: &mut StdRng, ty: &str, depth: usize, fragments: &mut Vec<String>) -> String {
    let (_, leading, leaves) = FIELDS.iter().find(|(name, ..)| *name == ty).unwrap();
    let mut out = String::from("{");
    for _ in 0..random.random_range(1..5) {
        let condition = match random.random_range(0..12) {
            0 => " @skip(if: $yes)",
            1 => " @include(if: $no)",
            2 => " @include(if: $yes)",
            3 => " @skip(if: false)",
            _ => "",
        };
        let choice = random.random_range(0..10);
        if choice == 0 && depth > 0 {
            let inner = selections(random, ty, depth - 1, fragments);
            out += &format!(" ...{condition} {inner}");
        } else if choice == 1 && depth > 0 {
            let inner = selections(random, ty, depth - 1, fragments);
            let name = format!("F{}", fragments.len());
            fragments.push(format!("fragment {name} on {ty} {inner}"));
            out += &format!(" ...{name}{condition} ...{name}");
        } else if choice < 6 && depth > 0 && !leading.is_empty() {
            let (field, to) = leading[random.random_range(0..leading.len())];
            let field = match field.strip_suffix('*') {
                Some(name) => match random.random_range(0..4) {
                    0 => name.to_owned(),
                    1 => format!("all_{name}: {name}(includeDeprecated: true)"),
                    2 => format!("v_{name}: {name}(includeDeprecated: $yes)"),
                    _ => format!("n_{name}: {name}(includeDeprecated: null)"),
                },
                None => field.to_owned(),
            };
            let inner = selections(random, to, depth - 1, fragments);
            out += &format!(" {field}{condition} {inner}");
        } else {
            let leaf = leaves[random.random_range(0..leaves.len())];
            out += &format!(" {leaf}{condition}");
        }
    }
    out + " }"
}

fn operation(seed: u64) -> String {
    let random = &mut StdRng::seed_from_u64(seed);
    let mut fragments = Vec::new();
    let mut roots = String::new();
    for index in 0..random.random_range(1..4) {
        let mut inside = |random: &mut StdRng, ty| selections(random, ty, 4, &mut fragments);
        roots += &match random.random_range(0..4) {
            0 => format!(
                " t{index}: __type(name: \"Thing\") {}",
                inside(random, "__Type")
            ),
            1 => format!(
                " t{index}: __type(name: $name) {}",
                inside(random, "__Type")
            ),
            2 => {
                let whole = inside(random, "__Schema");
                format!(" __schema {whole} ... on Query {{ __schema {whole} }}")
            }
            _ => format!(
                " s{index}: __schema {} __typename",
                inside(random, "__Schema")
            ),
        };
    }
    format!(
        "query ($yes: Boolean!, $no: Boolean!, $name: String!) \
         {{ all: __typename @skip(if: $yes) @include(if: $no) n: __type(name: $name) {{ name }} {roots} }} {}",
        fragments.join(" ")
    )
}

fn variables(type_name: &str) -> (JsonMap, std::collections::HashMap<Arc<str>, Value>) {
    let mut map = JsonMap::new();
    map.insert("yes", JsonValue::Bool(true));
    map.insert("no", JsonValue::Bool(false));
    map.insert("name", JsonValue::from(type_name));
    let own = [
        ("yes", Value::Bool(true)),
        ("no", Value::Bool(false)),
        ("name", Value::from(type_name)),
    ];
    let own = own.map(|(name, value)| (Arc::from(name), value));
    (map, own.into_iter().collect())
}

const AMPLE: usize = 100_000_000;

fn far() -> Instant {
    Instant::now() + std::time::Duration::from_secs(3600)
}

fn limits(bytes: usize) -> WriteLimits<'static> {
    WriteLimits {
        bytes,
        deadline: far(),
        is_awaited: &|| true,
    }
}

#[test]
fn values_are_those_of_an_independent_executor() {
    let schema = schema();
    let introspection = Introspection::new(Arc::clone(&schema));
    let mut executed = 0;
    for seed in 0..600 {
        let text = operation(seed);
        let parsed = ExecutableDocument::parse_and_validate(&schema, text.as_str(), "o.graphql");
        // A random fragment that is excluded everywhere still counts as used: the operation must be valid.
        let document = parsed.unwrap_or_else(|found| panic!("{text}\n{}", found.errors));
        let operation = document.operations.get(None).unwrap();
        let name = ["Thing", "Any", "E", "In", "S", "None"][seed as usize % 6];
        let (map, own) = variables(name);
        let map = coerce_variable_values(&schema, operation, &map).unwrap();
        let implementers = schema.implementers_map();
        let theirs = partial_execute(&schema, &implementers, &document, operation, &map).unwrap();
        let account = Budget::unbounded().account(usize::MAX);
        let selected =
            IntrospectionSelection::collect(&document, operation, &own, &account).unwrap();
        let ours = selected
            .write(&introspection, account, &limits(AMPLE))
            .unwrap();
        let theirs = theirs.data.unwrap();
        let theirs = theirs
            .iter()
            .filter(|(name, _)| name.as_str() != "__typename");
        let theirs: Vec<(String, String)> = theirs
            .map(|(name, value)| {
                (
                    name.as_str().to_owned(),
                    serde_json::to_string(value).unwrap(),
                )
            })
            .collect();
        let ours: Vec<(String, String)> = ours
            .values
            .into_iter()
            .map(|(name, value)| (name, String::from_utf8(value).unwrap()))
            .collect();
        assert_eq!(ours, theirs, "{text}");
        executed += ours.len();
    }
    assert!(executed > 1_000, "{executed}");
}

/// An operation that selects all types this many times.
fn repeated(times: usize) -> String {
    let each =
        (0..times).map(|index| format!("a{index}: types {{ fields {{ type {{ name }} }} }} "));
    format!("{{ __schema {{ {} }} }}", each.collect::<String>())
}

fn selected(schema: &Valid<Schema>, text: &str, account: &Account) -> IntrospectionSelection {
    let document = ExecutableDocument::parse_and_validate(schema, text, "o.graphql").unwrap();
    let operation = document.operations.get(None).unwrap();
    IntrospectionSelection::collect(&document, operation, &Default::default(), account).unwrap()
}

#[test]
fn bytes_are_bounded_while_they_are_written() {
    let schema = schema();
    let introspection = Introspection::new(Arc::clone(&schema));
    let budget = Budget::new(AMPLE, AMPLE);
    let account = budget.account(AMPLE);
    let selected = selected(&schema, &repeated(150), &account);
    let tree = account.used();
    let length = {
        let account = budget.account(AMPLE);
        let written = selected
            .write(&introspection, account, &limits(AMPLE))
            .unwrap();
        let (_, value) = &written.values[0];
        assert!(
            written.account.used() >= value.len(),
            "what is held is charged"
        );
        value.len()
    };
    assert!(length > 200_000, "{length}");
    assert_eq!(
        budget.used(),
        64 * 1024,
        "what was written is given back; one step is for the tree"
    );

    let most = length / 2;
    let stopped = selected
        .write_short(&introspection, &account, most, far())
        .map(drop)
        .unwrap_err();
    assert!(matches!(stopped, Stopped::TooLong(_)));
    assert_eq!(account.used(), tree, "nothing of it is held any more");
    let stopped = selected
        .write(&introspection, account, &limits(most))
        .map(drop)
        .unwrap_err();
    assert_eq!(stopped, Stopped::TooLong(most));

    let account = budget.account(most);
    let stopped = selected
        .write(&introspection, account, &limits(AMPLE))
        .map(drop)
        .unwrap_err();
    assert_eq!(stopped, Stopped::Exceeded(Exceeded::Account(most)));
    let small = Budget::new(most, AMPLE);
    let account = small.account(AMPLE);
    let stopped = selected
        .write(&introspection, account, &limits(AMPLE))
        .map(drop)
        .unwrap_err();
    assert_eq!(stopped, Stopped::Exceeded(Exceeded::Budget(most)));
    assert_eq!(small.used(), 0);
}

#[test]
fn several_values_share_the_bound() {
    let schema = schema();
    let introspection = Introspection::new(Arc::clone(&schema));
    let account = || Budget::unbounded().account(AMPLE);
    let text = "{ a: __schema { types { name } } b: __schema { types { name } } }";
    let selected = selected(&schema, text, &account());
    let written = selected
        .write(&introspection, account(), &limits(AMPLE))
        .unwrap();
    let length: usize = written.values.iter().map(|(_, value)| value.len()).sum();
    assert!(
        selected
            .write(&introspection, account(), &limits(length))
            .is_ok()
    );
    let stopped = selected
        .write(&introspection, account(), &limits(length - 1))
        .map(drop)
        .unwrap_err();
    assert_eq!(stopped, Stopped::TooLong(length - 1));
}

#[test]
fn ends_with_its_time_and_when_no_request_waits() {
    let schema = schema();
    let introspection = Introspection::new(Arc::clone(&schema));
    let account = || Budget::unbounded().account(AMPLE);
    let selected = selected(&schema, &repeated(150), &account());
    let late = WriteLimits {
        deadline: Instant::now(),
        ..limits(AMPLE)
    };
    let stopped = selected
        .write(&introspection, account(), &late)
        .map(drop)
        .unwrap_err();
    assert_eq!(stopped, Stopped::Late);
    let looks = std::cell::Cell::new(0);
    let is_awaited = || {
        looks.set(looks.get() + 1);
        looks.get() < 3
    };
    let left = WriteLimits {
        is_awaited: &is_awaited,
        ..limits(AMPLE)
    };
    let stopped = selected
        .write(&introspection, account(), &left)
        .map(drop)
        .unwrap_err();
    assert_eq!((stopped, looks.get()), (Stopped::Abandoned, 3));
}
