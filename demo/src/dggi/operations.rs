//! One function per operation of the service.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Answer, Failure, bad_request, not_found, success};
use super::catalogue::{CATALOGUE, District, Edition, Indicator, Sector};
use super::index::{self, Score};
use super::{figures, rows};

/// The areas for which there are totals.
const AREAS: [&str; 3] = ["UT", "JAMMU", "KASHMIR"];

/// Query parameters of the catalogues.
#[derive(Deserialize)]
pub(super) struct Wanted {
    edition: Option<String>,
    sector: Option<String>,
    /// `ANNUAL` or `MONTHLY`.
    #[serde(rename = "type")]
    set: Option<String>,
}

/// Body of `scores`.
#[derive(Deserialize)]
pub(super) struct ScoresBody {
    edition: Option<String>,
    /// Of which kind the latest edition is meant; of any if it is left out.
    #[serde(rename = "type")]
    set: Option<String>,
    /// All, in their order, if it is left out.
    districts: Option<Vec<Value>>,
    order: Option<Order>,
    #[serde(default)]
    weakest: usize,
}

/// In which order all districts come.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Order {
    #[default]
    Rank,
    Code,
    /// Those with the most missing and absurd figures first.
    Gaps,
}

/// Body of `scorecards`.
#[derive(Deserialize)]
pub(super) struct ScorecardsBody {
    wanted: Vec<Scorecard>,
}

/// A district in an edition.
#[derive(Deserialize)]
struct Scorecard {
    edition: String,
    district: Value,
}

/// Body of `history`: of a district, or of areas.
#[derive(Deserialize)]
pub(super) struct HistoryBody {
    #[serde(default)]
    district: Value,
    areas: Option<Vec<String>>,
    #[serde(rename = "type")]
    set: Option<String>,
    last: Option<usize>,
    upto: Option<String>,
    #[serde(default)]
    weakest: usize,
}

/// Body of `movers`.
#[derive(Deserialize)]
pub(super) struct MoversBody {
    edition: Option<String>,
    #[serde(default)]
    by: Measure,
    count: Option<usize>,
    #[serde(default)]
    weakest: usize,
}

/// By what districts have moved.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Measure {
    #[default]
    Score,
    Rank,
}

/// Body of `totals`.
#[derive(Deserialize)]
pub(super) struct TotalsBody {
    edition: Option<String>,
    #[serde(rename = "type")]
    set: Option<String>,
    areas: Option<Vec<String>>,
    /// Areas of several editions, in place of those of one.
    wanted: Option<Vec<AreaCard>>,
}

/// An area in an edition.
#[derive(Deserialize)]
struct AreaCard {
    edition: String,
    area: String,
}

/// Body of `datapoints`.
#[derive(Deserialize)]
pub(super) struct DataPointsBody {
    edition: Option<String>,
    sector: Option<String>,
    indicator: Option<String>,
    /// The letter of a status.
    status: Option<String>,
    district: Value,
}

pub(super) async fn sectors() -> Json<Value> {
    success(
        CATALOGUE
            .sectors
            .iter()
            .map(rows::whole_sector_row)
            .collect(),
    )
}

pub(super) async fn sector(Path(code): Path<String>) -> Answer {
    Ok(success(vec![rows::whole_sector_row(find_sector(&code)?)]))
}

pub(super) async fn editions(Query(wanted): Query<Wanted>) -> Json<Value> {
    let editions = CATALOGUE
        .editions
        .iter()
        .filter(|edition| is(&edition.set, wanted.set.as_ref()));
    success(editions.map(rows::edition_row).collect())
}

pub(super) async fn edition(Path(code): Path<String>, Query(wanted): Query<Wanted>) -> Answer {
    let edition = find_edition_of(Some(&code), wanted.set.as_deref())?;
    Ok(success(vec![rows::edition_row(edition)]))
}

pub(super) async fn indicators(Query(wanted): Query<Wanted>) -> Answer {
    let of_edition = match wanted.edition.as_deref() {
        Some(code) => Some(&find_edition(Some(code))?.set),
        None => None,
    };
    let set = wanted.set.as_ref().or(of_edition);
    let indicators = CATALOGUE
        .indicators
        .iter()
        .filter(|row| is(&row.set, set) && is(&row.sector, wanted.sector.as_ref()));
    Ok(success(indicators.map(rows::indicator_row).collect()))
}

pub(super) async fn indicator(Path(code): Path<String>) -> Answer {
    Ok(success(vec![rows::indicator_row(find_indicator(&code)?)]))
}

