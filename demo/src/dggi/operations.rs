//! One function per operation of the service.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::catalogue::{CATALOGUE, District, Edition, Indicator, Sector};
use super::index;
use super::index::{Measured, Score};

/// A response, or a failure.
type Answer = Result<Json<Value>, Failure>;

/// A failure of the service.
pub(super) struct Failure {
    status: StatusCode,
    code: &'static str,
    message: &'static str,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body = json!({ "status": "error", "code": self.code, "message": self.message });
        (self.status, Json(body)).into_response()
    }
}

/// The edition; the latest by default.
#[derive(Deserialize)]
pub(super) struct Wanted {
    edition: Option<String>,
    sector: Option<String>,
}

/// Body of `scores`.
#[derive(Deserialize)]
pub(super) struct ScoresBody {
    edition: Option<String>,
    districts: Vec<Value>,
    #[serde(default)]
    weakest: usize,
}

/// Body of `history`.
#[derive(Deserialize)]
pub(super) struct HistoryBody {
    district: Value,
    last: Option<usize>,
    #[serde(default)]
    weakest: usize,
}

/// Body of `datapoints`.
#[derive(Deserialize)]
pub(super) struct DataPointsBody {
    edition: Option<String>,
    sector: Option<String>,
    district: Value,
}

pub(super) async fn sectors() -> Json<Value> {
    success(CATALOGUE.sectors.iter().map(sector_row).collect())
}

pub(super) async fn editions() -> Json<Value> {
    success(CATALOGUE.editions.iter().map(edition_row).collect())
}

pub(super) async fn edition(Path(code): Path<String>) -> Answer {
    Ok(success(vec![edition_row(find_edition(Some(&code))?)]))
}

pub(super) async fn indicators(Query(wanted): Query<Wanted>) -> Answer {
    let edition = find_edition(wanted.edition.as_deref())?;
    let rows = CATALOGUE.indicators_of(edition);
    let rows = rows.filter(|row| {
        wanted
            .sector
            .as_ref()
            .is_none_or(|sector| *sector == row.sector)
    });
    Ok(success(rows.map(indicator_row).collect()))
}

pub(super) async fn indicator(Path(code): Path<String>) -> Answer {
    let indicator = CATALOGUE
        .indicators
        .iter()
        .find(|indicator| indicator.code == code);
    let row =
        indicator.ok_or_else(|| failure(StatusCode::NOT_FOUND, "DGGI-404", "No such indicator"))?;
    Ok(success(vec![indicator_row(row)]))
}

pub(super) async fn ranking(body: Result<Json<Wanted>, JsonRejection>) -> Answer {
    let Json(wanted) = body.map_err(|_| bad_request())?;
    let edition = find_edition(wanted.edition.as_deref())?;
    let mut rows: Vec<_> = CATALOGUE
        .districts
        .iter()
        .filter_map(|district| Some((district, index::score(edition, district.lgd)?)))
        .collect();
    // Districts without a rank are last, sorted by name.
    rows.sort_by_key(|(district, score)| (score.rank.unwrap_or(u32::MAX), &district.spelling));
    let rows = rows.iter().enumerate().map(|(index, (district, score))| {
        json!({
            "slNo": (index + 1).to_string(),
            "districtName": district.spelling,
            "score": composite(score),
            "rank": score.rank.map_or_else(String::new, |rank| rank.to_string()),
        })
    });
    Ok(success(rows.collect()))
}

pub(super) async fn scores(body: Result<Json<ScoresBody>, JsonRejection>) -> Answer {
    let Json(body) = body.map_err(|_| bad_request())?;
    let edition = find_edition(body.edition.as_deref())?;
    let rows = body.districts.iter().filter_map(|code| {
        let district = find_district(code)?;
        Some(score_row(
            edition,
            district,
            index::score(edition, district.lgd)?,
            body.weakest,
        ))
    });
    Ok(success(rows.collect()))
}

pub(super) async fn history(body: Result<Json<HistoryBody>, JsonRejection>) -> Answer {
    let Json(body) = body.map_err(|_| bad_request())?;
    let district = find_district(&body.district).ok_or_else(no_district)?;
    let mut editions: Vec<_> = CATALOGUE.editions.iter().collect();
    editions.sort_by(|a, b| b.to.cmp(&a.to));
    let rows = editions
        .into_iter()
        .take(body.last.unwrap_or(usize::MAX))
        .filter_map(|edition| {
            Some(score_row(
                edition,
                district,
                index::score(edition, district.lgd)?,
                body.weakest,
            ))
        });
    Ok(success(rows.collect()))
}

pub(super) async fn totals(body: Result<Json<Wanted>, JsonRejection>) -> Answer {
    let Json(wanted) = body.map_err(|_| bad_request())?;
    let edition = find_edition(wanted.edition.as_deref())?;
    let rows = ["UT", "JAMMU", "KASHMIR"].map(|area| {
        let scores: Vec<_> = CATALOGUE
            .districts
            .iter()
            .filter(|district| area == "UT" || district.division == area)
            .filter_map(|district| index::score(edition, district.lgd)?.composite)
            .collect();
        let count = u32::try_from(scores.len()).unwrap_or(u32::MAX);
        let mean = (count > 0).then(|| scores.iter().sum::<f64>() / f64::from(count));
        json!({
            "area": area,
            "score": mean.map_or_else(|| "NA".to_owned(), |mean| format!("{mean:.4}")),
            "noOfDistricts": count.to_string(),
        })
    });
    Ok(success(rows.to_vec()))
}

