//! The export of a resource: all its rows in one response, where an API call has at most 1,000.
//!
//! Besides `filters[field]`, each with one value or several separated by commas, it takes `upto` (the last month; without
//! it, the latest that is reported), and `months` (how many months up to that one; one unless given).

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::PLATFORM_KEY;
use super::levels::{MONTHS, Row};
use super::platform::{RESOURCES, failure};

/// The most months in one response.
const MAX_MONTHS: usize = 24;

pub(super) async fn json_of(
    Path(id): Path<String>,
    Query(parameters): Query<HashMap<String, String>>,
) -> Response {
    if parameters.get("api-key").map(String::as_str) != Some(PLATFORM_KEY) {
        return failure(StatusCode::FORBIDDEN, "Key not authorised");
    }
    let Some((_, title, rows)) = RESOURCES.iter().find(|resource| resource.0 == id) else {
        return failure(StatusCode::NOT_FOUND, "Resource id doesn't exist");
    };
    let wanted = parameters.get("months").map_or(Ok(1), |text| text.parse());
    let Some(wanted) = wanted
        .ok()
        .filter(|wanted| (1..=MAX_MONTHS).contains(wanted))
    else {
        return failure(StatusCode::BAD_REQUEST, "months must be from 1 to 24");
    };
    let months = last_months(parameters.get("upto").map(String::as_str), wanted);
    let records: Vec<&Row> = rows
        .iter()
        .filter(|row| text(row, "month").is_some_and(|month| months.contains(&month)))
        .filter(|row| passes(row, &parameters))
        .collect();
    Json(json!({
        "index_name": id,
        "title": title,
        "status": "ok",
        "message": "Resource export",
        "total": records.len().to_string(),
        "records": records,
    }))
    .into_response()
}

/// The months that are reported, up to a month: the latest of them.
fn last_months(upto: Option<&str>, wanted: usize) -> Vec<&'static str> {
    let mut months = MONTHS.clone();
    months.retain(|month| upto.is_none_or(|upto| *month <= upto));
    // A single month is that month, and not the latest before it.
    months.retain(|month| wanted > 1 || upto.is_none_or(|upto| *month == upto));
    months.split_off(months.len().saturating_sub(wanted))
}

fn text<'a>(row: &'a Row, field: &str) -> Option<&'a str> {
    row.get(field).and_then(Value::as_str)
}

/// `filters[field]=value`, for each that is given.
fn passes(row: &Row, parameters: &HashMap<String, String>) -> bool {
    parameters.iter().all(|(name, values)| {
        let field = name.strip_prefix("filters[");
        match field.and_then(|name| name.strip_suffix(']')) {
            Some(field) => {
                text(row, field).is_some_and(|cell| values.split(',').any(|value| value == cell))
            }
            None => true,
        }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt;

    use super::super::platform::router;
    use super::*;

    async fn records(resource: usize, query: &str) -> Vec<Value> {
        let id = RESOURCES[resource - 1].0;
        let uri = format!("/node/{id}/datastore/export/json?api-key={PLATFORM_KEY}&{query}");
        let request = Request::get(uri).body(Body::empty()).unwrap();
        let response = router().oneshot(request).await.unwrap();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["status"], "ok", "{body}");
        body["records"].as_array().unwrap().clone()
    }

    #[tokio::test]
    async fn a_month_of_all_districts_is_one_answer() {
        let rows = records(5, "filters%5Blevel%5D=DISTRICT").await;
        assert_eq!(rows.len(), 55 * 20);
        assert!(rows.iter().all(|row| row["month"] == "2026-10"));
        let two = records(5, "filters%5Bcode%5D=13,627&upto=2026-09&months=3").await;
        assert_eq!(two.len(), 55 * 2 * 3);
    }

    #[tokio::test]
    async fn the_divisions_make_up_the_whole() {
        let number =
            |row: &Value, field: &str| -> u64 { row[field].as_str().unwrap().parse().unwrap() };
        let rows = records(6, "filters%5Bcode%5D=UT,JAMMU,KASHMIR").await;
        let of = |code: &str| rows.iter().find(|row| row["code"] == code).unwrap();
        for field in ["target", "achieved"] {
            let divisions = number(of("JAMMU"), field) + number(of("KASHMIR"), field);
            assert_eq!(number(of("UT"), field), divisions, "{field}");
        }
        let departments = records(6, "filters%5Blevel%5D=DEPARTMENT").await;
        let achieved: u64 = departments.iter().map(|row| number(row, "achieved")).sum();
        assert_eq!(achieved, number(of("UT"), "achieved"));
        let schemes: u64 = departments
            .iter()
            .map(|row| number(row, "no_of_schemes"))
            .sum();
        assert_eq!(schemes, 55);
    }
}
