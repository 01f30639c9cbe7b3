//! Runs many graphs, and reports the smallest exceptions.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use sangam::config::Settings;
use sangam::graph::compose;
use sangam::graph::query::QueryGraph;

use super::graph::{Graph, graph};
use super::measure::{Cost, cost};
use super::operation::{Node, operation};
use super::print::sdl;
use super::search::{Found, Without, fewest};
use super::waivers::Waivers;
use crate::monolith::random::{Random, hash};
use crate::plans::{compiler, first, subgraph};

/// Operations on each graph.
const OPERATIONS: u64 = 4;

#[derive(Debug, Default)]
struct Counts {
    graphs: usize,
    refused: usize,
    /// The graphs with an operation whose fewest calls are known.
    compared: usize,
    operations: usize,
    too_large: usize,
    equal: usize,
    waived: usize,
    /// The operations by their fewest calls.
    by_calls: BTreeMap<usize, usize>,
}

/// The SDL of all services.
fn texts(graph: &Graph) -> Vec<(String, String)> {
    let all = (0..graph.services).filter_map(|service| {
        let sdl = sdl(graph, service)?;
        Some((format!("s{service}"), sdl))
    });
    all.collect()
}

/// What a plan has more of than necessary, and the case as text.
type Exception = (&'static str, String);

/// What a plan has more of than necessary.
fn more_of(plan: &Cost, fewest: &Cost) -> Option<&'static str> {
    let Cost { steps, calls, hops } = *fewest;
    match () {
        () if plan.steps > steps => Some("steps"),
        () if plan.calls > calls => Some("calls"),
        () if plan.hops > hops => Some("hops"),
        () => None,
    }
}

fn report(services: &[(String, String)], operation: &Node, texts: [String; 2]) -> String {
    let mut text = String::new();
    for (name, sdl) in services {
        let _ = writeln!(text, "```graphql subgraph {name}\n{sdl}```\n");
    }
    let [what, plan] = texts;
    let _ = writeln!(
        text,
        "```graphql operation\n{}\n```\n\n{what}\n\n```text plan\n{plan}```\n",
        operation.text()
    );
    text
}

/// Compares the plans of one graph; returns the exceptions without a waiver.
fn compare(seed: u64, counts: &mut Counts, waivers: &mut Waivers) -> Vec<Exception> {
    counts.graphs += 1;
    let graph = graph(&mut Random::new(hash(seed, &["fewest"])));
    let services = texts(&graph);
    let whole: String = services.iter().map(|(_, sdl)| sdl.as_str()).collect();
    let (composed, diagnostics) = compose(
        services
            .iter()
            .map(|(name, sdl)| subgraph(name, sdl))
            .collect(),
    );
    let Some(composed) = composed else {
        counts.refused += 1;
        let unexpected = diagnostics
            .iter()
            .filter(|d| d.is_error() && d.code.name != "SATISFIABILITY_ERROR");
        let texts: Vec<String> = unexpected.map(|d| d.to_text()).collect();
        assert!(
            texts.is_empty(),
            "seed {seed}: {}\n{whole}",
            texts.join("\n")
        );
        return Vec::new();
    };
    let query_graph = Arc::new(QueryGraph::new(&composed));
    let compiler = compiler(&composed, &query_graph, &Settings::default());
    let mut exceptions = Vec::new();
    let mut compared = false;
    for number in 0..OPERATIONS {
        let made = operation(
            &graph,
            &mut Random::new(hash(seed, &["operation", &number.to_string()])),
        );
        let best = match fewest(&graph, &made, Without::default()) {
            Found::Fewest(cost) => cost,
            Found::TooLarge => {
                counts.too_large += 1;
                continue;
            }
            Found::Impossible => panic!(
                "seed {seed}: the model has no way\n{}",
                report(&services, &made, [String::new(), String::new()])
            ),
        };
        let planned = match first(&compiler, &made.text()) {
            Ok(planned) => planned,
            Err(rejection) => {
                let what = format!("seed {seed}, {number}: refused: {rejection:?}");
                exceptions.push(("refused", report(&services, &made, [what, String::new()])));
                continue;
            }
        };
        compared = true;
        counts.operations += 1;
        *counts.by_calls.entry(best.calls).or_default() += 1;
        let own = cost(&planned.plan);
        let what = format!("seed {seed}, {number}: the plan has {own}; the fewest are {best}");
        let text = || {
            report(
                &services,
                &made,
                [what, sangam::plan::explain(&planned.plan, &query_graph)],
            )
        };
        if own == best {
            counts.equal += 1;
            continue;
        }
        assert!(own > best, "the model lacks a plan: {}", text());
        let more = more_of(&own, &best).unwrap_or_default();
        if waivers.covers(more, &own, |without| fewest(&graph, &made, without)) {
            counts.waived += 1;
        } else {
            exceptions.push((more, text()));
        }
    }
    counts.compared += usize::from(compared);
    exceptions
}

fn number(name: &str, default: u64) -> u64 {
    let given = std::env::var(name).ok();
    given.map_or(default, |text| text.parse().unwrap())
}

/// Writes the exceptions to a file, by their kind and size.
fn fail(mut exceptions: Vec<Exception>) {
    exceptions.sort_by_key(|(more, text)| (*more, text.len()));
    let mut by_kind: BTreeMap<&str, usize> = BTreeMap::new();
    for (more, _) in &exceptions {
        *by_kind.entry(more).or_default() += 1;
    }
    let texts: Vec<String> = exceptions
        .into_iter()
        .map(|(more, text)| format!("# More {more}\n\n{text}"))
        .collect();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join("fewest.md");
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(&file, texts.join("\n")).unwrap();
    panic!("{by_kind:?} without a waiver: {}", file.display());
}

#[test]
fn plans_have_the_fewest_calls() {
    let (seed, graphs) = (number("PLANS_SEED", 1), number("PLANS_GRAPHS", 60));
    let begun = Instant::now();
    let mut counts = Counts::default();
    let mut waivers = Waivers::read();
    let mut exceptions = Vec::new();
    for seed in seed..seed + graphs {
        exceptions.extend(compare(seed, &mut counts, &mut waivers));
    }
    println!("{counts:?} in {:?}", begun.elapsed());
    for (count, reason) in waivers.counts() {
        println!("{count}: {reason}");
    }
    if !exceptions.is_empty() {
        fail(exceptions);
    }
    assert!(counts.compared * 2 >= counts.graphs, "{counts:?}");
    if counts.graphs >= 1_000 {
        let wrong = waivers.wrong(counts.operations);
        assert!(
            wrong.is_empty(),
            "waivers that no plan or too many plans need: {wrong:?}"
        );
    }
}
