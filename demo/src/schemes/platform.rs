//! The open-data platform: resources of flat rows, with filters and pages.
//!
//! A response has at most 1,000 rows, and ten by default. Every value is a string, including `total`, `count`, `limit` and
//! `offset`. A resource can also be exported whole (`export.rs`).

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::extract::{Path, Query};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Map, Value, json};

use super::progress::{
    PROGRESS, Progress, SUMS, Sum, as_on, coverage, digits, district_name, latest, scheme_name,
};
use super::{PLATFORM_KEY, export, levels};

/// The most rows in a response.
const MAX_LIMIT: usize = 1_000;

/// A resource: its id, its title, and its rows.
type Resource = (&'static str, &'static str, &'static Rows);

pub(super) static RESOURCES: [Resource; 6] = [
    (
        "5f0c7b1e-2f6a-4a57-9a53-0c2d1a8e7c01",
        "Scheme-wise progress of districts, latest month",
        &CURRENT,
    ),
    (
        "5f0c7b1e-2f6a-4a57-9a53-0c2d1a8e7c02",
        "Scheme-wise progress of districts, month-wise",
        &HISTORY,
    ),
    (
        "5f0c7b1e-2f6a-4a57-9a53-0c2d1a8e7c03",
        "Scheme-wise progress of divisions and the UT, month-wise",
        &TOTALS,
    ),
    (
        "5f0c7b1e-2f6a-4a57-9a53-0c2d1a8e7c04",
        "Scheme-wise progress of divisions and the UT, latest month",
        &CURRENT_TOTALS,
    ),
    (
        "5f0c7b1e-2f6a-4a57-9a53-0c2d1a8e7c05",
        "Scheme-wise progress of districts, divisions and the UT, month-wise, with short titles",
        &levels::OF_SCHEMES,
    ),
    (
        "5f0c7b1e-2f6a-4a57-9a53-0c2d1a8e7c06",
        "Progress of all schemes of districts, divisions, departments and the UT, month-wise",
        &levels::OF_ALL,
    ),
];

pub(super) fn router() -> Router {
    Router::new()
        .route("/resource/{id}", get(resource))
        .route("/node/{id}/datastore/export/json", get(export::json_of))
}

async fn resource(
    Path(id): Path<String>,
    Query(parameters): Query<HashMap<String, String>>,
) -> Response {
    if parameters.get("api-key").map(String::as_str) != Some(PLATFORM_KEY) {
        return failure(StatusCode::FORBIDDEN, "Key not authorised");
    }
    let Some((_, title, rows)) = RESOURCES.iter().find(|resource| resource.0 == id) else {
        return failure(StatusCode::NOT_FOUND, "Resource id doesn't exist");
    };
    let number = |name: &str, default: usize| {
        parameters
            .get(name)
            .map_or(Ok(default), |text| text.parse())
    };
    let (Ok(offset), Ok(limit)) = (number("offset", 0), number("limit", 10)) else {
        return failure(StatusCode::BAD_REQUEST, "offset and limit must be numbers");
    };
    let limit = limit.min(MAX_LIMIT);
    let matching_rows: Vec<_> = rows.iter().filter(|row| passes(row, &parameters)).collect();
    let total = matching_rows.len();
    let page: Vec<_> = matching_rows.into_iter().skip(offset).take(limit).collect();
    match parameters.get("format").map_or("xml", String::as_str) {
        "json" => Json(json!({
            "index_name": id,
            "title": title,
            "status": "ok",
            "message": "Resource lists",
            "total": total.to_string(),
            "count": page.len().to_string(),
            "limit": limit.to_string(),
            "offset": offset.to_string(),
            "records": page,
        }))
        .into_response(),
        "csv" => ([(header::CONTENT_TYPE, "text/csv")], csv(&page)).into_response(),
        "xml" => (
            [(header::CONTENT_TYPE, "application/xml")],
            xml(&page, total),
        )
            .into_response(),
        _ => failure(StatusCode::BAD_REQUEST, "format must be json, xml or csv"),
    }
}

/// `filters[field]=value`, for each that is given.
fn passes(row: &Map<String, Value>, parameters: &HashMap<String, String>) -> bool {
    parameters.iter().all(|(name, value)| {
        match name
            .strip_prefix("filters[")
            .and_then(|name| name.strip_suffix(']'))
        {
            Some(field) => row.get(field).and_then(Value::as_str) == Some(value),
            None => true,
        }
    })
}

/// Rows of both monthly resources, as they are served.
type Rows = LazyLock<Vec<Map<String, Value>>>;

static HISTORY: Rows = LazyLock::new(|| PROGRESS.iter().map(progress_row).collect());
static CURRENT: Rows = LazyLock::new(|| latest_of(&HISTORY));
static TOTALS: Rows = LazyLock::new(|| {
    SUMS.iter()
        .map(|(&(month, area, scheme), sum)| total_row(month, area, scheme, *sum))
        .collect()
});
static CURRENT_TOTALS: Rows = LazyLock::new(|| latest_of(&TOTALS));

/// Creates the resources that are used most.
pub(super) fn prepare() {
    LazyLock::force(&CURRENT);
    LazyLock::force(&levels::OF_SCHEMES);
    LazyLock::force(&levels::OF_ALL);
}

fn latest_of(rows: &[Map<String, Value>]) -> Vec<Map<String, Value>> {
    let latest =
        |row: &&Map<String, Value>| row.get("month").and_then(Value::as_str) == Some(latest());
    rows.iter().filter(latest).cloned().collect()
}

fn progress_row(row: &Progress) -> Map<String, Value> {
    let achieved = digits(&row.achieved);
    strings([
        ("month", row.month.clone()),
        ("as_on_date", as_on(&row.month)),
        ("state_code", "1".to_owned()),
        ("lgd_code", row.district.to_string()),
        ("district_name", district_name(row.district).to_owned()),
        ("scheme_slug", row.scheme.clone()),
        ("scheme_name", scheme_name(&row.scheme).to_owned()),
        ("target", row.target.to_string()),
        ("achieved", row.achieved.clone()),
        ("coverage_percent", coverage(achieved, row.target)),
        ("amount_in_rs", row.amount.clone()),
        ("no_of_beneficiaries", row.written_beneficiaries()),
    ])
}

fn total_row(month: &str, area: &str, scheme: &str, sum: Sum) -> Map<String, Value> {
    strings([
        ("month", month.to_owned()),
        ("as_on_date", as_on(month)),
        ("area", area.to_owned()),
        ("scheme_slug", scheme.to_owned()),
        ("scheme_name", scheme_name(scheme).to_owned()),
        ("target", sum.target.to_string()),
        ("achieved", sum.achieved.to_string()),
        ("coverage_percent", coverage(Some(sum.achieved), sum.target)),
        (
            "amount_in_rs",
            format!("{}.{:02}", sum.amount / 100, sum.amount % 100),
        ),
        ("no_of_beneficiaries", sum.beneficiaries.to_string()),
    ])
}

pub(super) fn strings<const N: usize>(fields: [(&str, String); N]) -> Map<String, Value> {
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::String(value)))
        .collect()
}