pub(super) async fn data_point(Path(code): Path<String>) -> Answer {
    let point = CATALOGUE
        .data_points
        .iter()
        .find(|point| point.code == code);
    let point = point.ok_or_else(|| not_found("No such data point"))?;
    Ok(success(vec![rows::data_point_row(point)]))
}

pub(super) async fn scores(body: Result<Json<ScoresBody>, JsonRejection>) -> Answer {
    let Json(body) = body.map_err(|_| bad_request())?;
    let edition = find_edition_of(body.edition.as_deref(), body.set.as_deref())?;
    let districts: Vec<_> = match &body.districts {
        Some(codes) => codes.iter().filter_map(find_district).collect(),
        None => in_order(edition, body.order.unwrap_or_default()),
    };
    let rows = districts.into_iter().filter_map(|district| {
        let score = index::score(edition, district.lgd)?;
        Some(rows::score_row(edition, district, score, body.weakest))
    });
    Ok(success(rows.collect()))
}

pub(super) async fn scorecards(body: Result<Json<ScorecardsBody>, JsonRejection>) -> Answer {
    let Json(body) = body.map_err(|_| bad_request())?;
    let rows = body.wanted.iter().filter_map(|wanted| {
        let edition = CATALOGUE.edition(&wanted.edition)?;
        let district = find_district(&wanted.district)?;
        let score = index::score(edition, district.lgd)?;
        let mut row = rows::score_row(edition, district, score, 3);
        // What was not computed for any district is no part of the card.
        let indicators = CATALOGUE
            .indicators_of(edition)
            .filter(|_| edition.month().is_some())
            .map(|one| rows::measured_row(edition, district, one, score.measured(&one.code)));
        row["indicators"] = indicators.collect();
        Some(row)
    });
    Ok(success(rows.collect()))
}

pub(super) async fn history(body: Result<Json<HistoryBody>, JsonRejection>) -> Answer {
    let Json(body) = body.map_err(|_| bad_request())?;
    let editions = latest_first(body.set.as_ref(), body.upto.as_deref());
    let editions = editions.take(body.last.unwrap_or(usize::MAX));
    if let Some(areas) = &body.areas {
        let rows = editions.flat_map(|edition| {
            let wanted = AREAS.into_iter();
            let wanted = wanted.filter(|area| areas.iter().any(|one| one == area));
            wanted.map(move |area| area_total(edition, area))
        });
        return Ok(success(rows.collect()));
    }
    let district = find_district(&body.district).ok_or_else(|| not_found("No such district"))?;
    let rows = editions.filter_map(|edition| {
        let score = index::score(edition, district.lgd)?;
        Some(rows::score_row(edition, district, score, body.weakest))
    });
    Ok(success(rows.collect()))
}

pub(super) async fn movers(body: Result<Json<MoversBody>, JsonRejection>) -> Answer {
    let Json(body) = body.map_err(|_| bad_request())?;
    let edition = find_edition(body.edition.as_deref())?;
    let mut moved: Vec<_> = CATALOGUE
        .districts
        .iter()
        .filter_map(|district| {
            let now = index::score(edition, district.lgd)?;
            let before = index::score(CATALOGUE.previous(edition)?, district.lgd)?;
            Some((gained(body.by, now, before)?, district, now))
        })
        .collect();
    moved.sort_by(|(a, ..), (b, ..)| b.0.total_cmp(&a.0).then_with(|| b.1.total_cmp(&a.1)));
    let row = |(_, district, score): &((f64, f64), &District, &'static Score)| {
        rows::score_row(edition, district, score, body.weakest)
    };
    let count = body.count.unwrap_or(usize::MAX);
    let rises = moved
        .iter()
        .filter(|(gained, ..)| gained.0 > 0.0)
        .take(count);
    let falls = moved
        .iter()
        .rev()
        .filter(|(gained, ..)| gained.0 < 0.0)
        .take(count);
    Ok(success(vec![json!({
        "rises": rises.map(row).collect::<Vec<_>>(),
        "falls": falls.map(row).collect::<Vec<_>>(),
    })]))
}

/// What a district has gained on the edition before. Among districts with the same change of rank, the score decides.
fn gained(by: Measure, now: &Score, before: &Score) -> Option<(f64, f64)> {
    let score = now
        .composite
        .zip(before.composite)
        .map(|(now, before)| now - before);
    match by {
        Measure::Score => Some((score?, 0.0)),
        Measure::Rank => {
            let ranks = f64::from(before.rank?) - f64::from(now.rank?);
            Some((ranks, score.unwrap_or_default()))
        }
    }
}

