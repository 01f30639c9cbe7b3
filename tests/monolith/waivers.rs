//! The known differences between the gateway and the monolith (`waivers.toml`).

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use super::features::Features;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Waivers {
    #[serde(default, rename = "waiver")]
    all: Vec<Waiver>,
    #[serde(skip)]
    used: BTreeSet<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Waiver {
    what: String,
    feature: String,
    /// A world with such a difference.
    seed: u64,
    reason: String,
}

impl Waivers {
    pub(crate) fn read() -> Waivers {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/monolith/waivers.toml");
        let text = std::fs::read_to_string(file).unwrap();
        toml::from_str(&text).unwrap()
    }

    /// A world for each, which has the difference unless it has been corrected.
    pub(crate) fn seeds(&self) -> Vec<u64> {
        self.all.iter().map(|waiver| waiver.seed).collect()
    }

    /// Whether a difference is known, of an operation with these features.
    pub(crate) fn waive(&mut self, what: &str, features: &Features) -> bool {
        let found = self.all.iter().position(|waiver| {
            what.contains(&waiver.what) && features.contains(waiver.feature.as_str())
        });
        self.used.extend(found);
        found.is_some()
    }

    /// The waivers that no difference has needed.
    pub(crate) fn unused(&self) -> Vec<&str> {
        let all = self.all.iter().enumerate();
        all.filter(|(number, _)| !self.used.contains(number))
            .map(|(_, waiver)| waiver.reason.as_str())
            .collect()
    }
}
