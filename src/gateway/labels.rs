//! Decides the `@override` labels of a request: which subgraph resolves an overridden field.
//!
//! `percent(n)`, and a label with a percentage in the settings, are drawn at random. Any other label is on only if the
//! settings say so. A request draws each label of its plan once ([`Conditions`](crate::plan::Conditions)), before the cache
//! lookup: all its fields see the same outcome.

use std::collections::BTreeMap;

use crate::config::Percentage;

/// How the labels of a request are drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Draw {
    /// At random, for each label independently.
    #[default]
    Random,
    /// Every label draws this number, from 0 to below 100; a label is on when its percentage is greater.
    At(f64),
}

impl Draw {
    fn falls_below(self, percentage: f64) -> bool {
        let at = match self {
            Draw::Random => rand::random::<f64>() * 100.0,
            Draw::At(at) => at,
        };
        at < percentage
    }
}

/// Draws a label.
pub(super) fn is_on(label: &str, settings: &BTreeMap<String, Percentage>, draw: Draw) -> bool {
    let set = settings.get(label).map(|percentage| percentage.0);
    draw.falls_below(percent(label).or(set).unwrap_or_default())
}

/// The number in `percent(n)`.
fn percent(label: &str) -> Option<f64> {
    let digits = label.strip_prefix("percent(")?.strip_suffix(')')?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(label: &str, draw: Draw) -> bool {
        let settings = [("on", 100.0), ("some", 25.0), ("off", 0.0)];
        let settings = settings.map(|(name, percent)| (name.to_owned(), Percentage(percent)));
        is_on(label, &BTreeMap::from(settings), draw)
    }

    #[test]
    fn decides() {
        for draw in [Draw::Random, Draw::At(0.0), Draw::At(99.9)] {
            assert!(drawn("on", draw));
            assert!(!drawn("off", draw));
            assert!(!drawn("unknown", draw));
            assert!(drawn("percent(100)", draw));
            assert!(!drawn("percent(0)", draw));
        }
        assert!(drawn("percent(12.5)", Draw::At(12.4)));
        assert!(!drawn("percent(12.5)", Draw::At(12.5)));
        assert!(drawn("some", Draw::At(24.0)));
        assert!(!drawn("some", Draw::At(25.0)));
    }

    #[test]
    fn falls_on_both_sides_in_the_long_run() {
        let hits = (0..1000).filter(|_| drawn("percent(50)", Draw::Random));
        assert!((300..700).contains(&hits.count()));
    }
}
