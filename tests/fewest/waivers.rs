//! The known exceptions with their reasons: `waivers.toml`.

use std::path::Path;

use serde::Deserialize;

use super::measure::Cost;
use super::search::{Found, Without};

#[derive(Deserialize)]
pub(super) struct Waivers {
    #[serde(default)]
    waiver: Vec<Waiver>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Waiver {
    /// What there is more of: `steps`, `calls` or `hops`.
    what: String,
    /// What the planner does not do: without it, the search finds no better plan. A waiver without such a reason covers a
    /// few plans only, as `per_thousand` says.
    #[serde(default)]
    without: Vec<Rule>,
    /// The most plans of a thousand that need it.
    per_thousand: usize,
    reason: String,
    /// The number of plans that have needed it.
    #[serde(skip)]
    used: usize,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Rule {
    SeveralServices,
}

impl Waiver {
    fn covers(&self, plan: &Cost, fewest: &impl Fn(Without) -> Found) -> bool {
        if self.without.is_empty() {
            return true;
        }
        let without = Without {
            several_services: self.without.contains(&Rule::SeveralServices),
        };
        match fewest(without) {
            Found::Fewest(cost) => *plan <= cost,
            Found::Impossible => true,
            Found::TooLarge => false,
        }
    }
}

impl Waivers {
    pub(super) fn read() -> Waivers {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fewest/waivers.toml");
        let waivers: Waivers = toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        for waiver in &waivers.waiver {
            assert!(
                !waiver.reason.trim().is_empty(),
                "{}: no reason",
                waiver.what
            );
        }
        waivers
    }

    /// Whether an exception has a reason: `fewest` searches plans without what a waiver names.
    pub(super) fn covers(
        &mut self,
        what: &str,
        plan: &Cost,
        fewest: impl Fn(Without) -> Found,
    ) -> bool {
        let mut all = self.waiver.iter_mut();
        let found = all.find(|waiver| waiver.what == what && waiver.covers(plan, &fewest));
        if let Some(waiver) = found {
            waiver.used += 1;
            return true;
        }
        false
    }

    /// The waivers that no plan has needed, and those that too many of these plans have needed.
    pub(super) fn wrong(&self, plans: usize) -> Vec<&str> {
        let wrong = self.waiver.iter().filter(|waiver| {
            let most = (waiver.per_thousand * plans).div_ceil(1_000);
            waiver.used == 0 || waiver.used > most
        });
        wrong.map(|waiver| waiver.reason.as_str()).collect()
    }

    /// The reasons, each with the number of its plans.
    pub(super) fn counts(&self) -> impl Iterator<Item = (usize, &str)> {
        self.waiver
            .iter()
            .map(|waiver| (waiver.used, waiver.reason.as_str()))
    }
}
