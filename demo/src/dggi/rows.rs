//! The rows of the service's responses. Numbers are texts as they are printed: scores with four digits, changes with their sign,
//! `NA` for a score that there is not, an empty text for a rank.

use serde_json::{Value, json};

use super::catalogue::{CATALOGUE, DataPoint, District, Edition, Indicator, Sector};
use super::figures::{self, Entry, Tally};
use super::index::{self, Measured, Score};

pub(super) fn sector_row(sector: &Sector) -> Value {
    json!({ "sectorCode": sector.code, "sectorName": sector.name, "weightage": "10%" })
}

/// A sector by itself: only there, it has its name in all languages.
pub(super) fn whole_sector_row(sector: &Sector) -> Value {
    let names = sector
        .names()
        .map(|(language, text)| json!({ "lang": language, "text": text }));
    let mut row = sector_row(sector);
    row["sectorNames"] = json!(names);
    row
}

pub(super) fn edition_row(edition: &Edition) -> Value {
    let indicators: Vec<_> = CATALOGUE.indicators_of(edition).collect();
    let points: usize = indicators
        .iter()
        .map(|indicator| CATALOGUE.points_of(indicator).count())
        .sum();
    json!({
        "editionCode": edition.code,
        "editionName": edition.name,
        "editionType": edition.set,
        "periodFrom": indian(&edition.from),
        "periodTo": indian(&edition.to),
        "asOnDate": indian(&edition.as_on),
        "lastDateForEntry": indian(&edition.due_on),
        "previousEdition": edition.previous,
        "noOfIndicators": indicators.len().to_string(),
        "noOfDataPoints": points.to_string(),
    })
}

pub(super) fn indicator_row(indicator: &Indicator) -> Value {
    let points: Vec<_> = CATALOGUE
        .points_of(indicator)
        .map(|point| {
            json!({
                "dataPointCode": point.code,
                "dataPointName": point.name,
                "indicatorCode": point.indicator,
                "unit": point.unit,
            })
        })
        .collect();
    json!({
        "indicatorCode": indicator.code,
        "indicatorName": indicator.name,
        "editionType": indicator.set,
        "sector": CATALOGUE.sector(&indicator.sector).map(sector_row),
        "unit": indicator.unit,
        "direction": indicator.direction,
        "weightage": format!("{}%", indicator.weight),
        "dataPoints": points,
    })
}

pub(super) fn data_point_row(point: &DataPoint) -> Value {
    let indicator = CATALOGUE.indicator(&point.indicator);
    json!({
        "dataPointCode": point.code,
        "dataPointName": point.name,
        "indicatorCode": point.indicator,
        "indicatorName": indicator.map(|indicator| &indicator.name),
        "unit": point.unit,
    })
}

pub(super) fn figure_row(edition: &Edition, point: &DataPoint, entry: &Entry) -> Value {
    let mut row = data_point_row(point);
    row["asOnDate"] = json!(indian(&edition.as_on));
    row["figure"] = json!(entry.text);
    row["entryStatus"] = json!(entry.status.letter());
    row["entryDate"] = json!(entry.keyed_on.as_deref().map(indian).unwrap_or_default());
    row
}

/// What every row about an edition says of it.
pub(super) fn head_row(edition: &Edition) -> Value {
    json!({
        "editionCode": edition.code,
        "editionName": edition.name,
        "editionType": edition.set,
        "periodFrom": indian(&edition.from),
        "periodTo": indian(&edition.to),
        "asOnDate": indian(&edition.as_on),
    })
}

/// A row about an edition.
fn with_head(edition: &Edition, mut row: Value) -> Value {
    if let (Value::Object(row), Value::Object(head)) = (&mut row, head_row(edition)) {
        row.extend(head);
    }
    row
}

/// A district in an edition, with so many of its weakest indicators.
pub(super) fn score_row(
    edition: &'static Edition,
    district: &District,
    score: &'static Score,
    weakest: usize,
) -> Value {
    let before = before(edition, district);
    let sectors = CATALOGUE.sectors.iter();
    let sectors = sectors.filter_map(|sector| sector_score_row(edition, district, sector));
    let weakest = score.indicators.iter().take(weakest);
    let weakest =
        weakest.map(|measured| measured_row(edition, district, measured.indicator, Some(measured)));
    let row = json!({
        "districtCode": district.lgd,
        "districtName": district.spelling,
        "score": printed(score.composite),
        "rank": place(score.rank),
        "scoreChange": change(score.composite, before.and_then(|before| before.composite)),
        "rankChange": climbed(score.rank, before.and_then(|before| before.rank)),
        "sectors": sectors.collect::<Vec<_>>(),
        "weakest": weakest.collect::<Vec<_>>(),
        "dataPoints": figures::tally(edition, district.lgd).map(|tally| tally_row(edition, tally)),
    });
    with_head(edition, row)
}

