//! Runs many cases, counts those that are left out, and reports those that fail.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use super::case::{Case, Outcomes};
use super::coverage::Coverage;
use super::features::Features;
use super::operation::{Operation, operation};
use super::random::{Random, hash};
use super::server::Server;
use super::shrink::{Shrunk, shrink};
use super::waivers::Waivers;
use super::{features, generate, report};

/// Operations for each world of a waiver.
const OPERATIONS_OF_WAIVERS: u64 = 12;

#[derive(Debug, Default)]
struct Counts {
    worlds: usize,
    refused: BTreeMap<String, usize>,
    operations: usize,
    invalid: usize,
    calls: u64,
    /// The payloads of operations with `@defer` and `@stream`.
    parts: u64,
    /// How often elements of streamed lists have followed.
    items: u64,
    /// The operations whose difference is known.
    waived: usize,
    /// The worlds and the operations that have used each feature.
    features: BTreeMap<&'static str, (usize, usize)>,
    coverage: Coverage,
}

impl Counts {
    /// The table of `docs/long-runs.md`.
    fn table(&self) -> String {
        let refused: usize = self.refused.values().sum();
        let rows = [
            ("graphs", self.worlds),
            ("graphs that compose", self.worlds - refused),
            ("operations", self.operations),
            ("calls to subgraphs", self.calls as usize),
            (
                "payloads of operations with `@defer` and `@stream`",
                self.parts as usize,
            ),
            ("known differences", self.waived),
        ];
        let mut text = String::from("| | number |\n|---|---:|\n");
        for (what, number) in rows {
            let _ = writeln!(text, "| {what} | {number} |");
        }
        text.push_str("\n| feature | graphs | operations |\n|---|---:|---:|\n");
        for feature in features::ALL {
            let (worlds, operations) = self.features.get(feature).copied().unwrap_or_default();
            let _ = writeln!(text, "| {feature} | {worlds} | {operations} |");
        }
        text
    }
}

/// The operation of a world with this number; an invalid one is generated again.
fn nth_operation(case: &Case, number: usize, counts: &mut Counts) -> Option<Operation> {
    for turn in 0..6 {
        let texts = ["operation", &number.to_string(), &turn.to_string()];
        let seed = hash(case.world.seed, &texts);
        let made = operation(&case.world, &mut Random::new(seed));
        if case.is_valid(&made) {
            return Some(made);
        }
        counts.invalid += 1;
    }
    None
}

/// Runs so many operations on a world; returns the failures.
async fn world(
    server: &Server,
    (seed, operations): (u64, u64),
    counts: &mut Counts,
    waivers: &mut Waivers,
) -> Vec<String> {
    counts.worlds += 1;
    let case = match Case::new(server, generate::world(seed)) {
        Ok(case) => case,
        Err(codes) => {
            let code = codes.first().map(|(code, _)| code.clone());
            let code = code.unwrap_or_default();
            let text = codes.first().map(|(_, text)| text.clone());
            *counts.refused.entry(code.clone()).or_default() += 1;
            if ![
                "SATISFIABILITY_ERROR",
                "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES",
            ]
            .contains(&&*code)
            {
                return vec![format!("seed {seed}: {}", text.unwrap_or_default())];
            }
            return Vec::new();
        }
    };
    counts.coverage.add(&case.world);
    let mut failures = Vec::new();
    let mut of_world = Features::new();
    for number in 0..operations as usize {
        let Some(operation) = nth_operation(&case, number, counts) else {
            continue;
        };
        counts.operations += 1;
        let used = features::used(&case.world, &operation);
        for feature in &used {
            counts.features.entry(feature).or_default().1 += 1;
        }
        of_world.extend(&used);
        if let Outcomes::Different(found) = case.run(&operation, number % 3 == 0).await {
            if waivers.waive(&found.what, &used) {
                counts.waived += 1;
                continue;
            }
            let failing = Shrunk {
                case: Case::new(server, case.world.clone()).ok().unwrap(),
                operation,
                found,
            };
            let small = shrink(server, failing).await;
            let file = report::write(&small, number);
            failures.push(format!(
                "seed {seed}, operation {number}: {}\n  {}\n{}",
                small.found.what,
                file.display(),
                small.operation.text()
            ));
        }
    }
    for feature in of_world {
        counts.features.entry(feature).or_default().0 += 1;
    }
    counts.calls += case.calls();
    counts.parts += case.parts();
    counts.items += case.items();
    failures
}

/// So many worlds are a long run, in which everything occurs.
const LONG: usize = 500;

/// The percentage of worlds that may be left out because they do not compose.
const MOST_REFUSED: usize = 20;

/// Runs worlds until the time is over; fails with all failures.
async fn all(seeds: impl Iterator<Item = u64>, most: Duration) -> Counts {
    let server = Server::start().await;
    let begun = Instant::now();
    let mut counts = Counts::default();
    let mut failures = Vec::new();
    let mut waivers = Waivers::read();
    let operations = number("MONOLITH_OPERATIONS", 8);
    for seed in seeds {
        if begun.elapsed() > most {
            break;
        }
        let case = (seed, operations);
        failures.extend(world(&server, case, &mut counts, &mut waivers).await);
    }
    println!("{counts:?} in {:?}", begun.elapsed());
    if counts.worlds >= LONG {
        println!("{}", counts.table());
        for seed in waivers.seeds() {
            let case = (seed, OPERATIONS_OF_WAIVERS);
            failures.extend(world(&server, case, &mut counts, &mut waivers).await);
        }
        let unused = waivers.unused();
        assert!(
            unused.is_empty(),
            "waivers without a difference: {unused:?}"
        );
    }
    assert!(
        failures.is_empty(),
        "{} failures:\n{}",
        failures.len(),
        failures.join("\n")
    );
    counts
}

fn number(name: &str, default: u64) -> u64 {
    let given = std::env::var(name).ok();
    given.map_or(default, |text| text.parse().unwrap())
}

#[test]
async fn gateway_and_monolith_agree() {
    let (first, worlds) = (number("MONOLITH_SEED", 1), number("MONOLITH_WORLDS", 40));
    let most = Duration::from_secs(number("MONOLITH_SECONDS", 120));
    let counts = all(first..first + worlds, most).await;
    if counts.worlds >= LONG {
        let lacking = counts.coverage.lacking();
        assert!(lacking.is_empty(), "no world has {lacking:?}");
        let unused = |feature: &&str| !counts.features.contains_key(feature);
        let unused: Vec<&str> = features::ALL.into_iter().filter(unused).collect();
        assert!(unused.is_empty(), "no operation uses {unused:?}");
    }
    if counts.worlds >= 20 {
        let refused: usize = counts.refused.values().sum();
        assert!(refused * 100 <= counts.worlds * MOST_REFUSED, "{counts:?}");
        assert!(counts.operations >= counts.worlds * 3, "{counts:?}");
        assert!(counts.calls > counts.operations as u64, "{counts:?}");
        assert!(counts.parts > counts.operations as u64, "{counts:?}");
        assert!(counts.items > 0, "{counts:?}");
    }
}

/// Worlds that have failed once: their seeds are the first words of the files in `seeds`.
#[test]
async fn worlds_that_have_failed_once() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/monolith/seeds");
    let mut seeds = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let first = text.split_whitespace().next().unwrap();
        seeds.push(first.parse::<u64>().unwrap());
    }
    seeds.sort_unstable();
    assert!(!seeds.is_empty());
    all(seeds.into_iter(), Duration::from_secs(120)).await;
}
