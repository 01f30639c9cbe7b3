//! Scores and ranks: computed from the figures for the monthly editions, and published for the others.
//!
//! An indicator is normalised by min–max over the districts with a value (1 for all if the values are equal). A sector is
//! the weighted sum of its indicators, the composite the mean of the sectors, on a scale of 10. Indicators without a value
//! are left out, and the weights of the others are scaled up.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::catalogue::{CATALOGUE, Catalogue, Edition, Indicator, read_figure};

/// One district in one edition.
#[derive(Default)]
pub(super) struct Score {
    pub(super) composite: Option<f64>,
    pub(super) rank: Option<u32>,
    /// By sector, on a scale of 10.
    pub(super) sectors: HashMap<&'static str, f64>,
    /// Indicators with a value, the weakest first.
    pub(super) indicators: Vec<Measured>,
}

/// One indicator of one district.
pub(super) struct Measured {
    pub(super) indicator: &'static Indicator,
    /// In the indicator's unit.
    pub(super) value: f64,
    /// From 0, the worst of the districts, to 1, the best.
    pub(super) normalised: f64,
}

/// By edition and district.
static SCORES: LazyLock<HashMap<(&'static str, u32), Score>> = LazyLock::new(|| {
    let catalogue: &'static Catalogue = &CATALOGUE;
    let mut scores = HashMap::new();
    for edition in &catalogue.editions {
        let of_edition = if edition.month().is_some() {
            computed(catalogue, edition)
        } else {
            published(catalogue, edition)
        };
        scores.extend(
            of_edition
                .into_iter()
                .map(|(district, score)| ((edition.code.as_str(), district), score)),
        );
    }
    scores
});