pub(super) async fn data_points(body: Result<Json<DataPointsBody>, JsonRejection>) -> Answer {
    let Json(body) = body.map_err(|_| bad_request())?;
    let edition = find_edition(body.edition.as_deref())?;
    let district = find_district(&body.district).ok_or_else(no_district)?;
    let indicators = CATALOGUE.indicators_of(edition).filter(|row| {
        body.sector
            .as_ref()
            .is_none_or(|sector| *sector == row.sector)
    });
    let points = indicators.flat_map(|indicator| {
        CATALOGUE
            .points_of(indicator)
            .map(move |point| (indicator, point))
    });
    let rows = points.map(|(indicator, point)| {
        json!({
            "dataPointCode": point.code,
            "dataPointName": point.name,
            "indicatorCode": indicator.code,
            "indicatorName": indicator.name,
            "figure": CATALOGUE.figure(edition, district.lgd, point).unwrap_or_default(),
        })
    });
    Ok(success(rows.collect()))
}

fn find_edition(code: Option<&str>) -> Result<&'static Edition, Failure> {
    CATALOGUE
        .edition(code.unwrap_or("latest"))
        .ok_or_else(|| failure(StatusCode::NOT_FOUND, "DGGI-404", "No such edition"))
}

/// A district by its code, which is a number or a string of digits.
fn find_district(code: &Value) -> Option<&'static District> {
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

fn sector_row(sector: &Sector) -> Value {
    json!({ "sectorCode": sector.code, "sectorName": sector.name, "weightage": "10%" })
}

fn edition_row(edition: &Edition) -> Value {
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
        "noOfIndicators": indicators.len().to_string(),
        "noOfDataPoints": points.to_string(),
    })
}

fn indicator_row(indicator: &Indicator) -> Value {
    let points: Vec<_> = CATALOGUE
        .points_of(indicator)
        .map(|point| json!({ "dataPointCode": point.code, "dataPointName": point.name }))
        .collect();
    json!({
        "indicatorCode": indicator.code,
        "indicatorName": indicator.name,
        "editionType": indicator.set,
        "sector": CATALOGUE.sectors.iter().find(|sector| sector.code == indicator.sector).map(sector_row),
        "unit": indicator.unit,
        "direction": indicator.direction,
        "weightage": format!("{}%", indicator.weight),
        "dataPoints": points,
    })
}

fn score_row(
    edition: &Edition,
    district: &District,
    score: &'static Score,
    weakest: usize,
) -> Value {
    let sectors: Vec<_> = CATALOGUE
        .sectors
        .iter()
        .filter_map(|sector| {
            let score = score.sectors.get(sector.code.as_str())?;
            Some(json!({ "sector": sector_row(sector), "score": format!("{score:.4}") }))
        })
        .collect();
    json!({
        "districtCode": district.lgd,
        "districtName": district.spelling,
        "editionCode": edition.code,
        "asOnDate": indian(&edition.as_on),
        "score": composite(score),
        "rank": score.rank.map_or_else(String::new, |rank| rank.to_string()),
        "sectors": sectors,
        "weakest": score.indicators.iter().take(weakest).map(measured_row).collect::<Vec<_>>(),
    })
}

fn measured_row(measured: &Measured) -> Value {
    // The template of the report adds a comma after a figure with a fraction.
    let comma = if measured.value.fract() == 0.0 {
        ""
    } else {
        ","
    };
    json!({
        "indicatorCode": measured.indicator.code,
        "indicatorName": measured.indicator.name,
        "value": format!("{:.2}%{comma}", measured.value),
        "normalised": format!("{:.4}", measured.normalised),
    })
}

fn composite(score: &Score) -> String {
    score
        .composite
        .map_or_else(|| "NA".to_owned(), |composite| format!("{composite:.4}"))
}

/// `dd-mm-yyyy` from `yyyy-mm-dd`.
fn indian(date: &str) -> String {
    date.split('-').rev().collect::<Vec<_>>().join("-")
}

fn success(records: Vec<Value>) -> Json<Value> {
    Json(json!({ "status": "success", "total": records.len().to_string(), "records": records }))
}

fn failure(status: StatusCode, code: &'static str, message: &'static str) -> Failure {
    Failure {
        status,
        code,
        message,
    }
}

fn bad_request() -> Failure {
    failure(
        StatusCode::BAD_REQUEST,
        "DGGI-400",
        "The request body is not as described",
    )
}

fn no_district() -> Failure {
    failure(StatusCode::NOT_FOUND, "DGGI-404", "No such district")
}

/// The response to a request without the key.
pub(super) fn refusal() -> Response {
    failure(StatusCode::UNAUTHORIZED, "DGGI-401", "Invalid API key").into_response()
}
