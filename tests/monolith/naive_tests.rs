//! Tests of the oracle: examples whose responses the specification states or implies.

use apollo_compiler::ExecutableDocument;

use super::data::schema;
use super::json::Json;
use super::naive::{Resolver, Val, execute};

/// Objects are JSON objects, `"!"` is an error, and `echo` returns its arguments as text.
struct Example;

impl Resolver for Example {
    type Object = Json;

    fn type_name(&self, object: &Json) -> String {
        let name = object.get("__typename").and_then(Json::as_str);
        name.unwrap_or("Query").to_owned()
    }

    fn resolve(&self, object: &Json, field: &str, arguments: &Json) -> Val<Json> {
        if field == "echo" {
            return Val::Leaf(Json::String(arguments.text()));
        }
        value(object.get(field).unwrap_or(&Json::Null))
    }
}

fn value(value: &Json) -> Val<Json> {
    match value {
        Json::Null => Val::Null,
        Json::String(text) if text == "!" => Val::Error,
        Json::List(items) => Val::List(items.iter().map(self::value).collect()),
        Json::Object(_) => Val::Object(value.clone()),
        leaf => Val::Leaf(leaf.clone()),
    }
}

const SDL: &str = "
interface Pet { name: String! }
type Dog implements Pet { name: String! barks: Boolean friends: [Pet!] }
type Cat implements Pet { name: String! lives: Int }
union Any = Dog | Cat
enum Size { S M }
input Must { m: Int! = 1 }
input Box { size: Size = M wide: Int tags: [String!] }
type Query {
  pet: Pet pets: [Pet] all: [Any!]! a: Int b: Int! dog: Dog
  sure(n: Int! = 1, in: [Must!]): String
  echo(n: Int = 7, box: Box, list: [Int], f: Float, id: ID): String
}
";

const DATA: &str = r#"{
  "a": 1, "b": "!", "sure": "s",
  "pet": {"__typename": "Dog", "name": "Rex", "barks": true},
  "dog": {"__typename": "Dog", "name": "Rex", "friends": [{"__typename": "Cat", "name": null}]},
  "pets": [{"__typename": "Cat", "name": "Tom", "lives": 9}, null, {"__typename": "Dog", "name": "!"}],
  "all": [{"__typename": "Cat", "name": "Tom"}, {"__typename": "Dog", "name": "Rex"}]
}"#;

#[track_caller]
fn check(operation: &str, variables: &str, expected: &str) {
    let schema = schema(SDL);
    let parsed = ExecutableDocument::parse_and_validate(&schema, operation, "operation.graphql");
    let document = parsed.unwrap_or_else(|errors| panic!("{errors}"));
    let root = Json::parse(DATA.as_bytes()).unwrap();
    let variables = Json::parse(variables.as_bytes()).unwrap();
    let first = document.operations.iter().next().unwrap();
    let answer = execute(&schema, &document, first, &variables, root, &Example);
    let text = answer.to_json().text();
    let text = text.replace("\"message\":\"a secret text\",", "");
    assert_eq!(text, expected);
}

#[test]
fn fields_are_collected_and_merged_in_the_order_in_which_they_are_met() {
    check(
        "{ a pet { ... on Dog { barks } } ...F x: a a } fragment F on Query { pet { name __typename } }",
        "{}",
        r#"{"data":{"a":1,"pet":{"barks":true,"name":"Rex","__typename":"Dog"},"x":1}}"#,
    );
}

#[test]
fn what_is_skipped_holds_no_place() {
    check(
        "query ($s: Boolean!) { a @skip(if: $s) pet { name @include(if: $s) } a }",
        r#"{"s": true}"#,
        r#"{"data":{"pet":{"name":"Rex"},"a":1}}"#,
    );
}

#[test]
fn fragments_apply_by_the_concrete_type() {
    check(
        "{ all { ... on Pet { name } ... on Cat { lives } ... on Any { __typename } } }",
        "{}",
        r#"{"data":{"all":[{"name":"Tom","lives":null,"__typename":"Cat"},{"name":"Rex","__typename":"Dog"}]}}"#,
    );
}

#[test]
fn errors_null_the_nearest_parent_that_may_be() {
    check(
        "{ pets { name } }",
        "{}",
        r#"{"errors":[{"path":["pets",2,"name"]}],"data":{"pets":[{"name":"Tom"},null,null]}}"#,
    );
    check(
        "{ a b }",
        "{}",
        r#"{"errors":[{"path":["b"]}],"data":null}"#,
    );
    check(
        "{ dog { name friends { name } } }",
        "{}",
        r#"{"errors":[{"path":["dog","friends",0,"name"]}],"data":{"dog":{"name":"Rex","friends":null}}}"#,
    );
}

#[test]
fn null_where_none_may_be_fails_its_field() {
    check(
        "query ($n: Int) { a sure(n: $n) b: sure(n: 2) }",
        r#"{"n": null}"#,
        r#"{"errors":[{"path":["sure"]}],"data":{"a":1,"sure":null,"b":"s"}}"#,
    );
    check(
        "query ($n: Int = 4) { a sure(in: [{ m: $n }]) }",
        r#"{"n": null}"#,
        r#"{"errors":[{"path":["sure"]}],"data":{"a":1,"sure":null}}"#,
    );
}

#[test]
fn arguments_are_coerced() {
    let echo = |operation: &str, variables: &str, expected: &str| {
        let expected = Json::String(expected.to_owned()).text();
        check(
            operation,
            variables,
            &format!("{{\"data\":{{\"echo\":{expected}}}}}"),
        );
    };
    echo("{ echo }", "{}", r#"{"n":7}"#);
    echo(
        "{ echo(n: null, list: 3, id: 5, f: 2) }",
        "{}",
        r#"{"n":null,"list":[3],"f":2,"id":"5"}"#,
    );
    echo(
        "{ echo(box: { tags: \"t\" }) }",
        "{}",
        r#"{"n":7,"box":{"size":"M","tags":["t"]}}"#,
    );
    echo(
        "query ($n: Int, $m: Int) { echo(n: $n, list: [1, $m]) }",
        "{}",
        r#"{"n":7,"list":[1,null]}"#,
    );
    echo(
        "query ($n: Int = 4) { echo(n: $n) }",
        r#"{"n": null}"#,
        r#"{"n":null}"#,
    );
    echo(
        "query ($w: Int) { echo(n: 1, box: { wide: $w, size: S }, id: \"x\") }",
        "{}",
        r#"{"n":1,"box":{"size":"S"},"id":"x"}"#,
    );
    echo(
        "query ($b: Box) { echo(box: $b) }",
        r#"{"b": {"tags": "t"}}"#,
        r#"{"n":7,"box":{"size":"M","tags":["t"]}}"#,
    );
}
