//! The register of deliverables: a workbook of which each tab is published as delimited text, as sheets export it.
//!
//! `GET /register/tabs/deliverables.csv` has one row per deliverable, `GET /register/tabs/summary.csv` the totals of the union
//! territory and of its divisions, or `by=district` or `by=department`; `of` leaves the rows of some of them. Cells are separated by `|` and never quoted. Both can be
//! filtered by the columns `level`, `department`, `district`, `code`, `frequency` and `status`; a filter may have several values, separated by commas, and takes no
//! account of how clerks wrote them. `offset` and `limit` choose a part of the rows; `X-Total-Rows` says how many pass the filters. The
//! header line is always there, also without rows.

mod register;

use std::collections::HashMap;

use axum::Router;
use axum::extract::{Path, Query};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

/// Its part of `sangam.toml`.
pub const SETTINGS: &str = r#"base_url = "{url}/register""#;

/// The service. Nothing in it changes.
pub fn router() -> Router {
    Router::new().route("/register/tabs/{name}", get(tab))
}

async fn tab(Path(name): Path<String>, Query(filters): Query<HashMap<String, String>>) -> Response {
    const CSV: (HeaderName, &str) = (header::CONTENT_TYPE, "text/csv; charset=utf-8");
    match name.as_str() {
        "deliverables.csv" => {
            let (text, total) = register::deliverables(&filters);
            ([CSV], [("x-total-rows", total.to_string())], text).into_response()
        }
        "summary.csv" => {
            let by = filters.get("by").map_or("area", String::as_str);
            match register::By::from_name(by) {
                Some(by) => ([CSV], register::summary(by, &filters)).into_response(),
                None => (StatusCode::BAD_REQUEST, "There is no such column").into_response(),
            }
        }
        _ => {
            let page = "<html><body><h1>There is no such tab</h1></body></html>";
            (StatusCode::NOT_FOUND, Html(page)).into_response()
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    async fn read(path: &str) -> (StatusCode, String, String) {
        let request = Request::get(format!("/register/tabs/{path}"))
            .body(Body::empty())
            .unwrap();
        let response = router().oneshot(request).await.unwrap();
        let status = response.status();
        let kind = response.headers()[header::CONTENT_TYPE].to_str().unwrap();
        let kind = kind.to_owned();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, kind, String::from_utf8(body.to_vec()).unwrap())
    }

    /// The number of rows below the header.
    async fn rows(path: &str) -> usize {
        let (status, kind, text) = read(path).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(kind, "text/csv; charset=utf-8");
        assert!(text.starts_with("Sl No|"), "{text}");
        text.lines().count() - 1
    }

    #[tokio::test]
    async fn a_year_has_the_published_numbers_of_deliverables() {
        assert_eq!(rows("deliverables.csv").await, 1_522);
        assert_eq!(rows("deliverables.csv?level=UT").await, 1_137);
        assert_eq!(rows("deliverables.csv?level=District").await, 385);
    }

    #[tokio::test]
    async fn filters_take_several_values_with_and_without_zeros() {
        let one = rows("deliverables.csv?district=002").await;
        assert_eq!(one, 20);
        assert_eq!(rows("deliverables.csv?district=2").await, one);
        let other = rows("deliverables.csv?district=627").await;
        assert_eq!(rows("deliverables.csv?district=2,627").await, one + other);
        assert_eq!(rows("deliverables.csv?department=8101,8135").await, 65);
        assert_eq!(rows("deliverables.csv?code=DLV-D-0123").await, 1);
    }

    #[tokio::test]
    async fn filters_know_what_clerks_mean() {
        let frequencies = ["Monthly", "Quarterly", "Half-yearly", "Yearly"];
        let states = ["Achieved", "Late", "Not%20reported", "Not%20due"];
        for (filter, values) in [("frequency", frequencies), ("status", states)] {
            let mut sum = 0;
            for value in values {
                sum += rows(&format!("deliverables.csv?{filter}={value}")).await;
            }
            assert_eq!(sum, 1_522, "{filter}");
        }
        let yearly = rows("deliverables.csv?frequency=Yearly").await;
        assert_eq!(rows("deliverables.csv?frequency=annual").await, yearly);
        assert_eq!(rows("deliverables.csv?frequency=Weekly").await, 0);
    }

    #[tokio::test]
    async fn a_part_of_the_rows_says_how_many_there_are() {
        for (part, expected) in [
            ("offset=0&limit=100", 100),
            ("offset=1500&limit=100", 22),
            ("offset=1522&limit=100", 0),
            ("limit=0", 0),
        ] {
            let path = format!("/register/tabs/deliverables.csv?{part}");
            let request = Request::get(path).body(Body::empty()).unwrap();
            let response = router().oneshot(request).await.unwrap();
            assert_eq!(response.headers()["x-total-rows"], "1522", "{part}");
            assert_eq!(rows(&format!("deliverables.csv?{part}")).await, expected);
        }
    }

    #[tokio::test]
    async fn a_filter_without_a_match_leaves_the_header() {
        assert_eq!(rows("deliverables.csv?code=DLV-D-9999").await, 0);
        assert_eq!(rows("deliverables.csv?department=8907").await, 0);
    }

    #[tokio::test]
    async fn the_summary_adds_up_to_all_rows() {
        let (_, _, text) = read("summary.csv").await;
        let sums = |area: &str, level: &str| {
            let mut sums = [0; 5];
            let rows = text.lines().skip(1).map(|line| line.split('|'));
            for mut cells in rows.filter(|cells| {
                let cells: Vec<&str> = cells.clone().collect();
                (cells[1], cells[2]) == (area, level)
            }) {
                for (sum, cell) in sums.iter_mut().zip(cells.by_ref().skip(4)) {
                    *sum += cell.parse::<u32>().unwrap();
                }
            }
            sums
        };
        let (departments, districts) = (sums("UT", "UT"), sums("UT", "District"));
        assert_eq!((departments[0], districts[0]), (1_137, 385));
        for [total, states @ ..] in [departments, districts] {
            assert_eq!(states.iter().sum::<u32>(), total);
        }
        let divisions = ["Jammu", "Kashmir"].map(|area| sums(area, "District"));
        for (place, count) in districts.into_iter().enumerate() {
            assert_eq!(divisions[0][place] + divisions[1][place], count);
        }
    }

    #[tokio::test]
    async fn a_tab_that_is_not_there_is_a_page() {
        let (status, kind, _) = read("targets.csv").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert_eq!(kind, "text/html; charset=utf-8");
    }
}
