//! The work of planning, in counted steps, independent of time.

use std::fmt::Write;

use sangam::config::{ByteSize, Limits, Settings};
use sangam::connector::Subgraph;
use sangam::errors::code;

use super::{compiler, first, graph, subgraph};

/// A type with `count` connectors, each with one field of it, and an operation that selects all of them.
fn many(count: usize) -> (String, String) {
    let mut sdl = String::from(
        r#"extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @source(name: "s", http: { baseURL: "https://s.example" })
type Query { rows: [Row!] @connect(source: "s", http: { GET: "/rows" }, selection: "id") }
"#,
    );
    let (mut connects, mut fields, mut asked) = (String::new(), String::new(), String::new());
    for number in 0..count {
        let _ = writeln!(
            connects,
            r#"  @connect(source: "s", http: {{ GET: "/f{number}/{{$this.id}}" }}, selection: "id f{number}")"#
        );
        let _ = write!(fields, " f{number}: Int");
        let _ = write!(asked, " f{number}");
    }
    let _ = write!(
        sdl,
        "type Row @key(fields: \"id\")\n{connects} {{ id: ID!{fields} }}"
    );
    (sdl, format!("{{ rows {{{asked} }} }}"))
}

/// The same with a connector per field: each adds a field to a type that the first one lists.
fn folders(count: usize) -> (Vec<Subgraph>, String) {
    let mut asked = String::new();
    let folders = (0..count).map(|number| {
        let rows = match number {
            0 => {
                r#"type Query { rows: [Row!] @connect(source: "s", http: { GET: "/rows" }, selection: "id") }"#
            }
            _ => "",
        };
        let _ = write!(asked, " f{number}");
        let sdl = format!(
            r#"extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @source(name: "s", http: {{ baseURL: "https://c{number}.example" }})
{rows}
type Row @key(fields: "id")
  @connect(source: "s", http: {{ GET: "/rows/{{$this.id}}" }}, selection: "id f{number}") {{ id: ID! f{number}: Int }}
"#
        );
        subgraph(&format!("c{number}"), &sdl)
    });
    let folders = folders.collect();
    (folders, format!("{{ rows {{{asked} }} }}"))
}

/// The smallest limit, to within 2%, at which an operation is planned.
fn fewest(subgraphs: Vec<Subgraph>, operation: &str, settings: fn(usize) -> Settings) -> usize {
    let (composed, graph) = graph(subgraphs);
    let plans = |limit: usize| {
        let compiler = compiler(&composed, &graph, &settings(limit));
        first(&compiler, operation).is_ok()
    };
    let (mut low, mut high) = (0, 100);
    while !plans(high) {
        assert!(high < 100_000_000, "no end");
        (low, high) = (high, high * 2);
    }
    while high - low > high / 50 {
        let middle = low.midpoint(high);
        if plans(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

/// Settings that no case reaches, except for the limit that the case tests.
fn settings(change: impl FnOnce(&mut Limits)) -> Settings {
    let mut settings = Settings::default();
    settings.limits.document_bytes = ByteSize(1_000_000);
    settings.limits.depth = 100;
    settings.limits.plan_selections = 100_000;
    settings.limits.plan_steps = 2_000_000;
    change(&mut settings.limits);
    settings
}

fn steps(steps: usize) -> Settings {
    settings(|limits| limits.plan_steps = steps)
}

fn selections(selections: usize) -> Settings {
    settings(|limits| limits.plan_selections = selections)
}

#[test]
fn ten_times_the_connectors_are_ten_times_the_steps() {
    let of = |count| {
        let (sdl, operation) = many(count);
        fewest(vec![subgraph("many", &sdl)], &operation, steps)
    };
    let (few, more) = (of(100), of(1_000));
    assert!(more < few * 13, "{few} steps for 100, {more} for 1000");
}

#[test]
fn ten_times_the_folders_are_ten_times_the_steps() {
    for settings in [steps, selections] {
        let of = |count| {
            let (subgraphs, operation) = folders(count);
            fewest(subgraphs, &operation, settings)
        };
        let (few, more) = (of(100), of(1_000));
        assert!(more < few * 13, "{few} for 100 folders, {more} for 1000");
    }
}

/// Interfaces within interfaces: the plan of an adversarial operation grows with every level.
fn nested(types: usize, depth: usize) -> (Vec<Subgraph>, String) {
    let mut sdl =
        String::from("type Query { node: Node }\ninterface Node { id: ID! next: Node }\n");
    let mut other = String::from("interface Node { id: ID! next: Node }\n");
    for number in 0..types {
        let _ = writeln!(
            sdl,
            "type T{number} implements Node @key(fields: \"id\") {{ id: ID! next: Node @external }}"
        );
        let _ = writeln!(
            other,
            "type T{number} implements Node @key(fields: \"id\") {{ id: ID! next: Node }}"
        );
    }
    let mut operation = String::from("id");
    for _ in 0..depth {
        operation = format!("next {{ {operation} }}");
    }
    let subgraphs = vec![subgraph("a", &sdl), subgraph("b", &other)];
    (subgraphs, format!("{{ node {{ {operation} }} }}"))
}

/// The result of each case is the number of fetches and the steps that planning needs, or a refusal by the default budget.
/// The parts of a plan cost steps too, so that one bound limits time and memory.
#[test]
fn an_adversarial_operation_is_planned_or_refused_by_its_steps() {
    let default = Limits::default().plan_steps;
    let cases = [
        (12, 14, 40_000, Ok(13)),
        (12, 28, 80_000, Ok(13)),
        (40, 14, 524_288, Ok(41)),
        (100, 14, default, Err(code::PLAN_TOO_COMPLEX)),
    ];
    for (types, depth, steps, expected) in cases {
        let (subgraphs, operation) = nested(types, depth);
        let (composed, graph) = graph(subgraphs);
        let within = |limit| {
            let compiler = compiler(&composed, &graph, &self::steps(limit));
            let operation = first(&compiler, &operation);
            operation.map_err(|rejection| rejection.code)
        };
        let planned = within(steps);
        if let Ok(operation) = &planned {
            let plan = &operation.plan;
            let parts = plan.positions.len() + plan.fetches.len();
            assert!(parts <= steps, "{parts} parts for {steps} steps");
        }
        let fetches = planned.map(|operation| operation.plan.fetches.len());
        assert_eq!(fetches, expected, "{types} types, {depth} levels");
        let early = within(steps / 4).map(|operation| operation.plan.fetches.len());
        let message = "a quarter of the steps are too few";
        assert_eq!(
            early,
            Err(code::PLAN_TOO_COMPLEX),
            "{types}, {depth}: {message}"
        );
    }
}