/// A sector of a district.
pub(super) fn sector_score_row(
    edition: &'static Edition,
    district: &District,
    sector: &Sector,
) -> Option<Value> {
    let code = sector.code.as_str();
    let placed = index::score(edition, district.lgd)?.sectors.get(code)?;
    let before = before(edition, district).and_then(|before| before.sectors.get(code));
    Some(json!({
        "districtName": district.spelling,
        "sector": sector_row(sector),
        "score": printed(Some(placed.score)),
        "rank": place(Some(placed.rank)),
        "scoreChange": change(Some(placed.score), before.map(|before| before.score)),
        "rankChange": climbed(Some(placed.rank), before.map(|before| before.rank)),
    }))
}

/// An indicator of a district; without a value if it could not be computed.
pub(super) fn measured_row(
    edition: &'static Edition,
    district: &District,
    indicator: &'static Indicator,
    measured: Option<&Measured>,
) -> Value {
    let before = before(edition, district).and_then(|before| before.measured(&indicator.code));
    let (score, was) = (measured.map(Measured::score), before.map(Measured::score));
    let rank = measured.map(|measured| measured.rank);
    json!({
        "districtName": district.spelling,
        "indicatorCode": indicator.code,
        "indicatorName": indicator.name,
        "value": measured.map_or_else(|| "NA".to_owned(), |measured| percentage(measured.value)),
        "normalised": measured.map_or_else(|| "NA".to_owned(), |measured| format!("{:.4}", measured.normalised)),
        "score": printed(score),
        "rank": place(rank),
        "scoreChange": change(score, was),
        "rankChange": climbed(rank, before.map(|before| before.rank)),
        "entryStatus": figures::worst(edition, district.lgd, indicator).map(figures::Status::letter),
    })
}

/// The mean of some districts.
pub(super) fn area_row(
    edition: &'static Edition,
    area: &str,
    districts: impl Iterator<Item = &'static District> + Clone,
) -> Value {
    let now = index::mean(edition, districts.clone());
    let before = CATALOGUE.previous(edition);
    let before = before.map(|before| index::mean(before, districts.clone()));
    let sectors = CATALOGUE.sectors.iter().filter_map(|sector| {
        let of_sector = |mean: &index::Mean| mean.sectors.get(sector.code.as_str()).copied();
        let score = of_sector(&now)?;
        Some(json!({
            "sector": sector_row(sector),
            "score": printed(Some(score)),
            "scoreChange": change(Some(score), before.as_ref().and_then(of_sector)),
        }))
    });
    let row = json!({
        "area": area,
        "score": printed(now.composite),
        "scoreChange": change(now.composite, before.as_ref().and_then(|before| before.composite)),
        "noOfDistricts": now.count.to_string(),
        "sectors": sectors.collect::<Vec<_>>(),
        "dataPoints": figures::sum(edition, districts).map(|tally| tally_row(edition, tally)),
    });
    with_head(edition, row)
}

fn tally_row(edition: &Edition, tally: Tally) -> Value {
    json!({
        "asOnDate": indian(&edition.as_on),
        "total": tally.total().to_string(),
        "entered": tally.keyed.to_string(),
        "late": tally.late.to_string(),
        "missing": tally.missing.to_string(),
        "absurd": tally.absurd.to_string(),
    })
}

/// The score of a district in the edition before.
fn before(edition: &Edition, district: &District) -> Option<&'static Score> {
    index::score(CATALOGUE.previous(edition)?, district.lgd)
}

/// A score with four digits.
pub(super) fn printed(score: Option<f64>) -> String {
    score.map_or_else(|| "NA".to_owned(), |score| format!("{score:.4}"))
}

fn place(rank: Option<u32>) -> String {
    rank.map_or_else(String::new, |rank| rank.to_string())
}

/// What a score has gained on the edition before: of the printed scores, so that readers can recompute it.
fn change(now: Option<f64>, before: Option<f64>) -> String {
    let gained = |(now, before)| index::printed(index::printed(now) - index::printed(before));
    // No `-0.0000`.
    now.zip(before).map_or_else(
        || "NA".to_owned(),
        |both| format!("{:+.4}", gained(both) + 0.0),
    )
}

/// How many ranks were gained on the edition before.
fn climbed(now: Option<u32>, before: Option<u32>) -> String {
    now.zip(before).map_or_else(String::new, |(now, before)| {
        format!("{:+}", i64::from(before) - i64::from(now))
    })
}

/// A value as it is printed: the template of the report adds a comma after a figure with a fraction.
fn percentage(value: f64) -> String {
    let comma = if value.fract() == 0.0 { "" } else { "," };
    format!("{value:.2}%{comma}")
}

/// `dd-mm-yyyy` from `yyyy-mm-dd`.
pub(super) fn indian(date: &str) -> String {
    date.split('-').rev().collect::<Vec<_>>().join("-")
}
