//! Composition held against an independent composer (`compose.mjs`).
//!
//! Every set of subgraphs is composed by both. They must agree on whether it composes; where it does, each must read the
//! supergraph that the other wrote, all ways must give the same public schema, and the same operations the same plans.
//! Where they differ on purpose, `waivers.toml` says why; a waiver that nothing needs any more fails the test. Codes
//! of refused sets may differ and are only listed.
//!
//! `COMPOSITION_ORACLE` names the folder where `npm ci` was run; `COMPOSITION_ORACLE_SEEDS` says how many sets to
//! generate (or which: `700..900`).

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

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use ours::Ours;
use sets::Set;
use waivers::Waivers;

/// How many sets are generated unless the environment says otherwise.
const SEEDS: Range<u64> = 0..60;

#[test]
#[ignore = "needs a composer from the npm registry: scripts/oracle-composition runs it"]
fn composition_agrees_with_an_independent_composer() {
    let folder = std::env::var_os("COMPOSITION_ORACLE").expect("COMPOSITION_ORACLE, by the script");
    let written = sets::written();
    assert!(written.len() >= 100, "only {} sets found", written.len());
    let generated = seeds().map(generate::set);
    let sets: Vec<Set> = written.into_iter().chain(generated).collect();
    let ours: Vec<Ours> = sets.iter().map(Ours::compose).collect();
    let theirs = theirs::compose(&PathBuf::from(folder), &sets, &ours);
    assert_eq!(sets.len(), theirs.len(), "the oracle ended early");

    let mut waivers = Waivers::read();
    let mut counts = Counts::default();
    let mut wrong = Vec::new();
    for ((set, ours), theirs) in sets.iter().zip(&ours).zip(&theirs) {
        let outcome = compare::compare(set, ours, theirs);
        counts.add(&outcome);
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

fn seeds() -> Range<u64> {
    let Ok(text) = std::env::var("COMPOSITION_ORACLE_SEEDS") else {
        return SEEDS;
    };
    let (from, to) = text.split_once("..").unwrap_or(("0", &text));
    from.parse().expect("a number")..to.parse().expect("a number")
}

/// What the run came to.
#[derive(Debug, Default)]
struct Counts {
    sets: usize,
    generated: usize,
    accepted: usize,
    refused: usize,
    plans: usize,
    waived: usize,
    /// Codes that differ in sets that both refuse: ours, theirs, how often.
    codes: BTreeMap<(String, String), usize>,
}

impl Counts {
    fn add(&mut self, outcome: &compare::Outcome) {
        self.sets += 1;
        self.generated += usize::from(outcome.generated);
        self.accepted += usize::from(outcome.accepted);
        self.refused += usize::from(outcome.refused);
        self.plans += outcome.plans;
        if let Some(codes) = &outcome.codes {
            *self.codes.entry(codes.clone()).or_default() += 1;
        }
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{} sets of subgraphs ({} written, {} generated): {} composed by both, {} refused by both; {} plans \
             compared; {} differences waived",
            self.sets,
            self.sets - self.generated,
            self.generated,
            self.accepted,
            self.refused,
            self.plans,
            self.waived
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