/// The score of a district in an edition.
pub(super) fn score(edition: &'static Edition, district: u32) -> Option<&'static Score> {
    SCORES.get(&(edition.code.as_str(), district))
}

fn published(catalogue: &Catalogue, edition: &Edition) -> HashMap<u32, Score> {
    let rows = catalogue
        .published
        .iter()
        .filter(|row| row.edition == edition.code);
    rows.map(|row| {
        (
            row.district,
            Score {
                composite: row.composite,
                rank: row.rank,
                ..Score::default()
            },
        )
    })
    .collect()
}

fn computed(catalogue: &'static Catalogue, edition: &'static Edition) -> HashMap<u32, Score> {
    let mut scores: HashMap<u32, Score> = HashMap::new();
    for indicator in catalogue.indicators_of(edition) {
        let values: Vec<_> = catalogue
            .districts
            .iter()
            .filter_map(|district| {
                Some((
                    district.lgd,
                    value(catalogue, edition, indicator, district.lgd)?,
                ))
            })
            .collect();
        for (district, measured) in normalise(indicator, &values) {
            scores
                .entry(district)
                .or_default()
                .indicators
                .push(measured);
        }
    }
    for score in scores.values_mut() {
        weigh(catalogue, score);
    }
    rank(&mut scores);
    scores
}

/// The value of an indicator, if all its figures exist.
fn value(
    catalogue: &Catalogue,
    edition: &Edition,
    indicator: &Indicator,
    district: u32,
) -> Option<f64> {
    let figures: Option<Vec<f64>> = catalogue
        .points_of(indicator)
        .map(|point| {
            catalogue
                .figure(edition, district, point)
                .and_then(read_figure)
        })
        .collect();
    let value = match (indicator.formula.as_str(), figures?.as_slice()) {
        ("growth", [now, before]) => (now - before) / before * 100.0,
        ("ratio", [part, whole]) => part / whole * 100.0,
        ("split", [one, other, whole]) => (one + other) / whole * 100.0,
        _ => return None,
    };
    value.is_finite().then_some(value)
}

fn normalise(indicator: &'static Indicator, values: &[(u32, f64)]) -> Vec<(u32, Measured)> {
    let min = values
        .iter()
        .map(|(_, value)| *value)
        .fold(f64::INFINITY, f64::min);
    let max = values
        .iter()
        .map(|(_, value)| *value)
        .fold(f64::NEG_INFINITY, f64::max);
    let share = |value: f64| match indicator.direction.as_str() {
        _ if max <= min => 1.0,
        "N" => (max - value) / (max - min),
        _ => (value - min) / (max - min),
    };
    values
        .iter()
        .map(|&(district, value)| {
            (
                district,
                Measured {
                    indicator,
                    value,
                    normalised: share(value),
                },
            )
        })
        .collect()
}

/// Computes sectors and composite from the normalised indicators, and sorts these.
fn weigh(catalogue: &'static Catalogue, score: &mut Score) {
    const SCALE: f64 = 10.0;
    for sector in &catalogue.sectors {
        let of_sector = || {
            score
                .indicators
                .iter()
                .filter(|measured| measured.indicator.sector == sector.code)
        };
        let weight: f64 = of_sector().map(|measured| measured.indicator.weight).sum();
        if weight > 0.0 {
            let sum: f64 = of_sector()
                .map(|measured| measured.indicator.weight * measured.normalised)
                .sum();
            score.sectors.insert(&sector.code, SCALE * sum / weight);
        }
    }
    let count = u32::try_from(score.sectors.len()).unwrap_or(u32::MAX);
    // Summed in the order of the sectors, so that the last digit does not depend on the order of a hash map.
    let sum: f64 = catalogue
        .sectors
        .iter()
        .filter_map(|sector| score.sectors.get(sector.code.as_str()))
        .sum();
    score.composite = (count > 0).then(|| sum / f64::from(count));
    score.indicators.sort_by(|a, b| {
        a.normalised
            .total_cmp(&b.normalised)
            .then_with(|| a.indicator.code.cmp(&b.indicator.code))
    });
}

/// Ranks from high to low; scores that are equal to four digits share a rank.
fn rank(scores: &mut HashMap<u32, Score>) {
    let printed = |score: &Score| {
        score
            .composite
            .map(|composite| (composite * 10_000.0).round())
    };
    let values: Vec<_> = scores.values().filter_map(printed).collect();
    for score in scores.values_mut() {
        score.rank = printed(score).map(|value| {
            let better = values.iter().filter(|other| **other > value).count();
            u32::try_from(better + 1).unwrap_or(u32::MAX)
        });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_monthly_edition_has_fifty_indicators_of_a_hundred_and_forty_figures() {
        let count = |code: &str| {
            let edition = CATALOGUE.edition(code).unwrap();
            let indicators: Vec<_> = CATALOGUE.indicators_of(edition).collect();
            let points: usize = indicators
                .iter()
                .map(|one| CATALOGUE.points_of(one).count())
                .sum();
            (indicators.len(), points)
        };
        assert_eq!(count("latest"), (50, 140));
        assert_eq!(count("dggi-4.0"), (58, 116));
        assert_eq!(CATALOGUE.edition("latest").unwrap().code, "monthly-2026-10");
    }

    #[test]
    fn weights_of_a_sector_make_a_hundred() {
        for code in ["latest", "dggi-4.0"] {
            let edition = CATALOGUE.edition(code).unwrap();
            for sector in &CATALOGUE.sectors {
                let of_sector = CATALOGUE
                    .indicators_of(edition)
                    .filter(|indicator| indicator.sector == sector.code);
                let sum: f64 = of_sector.map(|indicator| indicator.weight).sum();
                assert!((sum - 100.0).abs() < 1e-9, "{code} {}: {sum}", sector.code);
            }
        }
    }

    #[test]
    fn a_composite_is_the_mean_of_its_sectors() {
        let edition = CATALOGUE.edition("latest").unwrap();
        let mut ranks = Vec::new();
        for district in &CATALOGUE.districts {
            let score = score(edition, district.lgd).unwrap();
            assert_eq!(score.sectors.len(), 10);
            let mean = score.sectors.values().sum::<f64>() / 10.0;
            assert!((score.composite.unwrap() - mean).abs() < 1e-9);
            assert!(
                score
                    .sectors
                    .values()
                    .all(|sector| (0.0..=10.0).contains(sector))
            );
            assert!(
                score
                    .indicators
                    .is_sorted_by(|a, b| a.normalised <= b.normalised)
            );
            ranks.push((score.rank.unwrap(), score.composite.unwrap()));
        }
        ranks.sort_by_key(|(rank, _)| *rank);
        assert_eq!(ranks[0].0, 1);
        assert!(ranks.is_sorted_by(|a, b| a.1 >= b.1));
    }

    #[test]
    fn normalising_minds_direction_and_equal_values() {
        let of = |direction: &str| {
            CATALOGUE
                .indicators
                .iter()
                .find(|one| one.direction == direction)
                .unwrap()
        };
        let shares = |direction: &str, values: &[(u32, f64)]| -> Vec<f64> {
            normalise(of(direction), values)
                .iter()
                .map(|(_, measured)| measured.normalised)
                .collect()
        };
        let values = [(1, 10.0), (2, 30.0), (3, 20.0)];
        assert_eq!(shares("P", &values), [0.0, 1.0, 0.5]);
        assert_eq!(shares("N", &values), [1.0, 0.0, 0.5]);
        assert_eq!(shares("P", &[(1, 7.0), (2, 7.0)]), [1.0, 1.0]);
    }

    #[test]
    fn figures_are_read_as_they_were_meant() {
        for (keyed, meant) in [
            ("1,24,356", Some(124_356.0)),
            (" 8083 ", Some(8083.0)),
            ("19.21%,", Some(19.21)),
            ("NA", None),
            ("", None),
        ] {
            assert_eq!(read_figure(keyed), meant);
        }
    }
}
