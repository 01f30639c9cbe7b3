//! Tests of the scores: that they agree with each other, and the rules by which they are computed.

#![allow(clippy::unwrap_used)]

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
        let sum: f64 = score.sectors.values().map(|placed| placed.score).sum();
        assert!((score.composite.unwrap() - sum / 10.0).abs() < 1e-9);
        for placed in score.sectors.values() {
            assert!((0.0..=10.0).contains(&placed.score));
            assert!((1..=20).contains(&placed.rank));
        }
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
    let ranks: Vec<u32> = normalise(of("N"), &values)
        .iter()
        .map(|(_, measured)| measured.rank)
        .collect();
    assert_eq!(ranks, [1, 3, 2]);
}

#[test]
fn equal_scores_share_a_rank() {
    let all = [7.0, 5.000_01, 5.0, 3.0];
    let ranks = all.map(|score| rank(score, all.into_iter()));
    assert_eq!(ranks, [1, 2, 2, 4]);
}

#[test]
fn the_mean_of_a_division_is_that_of_its_districts() {
    let edition = CATALOGUE.latest(None).unwrap();
    let jammu = || {
        CATALOGUE
            .districts
            .iter()
            .filter(|district| district.division == "JAMMU")
    };
    let mean = mean(edition, jammu());
    let composites = jammu().filter_map(|one| score(edition, one.lgd)?.composite);
    assert_eq!(mean.count, 10);
    assert_eq!(mean.composite, average(composites));
    assert_eq!(mean.sectors.len(), 10);
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