pub(super) async fn totals(body: Result<Json<TotalsBody>, JsonRejection>) -> Answer {
    let Json(body) = body.map_err(|_| bad_request())?;
    if let Some(wanted) = &body.wanted {
        let rows = wanted.iter().filter_map(|wanted| {
            let edition = CATALOGUE.edition(&wanted.edition)?;
            let area = AREAS.into_iter().find(|area| *area == wanted.area)?;
            Some(area_total(edition, area))
        });
        return Ok(success(rows.collect()));
    }
    let edition = find_edition_of(body.edition.as_deref(), body.set.as_deref())?;
    let wanted = |area: &&str| {
        let areas = body.areas.as_ref();
        areas.is_none_or(|areas| areas.iter().any(|one| one == area))
    };
    let rows = AREAS.into_iter().filter(wanted);
    Ok(success(
        rows.map(|area| area_total(edition, area)).collect(),
    ))
}

/// The means of the districts of an area.
fn area_total(edition: &'static Edition, area: &'static str) -> Value {
    let districts = CATALOGUE
        .districts
        .iter()
        .filter(move |district| area == "UT" || district.division == area);
    rows::area_row(edition, area, districts)
}

pub(super) async fn data_points(body: Result<Json<DataPointsBody>, JsonRejection>) -> Answer {
    let Json(body) = body.map_err(|_| bad_request())?;
    let edition = find_edition(body.edition.as_deref())?;
    let district = find_district(&body.district).ok_or_else(|| not_found("No such district"))?;
    let indicators = CATALOGUE.indicators_of(edition).filter(|row| {
        is(&row.sector, body.sector.as_ref()) && is(&row.code, body.indicator.as_ref())
    });
    let rows = indicators.flat_map(|indicator| {
        figures::entries(edition, district.lgd, indicator)
            .filter(|(_, entry)| is(entry.status.letter(), body.status.as_ref()))
            .map(move |(point, entry)| rows::figure_row(edition, point, entry))
    });
    Ok(success(rows.collect()))
}

/// Whether a value is the wanted one, if one is wanted.
fn is(value: &str, wanted: Option<&String>) -> bool {
    wanted.is_none_or(|wanted| wanted == value)
}

/// Editions, the latest first; `set` leaves only those of one kind, and `upto` those whose period ended by a month (`yyyy-mm`).
pub(super) fn latest_first(
    set: Option<&String>,
    upto: Option<&str>,
) -> impl Iterator<Item = &'static Edition> {
    let ended = |edition: &&Edition| upto.is_none_or(|month| edition.to.get(..7) <= Some(month));
    let mut editions: Vec<_> = CATALOGUE
        .editions
        .iter()
        .filter(|edition| is(&edition.set, set))
        .filter(ended)
        .collect();
    editions.sort_by(|a, b| b.to.cmp(&a.to));
    editions.into_iter()
}

/// All districts in an order.
fn in_order(edition: &'static Edition, order: Order) -> Vec<&'static District> {
    let mut districts: Vec<_> = CATALOGUE.districts.iter().collect();
    match order {
        Order::Code => districts.sort_by_key(|district| district.lgd),
        // Districts without a rank are last, sorted by name.
        Order::Rank => districts.sort_by_key(|district| {
            let rank = index::score(edition, district.lgd).and_then(|score| score.rank);
            (rank.unwrap_or(u32::MAX), &district.spelling)
        }),
        Order::Gaps => districts.sort_by_key(|district| {
            let tally = figures::tally(edition, district.lgd).unwrap_or_default();
            (
                std::cmp::Reverse((tally.missing + tally.absurd, tally.late)),
                &district.spelling,
            )
        }),
    }
    districts
}

pub(super) fn find_edition(code: Option<&str>) -> Result<&'static Edition, Failure> {
    find_edition_of(code, None)
}

/// An edition by its code, or the latest one; `set` is the kind of the latest.
pub(super) fn find_edition_of(
    code: Option<&str>,
    set: Option<&str>,
) -> Result<&'static Edition, Failure> {
    let edition = match code {
        None | Some("latest") => CATALOGUE.latest(set),
        Some(code) => CATALOGUE.edition(code),
    };
    edition.ok_or_else(|| not_found("No such edition"))
}

pub(super) fn find_sector(code: &str) -> Result<&'static Sector, Failure> {
    CATALOGUE
        .sector(code)
        .ok_or_else(|| not_found("No such sector"))
}

pub(super) fn find_indicator(code: &str) -> Result<&'static Indicator, Failure> {
    CATALOGUE
        .indicator(code)
        .ok_or_else(|| not_found("No such indicator"))
}

/// A district by its code, which is a number or a string of digits.
pub(super) fn find_district(code: &Value) -> Option<&'static District> {
    let code = match code {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    CATALOGUE
        .districts
        .iter()
        .find(|district| district.lgd.to_string() == code.trim())
}
