//! Composing and planning with growing numbers of connectors: each folder is a subgraph of its own that gives one field
//! to a type that all share, and the operation asks for all of these fields.

use std::error::Error;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Instant;

use sangam::config::Settings;
use sangam::connector::{Diagnostic, Subgraph, read_sdl};
use sangam::graph::compose;
use sangam::graph::query::QueryGraph;
use sangam::operation::Compiler;

use super::median_of;

const COUNTS: [usize; 3] = [10, 100, 1_000];

/// How often each is done.
const TIMES: usize = 11;

/// What is done, and its medians in milliseconds.
type Line = (&'static str, Vec<f64>);

pub(super) fn measure() -> Result<[Line; 2], Box<dyn Error>> {
    let (mut composing, mut planning) = (Vec::new(), Vec::new());
    for count in COUNTS {
        let subgraphs = subgraphs(count)?;
        let operation = operation(count);
        let (mut composed, mut planned) = (Vec::new(), Vec::new());
        for _ in 0..TIMES {
            let subgraphs = subgraphs.clone();
            let begun = Instant::now();
            let compiler = compiler(subgraphs)?;
            composed.push(begun.elapsed());
            let begun = Instant::now();
            plan(&compiler, &operation, count)?;
            planned.push(begun.elapsed());
        }
        composing.push(median_of(composed));
        planning.push(median_of(planned));
    }
    Ok([
        ("composing so many connectors, ms", composing),
        ("planning over so many connectors, ms", planning),
    ])
}

fn subgraphs(count: usize) -> Result<Vec<Subgraph>, Box<dyn Error>> {
    (0..count)
        .map(|number| {
            let name = format!("c{number}");
            let (subgraph, diagnostics) = read_sdl(&name, &name, &sdl(number));
            subgraph.ok_or_else(|| said(&diagnostics).into())
        })
        .collect()
}

/// The first connector lists the rows, each gives them one field.
fn sdl(number: usize) -> String {
    let rows = match number {
        0 => {
            r#"type Query { rows: [Row!] @connect(source: "s", http: { GET: "/rows" }, selection: "id") }"#
        }
        _ => "",
    };
    format!(
        r#"extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @source(name: "s", http: {{ baseURL: "https://c{number}.example" }})
{rows}
type Row @key(fields: "id")
  @connect(source: "s", http: {{ GET: "/rows/{{$this.id}}" }}, selection: "id f{number}: value") {{
  id: ID!
  f{number}: Int
}}
"#
    )
}

fn operation(count: usize) -> String {
    let mut text = String::from("{ rows { id");
    for number in 0..count {
        let _ = write!(text, " f{number}");
    }
    text.push_str(" } }");
    text
}

fn compiler(subgraphs: Vec<Subgraph>) -> Result<Compiler, Box<dyn Error>> {
    let (composed, diagnostics) = compose(subgraphs);
    let composed = composed.ok_or_else(|| said(&diagnostics))?;
    let graph = Arc::new(QueryGraph::new(&composed));
    Ok(Compiler::new(
        Arc::new(composed.api),
        graph,
        &Settings::default(),
    ))
}

/// Parsing and validating an operation is part of it, as it is for the gateway.
fn plan(compiler: &Compiler, operation: &str, count: usize) -> Result<(), Box<dyn Error>> {
    let compiled = compiler.compile(operation, None);
    let compiled = compiled.map_err(|rejection| format!("{count} connectors: {rejection}"))?;
    match compiled.plan.fetches.len() {
        fetches if fetches == count + 1 => Ok(()),
        fetches => Err(format!("{count} connectors are asked in {fetches} fetches").into()),
    }
}

fn said(diagnostics: &[Diagnostic]) -> String {
    let texts: Vec<String> = diagnostics.iter().map(Diagnostic::to_text).collect();
    texts.join("\n")
}
