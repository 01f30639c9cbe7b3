//! The reports of one indicator or one sector: all districts in an edition, or in the last ones. They know districts by the
//! department's own spelling only.

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::JsonRejection;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Answer, Failure, bad_request, not_found, success};
use super::catalogue::{CATALOGUE, District, Edition, Indicator, Sector};
use super::operations::{find_district, find_edition, find_indicator, find_sector, latest_first};
use super::{index, rows};

/// Body of both reports: one edition, or the last so many.
#[derive(Deserialize)]
pub(super) struct ReportBody {
    /// `latest` is the latest edition that has the indicator.
    edition: Option<String>,
    /// Of which kind the latest editions of a sector are meant; those of an indicator are of its own kind.
    #[serde(rename = "type")]
    set: Option<String>,
    last: Option<usize>,
    /// The month by which the last of them ended, `yyyy-mm`.
    upto: Option<String>,
    /// Only one district.
    district: Option<Value>,
}

pub(super) async fn of_indicator(
    Path(code): Path<String>,
    body: Result<Json<ReportBody>, JsonRejection>,
) -> Answer {
    let Json(body) = body.map_err(|_| bad_request())?;
    let indicator = find_indicator(&code)?;
    let rows = editions(&body, Some(&indicator.set))?;
    let rows = rows.into_iter().map(|edition| {
        indicator_report(
            edition,
            indicator,
            wanted(&body, edition, |score| {
                Some(score.measured(&indicator.code)?.rank)
            }),
        )
    });
    Ok(success(rows.collect()))
}

pub(super) async fn of_sector(
    Path(code): Path<String>,
    body: Result<Json<ReportBody>, JsonRejection>,
) -> Answer {
    let Json(body) = body.map_err(|_| bad_request())?;
    let sector = find_sector(&code)?;
    let rows = editions(&body, None)?;
    let rows = rows.into_iter().map(|edition| {
        sector_report(
            edition,
            sector,
            wanted(&body, edition, |score| {
                Some(score.sectors.get(sector.code.as_str())?.rank)
            }),
        )
    });
    Ok(success(rows.collect()))
}

/// The wanted editions, the latest first: those of the set, or of the latest edition's.
fn editions(body: &ReportBody, set: Option<&String>) -> Result<Vec<&'static Edition>, Failure> {
    if let Some(code) = body.edition.as_deref().filter(|code| *code != "latest") {
        let edition = find_edition(Some(code))?;
        return match set.is_none_or(|set| *set == edition.set) {
            true => Ok(vec![edition]),
            false => Err(not_found("The edition does not have the indicator")),
        };
    }
    let set = match set.or(body.set.as_ref()) {
        Some(set) => set,
        None => &find_edition(None)?.set,
    };
    Ok(latest_first(Some(set), body.upto.as_deref())
        .take(body.last.unwrap_or(1))
        .collect())
}

/// The wanted districts, the best first; those without a rank are last, by name.
fn wanted(
    body: &ReportBody,
    edition: &'static Edition,
    rank: impl Fn(&index::Score) -> Option<u32>,
) -> Vec<&'static District> {
    let mut districts: Vec<_> = match &body.district {
        Some(code) => find_district(code).into_iter().collect(),
        None => CATALOGUE.districts.iter().collect(),
    };
    districts.sort_by_key(|district| {
        let rank = index::score(edition, district.lgd).and_then(&rank);
        (rank.unwrap_or(u32::MAX), &district.spelling)
    });
    districts
}

fn indicator_report(
    edition: &'static Edition,
    indicator: &'static Indicator,
    districts: Vec<&'static District>,
) -> Value {
    let measured =
        |district: &District| index::score(edition, district.lgd)?.measured(&indicator.code);
    let values = || {
        let all = CATALOGUE.districts.iter();
        all.filter_map(|district| Some(measured(district)?.value))
    };
    // An indicator of a yearly edition is not published.
    let rows = districts
        .into_iter()
        .filter(|_| edition.month().is_some())
        .map(|district| rows::measured_row(edition, district, indicator, measured(district)));
    let mut report = rows::head_row(edition);
    report["lowest"] = json!(text(values().reduce(f64::min)));
    report["highest"] = json!(text(values().reduce(f64::max)));
    report["average"] = json!(text(index::average(values())));
    report["districts"] = rows.collect();
    report
}

fn sector_report(
    edition: &'static Edition,
    sector: &'static Sector,
    districts: Vec<&'static District>,
) -> Value {
    let mean = index::mean(edition, CATALOGUE.districts.iter());
    let rows = districts
        .into_iter()
        .filter_map(|district| rows::sector_score_row(edition, district, sector));
    let mut report = rows::head_row(edition);
    report["average"] = json!(rows::printed(
        mean.sectors.get(sector.code.as_str()).copied()
    ));
    report["districts"] = rows.collect();
    report
}

/// A value with two digits, or `NA`.
fn text(value: Option<f64>) -> String {
    value.map_or_else(|| "NA".to_owned(), |value| format!("{value:.2}"))
}