/// The rows with a header line; values are quoted, since they contain commas.
fn csv(rows: &[&Map<String, Value>]) -> String {
    let mut text = String::new();
    if let Some(first) = rows.first() {
        text.push_str(&first.keys().cloned().collect::<Vec<_>>().join(","));
        text.push('\n');
    }
    for row in rows {
        let cells: Vec<_> = row
            .values()
            .map(|value| format!("\"{}\"", value.as_str().unwrap_or_default()))
            .collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

fn xml(rows: &[&Map<String, Value>], total: usize) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<result><total>{total}</total><records>"
    );
    for row in rows {
        text.push_str("<item>");
        for (name, value) in *row {
            let value = value
                .as_str()
                .unwrap_or_default()
                .replace('&', "&amp;")
                .replace('<', "&lt;");
            text.push_str(&format!("<{name}>{value}</{name}>"));
        }
        text.push_str("</item>");
    }
    text + "</records></result>\n"
}

pub(super) fn failure(status: StatusCode, message: &str) -> Response {
    (
        status,
        Json(json!({ "status": "error", "message": message })),
    )
        .into_response()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    async fn rows(resource: u8, query: &str) -> Value {
        let id = RESOURCES[usize::from(resource) - 1].0;
        let uri = format!("/resource/{id}?api-key={PLATFORM_KEY}&format=json&{query}");
        let request = Request::get(uri).body(Body::empty()).unwrap();
        let response = router().oneshot(request).await.unwrap();
        serde_json::from_slice(&to_bytes(response.into_body(), usize::MAX).await.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_month_takes_two_answers() {
        let first = rows(1, "limit=5000").await;
        assert_eq!(
            (&first["total"], &first["count"], &first["limit"]),
            (&json!("1100"), &json!("1000"), &json!("1000"))
        );
        let second = rows(1, "limit=1000&offset=1000").await;
        assert_eq!(second["records"].as_array().unwrap().len(), 100);
    }

    #[tokio::test]
    async fn a_district_has_every_scheme() {
        let of_district = rows(1, "limit=1000&filters%5Blgd_code%5D=627").await;
        let slugs: BTreeSet<_> = of_district["records"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["scheme_slug"].to_string())
            .collect();
        assert_eq!(slugs.len(), 55);
    }

    #[tokio::test]
    async fn coverage_goes_beyond_a_hundred() {
        let row = rows(
            1,
            "filters%5Blgd_code%5D=13&filters%5Bscheme_slug%5D=ladli-beti",
        )
        .await;
        assert_eq!(row["records"][0]["coverage_percent"], "391.00");
    }

    #[tokio::test]
    async fn the_divisions_make_up_the_whole() {
        let rows = rows(4, "limit=1000&filters%5Bscheme_slug%5D=jjm").await;
        let achieved = |area: &str| -> u64 {
            let row = rows["records"]
                .as_array()
                .unwrap()
                .iter()
                .find(|row| row["area"] == area)
                .unwrap();
            row["achieved"].as_str().unwrap().parse().unwrap()
        };
        assert_eq!(achieved("UT"), achieved("JAMMU") + achieved("KASHMIR"));
    }
}
