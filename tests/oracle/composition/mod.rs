//! Compares composition with an independent composer (`compose.mjs`).
//!
//! Both compose every set of subgraphs. They must agree on whether it composes. If it does, each must read the supergraph of
//! the other, the public schema must be the same in all cases, and the same operations must have the same plans. Intended
//! differences are in `waivers.toml`, with reasons; an unused waiver fails the test. Different codes for refused sets are
//! only listed.
//!
//! `COMPOSITION_ORACLE` names the folder where `npm ci` was run; `COMPOSITION_ORACLE_SEEDS` says how many sets to
//! generate (or which: `700..900`), and `COMPOSITION_ORACLE_WORLDS` how many worlds of `tests/monolith` to take.

mod compare;
mod generate;
mod model;
mod mutate;
mod operations;
mod ours;
mod sets;
mod sorted;
mod theirs;
mod waivers;
mod worlds;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use ours::Ours;
use sets::{Origin, Set};
use waivers::Waivers;

/// The seeds of generated sets, unless the environment gives others.
const SEEDS: Range<u64> = 0..60;

/// The seeds of worlds, unless the environment gives others.
const WORLDS: Range<u64> = 0..40;

#[test]
#[ignore = "needs a composer from the npm registry: scripts/oracle-composition runs it"]
fn composition_agrees_with_an_independent_composer() {
    let folder = std::env::var_os("COMPOSITION_ORACLE").expect("COMPOSITION_ORACLE, by the script");
    let written = sets::written();
    assert!(written.len() >= 100, "only {} sets found", written.len());
    let generated = seeds("COMPOSITION_ORACLE_SEEDS", SEEDS).map(generate::set);
    let worlds = seeds("COMPOSITION_ORACLE_WORLDS", WORLDS).flat_map(worlds::sets);
    let sets: Vec<Set> = written.into_iter().chain(generated).chain(worlds).collect();
    let ours: Vec<Ours> = sets.iter().map(Ours::compose).collect();
    let theirs = theirs::compose(&PathBuf::from(folder), &sets, &ours);
    assert_eq!(sets.len(), theirs.len(), "the oracle ended early");

    let mut waivers = Waivers::read();
    let mut counts = Counts::default();
    let mut wrong = Vec::new();
    for ((set, ours), theirs) in sets.iter().zip(&ours).zip(&theirs) {
        let outcome = compare::compare(set, ours, theirs);
        counts.add(set.origin, &outcome);
        for difference in outcome.differences {
            if waivers.covers(set, &difference) {
                counts.waived += 1;
            } else {
                wrong.push(format!("## {}: {difference}\n{set}", set.name));
            }
        }
    }
    eprintln!("{counts}");
    assert!(
        wrong.is_empty(),
        "{} differences without a waiver:\n\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    let unused = waivers.unused();
    assert!(
        unused.is_empty(),
        "waivers that nothing needs:\n{}",
        unused.join("\n")
    );
}

fn seeds(variable: &str, default: Range<u64>) -> Range<u64> {
    let Ok(text) = std::env::var(variable) else {
        return default;
    };
    let (from, to) = text.split_once("..").unwrap_or(("0", &text));
    from.parse().expect("a number")..to.parse().expect("a number")
}

/// The results of a run.
#[derive(Debug, Default)]
struct Counts {
    origins: BTreeMap<Origin, OfOrigin>,
    plans: usize,
    waived: usize,
    /// Different codes of sets that both refuse: ours, theirs, and how often.
    codes: BTreeMap<(String, String), usize>,
}

/// Sets of one origin.
#[derive(Debug, Default)]
struct OfOrigin {
    sets: usize,
    accepted: usize,
    refused: usize,
}

impl Counts {
    fn add(&mut self, origin: Origin, outcome: &compare::Outcome) {
        let of_origin = self.origins.entry(origin).or_default();
        of_origin.sets += 1;
        of_origin.accepted += usize::from(outcome.accepted);
        of_origin.refused += usize::from(outcome.refused);
        self.plans += outcome.plans;
        if let Some(codes) = &outcome.codes {
            *self.codes.entry(codes.clone()).or_default() += 1;
        }
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (origin, of_origin) in &self.origins {
            let OfOrigin {
                sets,
                accepted,
                refused,
            } = of_origin;
            writeln!(
                f,
                "{origin:?}: {sets} sets of subgraphs: {accepted} composed by both, {refused} refused by both"
            )?;
        }
        writeln!(
            f,
            "{} plans compared; {} differences waived",
            self.plans, self.waived
        )?;
        for ((ours, theirs), count) in &self.codes {
            writeln!(
                f,
                "  refused with other codes, {count} times: {ours} here, {theirs} there"
            )?;
        }
        Ok(())
    }
}
