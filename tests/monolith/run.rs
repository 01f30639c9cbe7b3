//! Runs many cases, counts those that are left out, and reports those that fail.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::case::{Case, Outcomes};
use super::coverage::Coverage;
use super::operation::{Operation, operation};
use super::random::{Random, hash};
use super::server::Server;
use super::shrink::{Shrunk, shrink};
use super::{generate, report};

/// Operations for each world.
const OPERATIONS: usize = 8;

#[derive(Debug, Default)]
struct Counts {
    worlds: usize,
    refused: BTreeMap<String, usize>,
    operations: usize,
    invalid: usize,
    calls: u64,
    coverage: Coverage,
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

/// Runs a world; returns the failures.
async fn world(server: &Server, seed: u64, counts: &mut Counts) -> Vec<String> {
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
    for number in 0..OPERATIONS {
        let Some(operation) = nth_operation(&case, number, counts) else {
            continue;
        };
        counts.operations += 1;
        if let Outcomes::Different(found) = case.run(&operation, number % 3 == 0).await {
            let failing = Shrunk {
                case: Case::new(server, case.world.clone()).ok().unwrap(),
                operation,
                found,
            };
            let small = shrink(server, failing).await;
            let file = report::write(&small, number);
            failures.push(format!(
                "seed {seed}, operation {number}: {}\n  {}",
                small.found.what,
                file.display()
            ));
        }
    }
    counts.calls += case.calls();
    failures
}

/// The percentage of worlds that may be left out because they do not compose.
const MOST_REFUSED: usize = 20;

/// Runs worlds until the time is over; fails with all failures.
async fn all(seeds: impl Iterator<Item = u64>, most: Duration) -> Counts {
    let server = Server::start().await;
    let begun = Instant::now();
    let mut counts = Counts::default();
    let mut failures = Vec::new();
    for seed in seeds {
        if begun.elapsed() > most {
            break;
        }
        failures.extend(world(&server, seed, &mut counts).await);
    }
    println!("{counts:?} in {:?}", begun.elapsed());
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
    if counts.worlds >= 500 {
        let lacking = counts.coverage.lacking();
        assert!(lacking.is_empty(), "no world has {lacking:?}");
    }
    if counts.worlds >= 20 {
        let refused: usize = counts.refused.values().sum();
        assert!(refused * 100 <= counts.worlds * MOST_REFUSED, "{counts:?}");
        assert!(counts.operations >= counts.worlds * 3, "{counts:?}");
        assert!(counts.calls > counts.operations as u64, "{counts:?}");
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
