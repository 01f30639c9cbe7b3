//! Scores and ranks: computed from the figures for the monthly editions, and published for the others.
//!
//! An indicator is normalised by min–max over the districts with a value (1 for all if the values are equal). A sector is
//! the weighted sum of its indicators, the composite the mean of the sectors, on a scale of 10. Indicators without a value
//! are left out, and the weights of the others are scaled up; a sector without any is left out of the mean. Ranks go from high
//! to low; scores that are equal to four digits share one.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::catalogue::{CATALOGUE, Catalogue, District, Edition, Indicator, read_figure};

/// One district in one edition.
#[derive(Default)]
pub(super) struct Score {
    pub(super) composite: Option<f64>,
    pub(super) rank: Option<u32>,
    /// By sector.
    pub(super) sectors: HashMap<&'static str, Placed>,
    /// Indicators with a value, the weakest first.
    pub(super) indicators: Vec<Measured>,
}

impl Score {
    /// What was measured of an indicator, if it has a value.
    pub(super) fn measured(&self, indicator: &str) -> Option<&Measured> {
        self.indicators
            .iter()
            .find(|measured| measured.indicator.code == indicator)
    }
}

/// A score on a scale of 10, with its rank among the districts.
pub(super) struct Placed {
    pub(super) score: f64,
    pub(super) rank: u32,
}

/// One indicator of one district.
pub(super) struct Measured {
    pub(super) indicator: &'static Indicator,
    /// In the indicator's unit.
    pub(super) value: f64,
    /// From 0, the worst of the districts, to 1, the best.
    pub(super) normalised: f64,
    pub(super) rank: u32,
}

impl Measured {
    /// On a scale of 10.
    pub(super) fn score(&self) -> f64 {
        self.normalised * SCALE
    }
}

/// The mean of some districts.
pub(super) struct Mean {
    /// How many districts have a composite.
    pub(super) count: usize,
    pub(super) composite: Option<f64>,
    /// By sector, for those that have one.
    pub(super) sectors: HashMap<&'static str, f64>,
}

/// Indicators, sectors and composites go from 0 to this.
const SCALE: f64 = 10.0;

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

/// The mean of some districts in an edition.
pub(super) fn mean<'d>(
    edition: &'static Edition,
    districts: impl Iterator<Item = &'d District>,
) -> Mean {
    let scores: Vec<_> = districts
        .filter_map(|district| score(edition, district.lgd))
        .collect();
    let composites: Vec<_> = scores.iter().filter_map(|score| score.composite).collect();
    let sectors = CATALOGUE.sectors.iter().filter_map(|sector| {
        let of_sector = scores
            .iter()
            .filter_map(|score| Some(score.sectors.get(sector.code.as_str())?.score));
        Some((sector.code.as_str(), average(of_sector)?))
    });
    Mean {
        count: composites.len(),
        composite: average(composites.iter().copied()),
        sectors: sectors.collect(),
    }
}

/// The mean of some numbers; `None` if there are none.
pub(super) fn average(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0_u32, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / f64::from(count))
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
    rank_sectors(catalogue, &mut scores);
    rank_composites(&mut scores);
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
    let shares: Vec<f64> = values.iter().map(|(_, value)| share(*value)).collect();
    let scores = || shares.iter().map(|share| share * SCALE);
    values
        .iter()
        .zip(&shares)
        .map(|(&(district, value), &normalised)| {
            let rank = rank(normalised * SCALE, scores());
            (
                district,
                Measured {
                    indicator,
                    value,
                    normalised,
                    rank,
                },
            )
        })
        .collect()
}

/// Computes sectors and composite from the normalised indicators, and sorts these.
fn weigh(catalogue: &'static Catalogue, score: &mut Score) {
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
            let placed = Placed {
                score: SCALE * sum / weight,
                rank: 0,
            };
            score.sectors.insert(&sector.code, placed);
        }
    }
    let count = u32::try_from(score.sectors.len()).unwrap_or(u32::MAX);
    // Summed in the order of the sectors, so that the last digit does not depend on the order of a hash map.
    let sum: f64 = catalogue
        .sectors
        .iter()
        .filter_map(|sector| score.sectors.get(sector.code.as_str()))
        .map(|placed| placed.score)
        .sum();
    score.composite = (count > 0).then(|| sum / f64::from(count));
    score.indicators.sort_by(|a, b| {
        a.normalised
            .total_cmp(&b.normalised)
            .then_with(|| a.indicator.code.cmp(&b.indicator.code))
    });
}

fn rank_sectors(catalogue: &'static Catalogue, scores: &mut HashMap<u32, Score>) {
    for sector in &catalogue.sectors {
        let code = sector.code.as_str();
        let all: Vec<f64> = scores
            .values()
            .filter_map(|score| Some(score.sectors.get(code)?.score))
            .collect();
        for score in scores.values_mut() {
            if let Some(placed) = score.sectors.get_mut(code) {
                placed.rank = rank(placed.score, all.iter().copied());
            }
        }
    }
}

fn rank_composites(scores: &mut HashMap<u32, Score>) {
    let all: Vec<f64> = scores
        .values()
        .filter_map(|score| score.composite)
        .collect();
    for score in scores.values_mut() {
        score.rank = score
            .composite
            .map(|composite| rank(composite, all.iter().copied()));
    }
}

/// The rank of a score among all.
fn rank(score: f64, all: impl Iterator<Item = f64>) -> u32 {
    let score = printed(score);
    let better = all.filter(|other| printed(*other) > score).count();
    u32::try_from(better + 1).unwrap_or(u32::MAX)
}

/// A score as it is printed, with four digits.
pub(super) fn printed(score: f64) -> f64 {
    (score * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
mod tests;
