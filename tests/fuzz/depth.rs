//! Depth: on the stack of a worker thread, every reader accepts or refuses deeply nested input.
//!
//! A stack overflow ends the process, so the test fails by not ending.

use super::input::{Input, Language};
use super::run::{attempt, watched};
use super::targets::named;

/// Near the bounds of the readers, and far beyond.
const DEPTHS: [usize; 11] = [1, 16, 63, 64, 65, 128, 129, 490, 505, 1_100, 8_000];

/// A text with `depth` times `open` and `close` around `middle`.
fn nest(before: &str, open: &str, middle: &str, close: &str, after: &str, depth: usize) -> String {
    format!(
        "{before}{}{middle}{}{after}",
        open.repeat(depth),
        close.repeat(depth)
    )
}

/// Runs a target on inputs of every depth.
fn deep(name: &str, make: impl Fn(usize) -> Vec<Input> + Sync) {
    let named = named(name);
    let failed = watched(name, "deep", |begin| {
        let target = (named.make)(1, true);
        let mut failed = Vec::new();
        for depth in DEPTHS {
            for input in make(depth) {
                begin(&input);
                let what = attempt(name, &*target, &input).outcome.err();
                failed.extend(what.map(|what| format!("{depth} deep: {what}")));
            }
        }
        failed
    });
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn json(depth: usize) -> [String; 4] {
    [
        nest("", "[", "1", "]", "", depth),
        nest("", "{\"a\":", "1", "}", "", depth),
        nest("{\"data\":", "{\"a\":[", "null", "]}", "}", depth),
        "[".repeat(depth),
    ]
}

#[test]
fn documents() {
    deep("documents", |depth| {
        json(depth)
            .map(|text| Input::one(Language::Json, "body", text))
            .into()
    });
}

#[test]
fn mappings() {
    deep("mappings", |depth| {
        let texts = [
            nest("", "a { ", "b", " }", "", depth),
            nest("a: ", "[", "1", "]", "", depth),
            nest("a: ", "{ a: ", "1", " }", "", depth),
            nest("a: ", "$(", "1", ")", "", depth),
            nest("a: ", "$.a->map(", "@", ")", "", depth),
            nest("a: ", "$.a->match([1, ", "@", "])", "", depth),
            nest("", "...{ ", "a", " }", "", depth),
            nest("a: $", ".a", "", "", "", depth),
            nest("a: $", "->first", "", "", "", depth),
            nest("a: $", "?", "", "", "", depth),
            nest("a: $(1", " ?? 1", "", "", ")", depth),
            nest("/x/{", "$(", "1", ")", "}", depth),
            nest("a: $", "->echo({ a: @ })", "", "", "", depth),
            nest("a: $", "->echo([@])", "", "", "->jsonStringify", depth),
            nest("a: $", "->as($x)->echo([$x])", "", "", "", depth),
        ];
        let [list, object, ..] = json(depth);
        // A document that is too deep to be read is the same for all readers.
        let documents = if depth > 200 {
            vec![&list]
        } else {
            vec![&list, &object]
        };
        let inputs = texts.iter().flat_map(|text| {
            documents.iter().map(move |document| {
                Input::one(Language::Mapping, "text", text).with(Language::Json, "input", document)
            })
        });
        inputs.collect()
    });
}

const CONNECTS: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.12\", import: [\"@key\", \"@requires\", \"@external\"]) \
                        @link(url: \"https://specs.apollo.dev/connect/v0.4\", import: [\"@connect\", \"@source\"]) ";

const SERVICE: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.12\", import: [\"@key\", \"@requires\", \"@external\"]) \
                       @link(url: \"https://specs.sangam.dev/wire/v0.1\", import: [\"@graphql\"]) @graphql(url: \"http://a.example\") ";

/// SDL with nesting wherever the grammar allows it.
fn schemas(depth: usize) -> Vec<String> {
    let (links, service) = (CONNECTS, SERVICE);
    vec![
        nest(
            &format!("{service} type Query {{ a: "),
            "[",
            "Int",
            "]",
            "}",
            depth,
        ),
        nest(
            &format!("{service} type Query {{ a(b: "),
            "[",
            "Int",
            "]",
            "): Int }",
            depth,
        ),
        nest(
            &format!("{service} type Query {{ a(b: X = "),
            "[",
            "1",
            "]",
            "): Int } scalar X",
            depth,
        ),
        nest(
            &format!("{service} type Query {{ a(b: X = "),
            "{ a: ",
            "1",
            "}",
            "): Int } scalar X",
            depth,
        ),
        nest(
            &format!("{service} type Query {{ t: T }} type T @key(fields: \""),
            "t { ",
            "id",
            "}",
            "\") { id: ID t: T }",
            depth,
        ),
        nest(
            &format!(
                "{service} type Query {{ t: T }} type T @key(fields: \"id\") {{ id: ID t: T @external r: Int @requires(fields: \""
            ),
            "t { ",
            "id",
            "}",
            "\") }",
            depth,
        ),
        nest(
            &format!(
                "{links} type Query {{ t: T @connect(http: {{ GET: \"http://a.example\" }}, selection: \""
            ),
            "t { ",
            "id",
            "}",
            "\") } type T { id: ID t: T }",
            depth,
        ),
        nest(
            &format!(
                "{links} type Query {{ t: T @connect(http: {{ GET: \"http://a.example\" }}, selection: "
            ),
            "[",
            "1",
            "]",
            ") } type T { id: ID t: T }",
            depth,
        ),
        nest(
            &format!(
                "{links} type Query {{ t(a: ID): Int @connect(http: {{ GET: \"http://a.example/{{"
            ),
            "$(",
            "$args.a",
            ")",
            "}\" }, selection: \"$\") }",
            depth,
        ),
        nest(
            "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.12\", import: ",
            "[",
            "\"@key\"",
            "]",
            ") type Query { a: Int }",
            depth,
        ),
        "{".repeat(depth),
        "type Query { a(".repeat(depth),
    ]
}

/// Long chains of types, inputs and directives.
fn chains(depth: usize) -> Vec<String> {
    let service = SERVICE;
    let numbered = |one: &dyn Fn(usize) -> String| (0..depth).map(one).collect::<String>();
    vec![
        format!(
            "{service} type Query {{ a: T0 }} type T{} {{ a: Int }} {}",
            depth,
            numbered(&|at| format!("type T{at} {{ a: T{} }} ", at + 1))
        ),
        format!(
            "{service} type Query {{ a(i: I0): Int }} input I{} {{ a: Int }} {}",
            depth,
            numbered(&|at| format!("input I{at} {{ a: I{}! }} ", at + 1))
        ),
        format!(
            "{service} type Query {{ a(i: I0 = {{}}): Int }} input I{} {{ a: Int }} {}",
            depth,
            numbered(&|at| format!("input I{at} {{ a: I{} = {{}} }} ", at + 1))
        ),
        format!(
            "{service} type Query {{ a: Int @d0 }} directive @d{} on ARGUMENT_DEFINITION {}",
            depth,
            (0..depth)
                .map(|at| format!(
                    "directive @d{at}(a: Int @d{}) on ARGUMENT_DEFINITION | FIELD_DEFINITION ",
                    at + 1
                ))
                .collect::<String>()
        ),
    ]
}

#[test]
fn connectors() {
    deep("connectors", |depth| {
        let mut texts = schemas(depth);
        // Composing longer chains takes time and tests nothing new.
        if depth <= 505 {
            texts.extend(chains(depth));
        }
        let texts = texts.into_iter();
        texts
            .map(|text| Input::one(Language::Graphql, "sdl", text))
            .collect()
    });
}

#[test]
fn supergraphs() {
    deep("supergraphs", |depth| {
        let mut texts = schemas(depth);
        // Composing longer chains takes time and tests nothing new.
        if depth <= 505 {
            texts.extend(chains(depth));
        }
        let texts = texts.into_iter();
        texts
            .map(|text| Input::one(Language::Graphql, "sdl", text))
            .collect()
    });
}

#[test]
fn operations() {
    deep("operations", |depth| {
        let chain = |spread: &dyn Fn(usize) -> String| {
            let count = depth.min(2_000);
            let fragments: String = (0..count).map(spread).collect();
            format!("{{ ...F0 }} {fragments} fragment F{count} on Query {{ __typename }}")
        };
        let texts = [
            nest("{ ", "a { ", "b", " }", " }", depth),
            nest("{ ", "... { ", "__typename", " }", " }", depth),
            nest("{ ", "... on Query { ", "__typename", " }", " }", depth),
            nest(
                "{ ",
                "... @include(if: true) { ",
                "__typename",
                " }",
                " }",
                depth,
            ),
            nest(
                "query ($v: Boolean!) { ",
                "... @skip(if: $v) { ",
                "__typename",
                " }",
                " }",
                depth,
            ),
            nest(
                "{ __type(name: \"Query\") { name ",
                "fields { type { ",
                "name",
                " } }",
                " } }",
                depth,
            ),
            nest(
                "{ __schema { ",
                "types { ofType { ",
                "name",
                " } }",
                " } }",
                depth,
            ),
            nest("{ __type(name: ", "[", "\"A\"", "]", ") { name } }", depth),
            nest("query ($v: ", "[", "Int", "]", ") { __typename }", depth),
            nest(
                "query ($v: Int = ",
                "[",
                "1",
                "]",
                ") { __typename }",
                depth,
            ),
            nest(
                "query ($v: Int = ",
                "{ a: ",
                "1",
                "}",
                ") { __typename }",
                depth,
            ),
            nest("{ __typename @a(b: ", "[", "1", "]", ") }", depth),
            "{ a ".repeat(depth),
            "[".repeat(depth),
            chain(&|at| format!("fragment F{at} on Query {{ ...F{} }} ", at + 1)),
            chain(&|at| format!("fragment F{at} on Query {{ ... {{ ...F{} }} }} ", at + 1)),
            chain(&|at| {
                format!(
                    "fragment F{at} on Query {{ ...F{} ...F{} }} ",
                    at + 1,
                    at + 1
                )
            }),
        ];
        let of = |text: &String| {
            Input::one(Language::Fixed, "graph", super::targets::DEPARTMENTS).with(
                Language::Graphql,
                "operation",
                text,
            )
        };
        texts.iter().map(of).collect()
    });
}

#[test]
fn requests() {
    deep("requests", |depth| {
        let post = |body: String| {
            Input::one(Language::Plain, "target", "POST /graphql")
                .with(Language::Plain, "headers", "content-type: application/json")
                .with(Language::Json, "body", body)
        };
        let [list, object, ..] = json(depth);
        vec![
            post(list.clone()),
            post(format!(
                "{{\"query\": \"{{ __typename }}\", \"variables\": {{\"a\": {object}}}}}"
            )),
            post(format!(
                "{{\"query\": \"query ($a: [String]) {{ __typename @include(if: true) }}\", \"variables\": {{\"a\": {list}}}}}"
            )),
            post(format!(
                "{{\"a\": {object}, \"query\": \"{{ __typename }}\", \"extensions\": {{\"a\": {list}}}}}"
            )),
        ]
    });
}

#[test]
fn settings() {
    deep("settings", |depth| {
        let texts = [
            nest("listen = ", "[", "1", "]", "", depth),
            nest("a = ", "{ a = ", "1", "}", "", depth),
            nest("[connector.a.config]\na = ", "{ a = ", "1", "}", "", depth),
            nest("[connector.a.config", ".a", "", "", "]\nb = 1", depth),
            nest("a", ".a", "", "", " = 1", depth),
            nest("[connector.a.config]\na = ", "[", "1", "]", "", depth),
        ];
        let of = |text: &String| {
            Input::one(Language::Toml, "sangam", text).with(Language::Toml, "connector", text)
        };
        texts.iter().map(of).collect()
    });
}
