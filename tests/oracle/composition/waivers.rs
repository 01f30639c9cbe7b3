//! The known differences with their reasons: `waivers.toml`.

use std::path::Path;

use serde::Deserialize;

use super::compare::Difference;
use super::sets::Set;

/// The waivers, and which of them were used.
pub(super) struct Waivers {
    waivers: Vec<(Waiver, bool)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    waiver: Vec<Waiver>,
}

/// A difference that is intended, or a fault of the other composer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Waiver {
    /// The kind of the difference.
    kind: String,
    /// A code of the composer that refuses the set.
    code: Option<String>,
    /// A part of the text of the difference.
    text: Option<String>,
    /// A part of a subgraph of the set.
    given: Option<String>,
    /// The sets that have the difference; any set by default.
    #[serde(default)]
    sets: Vec<String>,
    reason: String,
}

impl Waivers {
    pub(super) fn read() -> Self {
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/composition/waivers.toml");
        let file: File = toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        for waiver in &file.waiver {
            assert!(
                !waiver.reason.trim().is_empty(),
                "{}: no reason",
                waiver.kind
            );
            let narrow = [&waiver.code, &waiver.text, &waiver.given];
            let wide = narrow.iter().all(|condition| condition.is_none()) && waiver.sets.is_empty();
            assert!(!wide, "{}: covers everything", waiver.kind);
        }
        Self {
            waivers: file
                .waiver
                .into_iter()
                .map(|waiver| (waiver, false))
                .collect(),
        }
    }

    /// Whether waivers cover a difference: for a refused set, each of its codes.
    pub(super) fn covers(&mut self, set: &Set, difference: &Difference) -> bool {
        let mut covered = false;
        for (waiver, used) in &mut self.waivers {
            if waiver.covers(set, difference) {
                *used = true;
                covered = true;
            }
        }
        covered
    }

    /// The unused waivers.
    pub(super) fn unused(&self) -> Vec<String> {
        let unused = self.waivers.iter().filter(|(_, used)| !used);
        unused
            .map(|(waiver, _)| format!("{}: {}", waiver.kind, waiver.reason))
            .collect()
    }
}

impl Waiver {
    fn covers(&self, set: &Set, difference: &Difference) -> bool {
        self.kind == difference.kind
            && self
                .code
                .as_ref()
                .is_none_or(|code| difference.codes.iter().eq([code]))
            && self
                .text
                .as_ref()
                .is_none_or(|text| difference.text.contains(text))
            && self.given.as_ref().is_none_or(|given| {
                let mut subgraphs = set.subgraphs.iter();
                subgraphs.any(|subgraph| subgraph.theirs.contains(given))
            })
            && (self.sets.is_empty() || self.sets.contains(&set.name))
    }
}
