//! Works: the search, and one by its id.

use std::cmp::Reverse;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::counts::{Group, figures};
use super::envelope::{Page, failure, no_work, success};
use super::works::{Feedback, WORKS, Work, hundredths};

/// Parameters of the search.
#[derive(Deserialize)]
pub(super) struct Search {
    district: Option<String>,
    dept: Option<String>,
    block: Option<String>,
    village: Option<String>,
    sector: Option<String>,
    status: Option<String>,
    q: Option<String>,
    page: Option<usize>,
    size: Option<usize>,
    /// The order of the search: `approved_on`, `approved_amount` or `progress`; that of codes without it.
    sort: Option<String>,
    /// What the summary has a row for each of: `district`, `dept`, `area` or `block`.
    #[serde(rename = "groupBy")]
    group_by: Option<String>,
    /// Of which of them, by their codes; of all of them without it.
    groups: Option<String>,
}

impl Search {
    fn finds(&self, work: &Work) -> bool {
        let is = |wanted: &Option<String>, value: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == value)
        };
        let has = |wanted: &Option<String>, value: &str| {
            wanted
                .as_ref()
                .is_none_or(|wanted| value.to_lowercase().contains(&wanted.trim().to_lowercase()))
        };
        is(&self.district, &work.district.to_string())
            && is(&self.dept, &work.department.to_string())
            && is(&self.block, &work.block)
            && is(&self.sector, &work.sector)
            && is(&self.status, &work.status)
            && has(&self.village, &work.village)
            && has(
                &self.q,
                &format!("{} {} {}", work.title, work.sector, work.block_name),
            )
    }
}

pub(super) async fn search(
    State(state): State<super::State>,
    query: Result<Query<Search>, QueryRejection>,
) -> Json<Value> {
    let Ok(Query(search)) = query else {
        return failure("JB-400", "page and size must be numbers");
    };
    let page = match Page::of(search.page, search.size) {
        Ok(page) => page,
        Err(failure) => return failure,
    };
    let mut works: Vec<_> = WORKS.iter().filter(|work| search.finds(work)).collect();
    // Sorting keeps the order of codes among equals.
    match search.sort.as_deref() {
        None => {}
        Some("approved_on") => works.sort_by_key(|work| Reverse(day(&work.approved_on))),
        Some("approved_amount") => works.sort_by_key(|work| Reverse(hundredths(&work.approved))),
        Some("progress") => works.sort_by_key(|work| work.progress),
        Some(_) => return failure("JB-400", "sort is none of the columns"),
    }
    let feedback = state.feedback();
    page.answer(&works, |work| row(work, &feedback))
}

/// `dd/mm/yyyy` as text that sorts by time.
fn day(text: &str) -> String {
    text.rsplit('/').collect::<Vec<_>>().join("-")
}

/// Sums of what a search finds: of all together, or a row for each district, department, area or block.
pub(super) async fn summary(query: Result<Query<Search>, QueryRejection>) -> Json<Value> {
    let Ok(Query(search)) = query else {
        return failure("JB-400", "The parameters cannot be read");
    };
    let found = || WORKS.iter().filter(|work| search.finds(work));
    let Some(grouped) = &search.group_by else {
        return success(figures(found));
    };
    let Some(groups) = Group::all(grouped, search.groups.as_deref()) else {
        return failure("JB-400", "groupBy is district, dept, area or block");
    };
    let is_wanted = |group: &&Group| {
        let wanted = search.groups.as_ref();
        wanted.is_none_or(|codes| codes.split(',').any(|code| code == group.code()))
    };
    let rows = groups.iter().filter(is_wanted).map(|group| {
        let mut row = figures(|| found().filter(|work| group.has(work)));
        row["group"] = group.code().into();
        row
    });
    success(rows.collect())
}

pub(super) async fn one(State(state): State<super::State>, Path(id): Path<String>) -> Response {
    match find(&id) {
        Some(work) => success(row(work, &state.feedback())).into_response(),
        None => no_work(),
    }
}

pub(super) fn find(id: &str) -> Option<&'static Work> {
    WORKS.iter().find(|work| work.id == id)
}

fn row(work: &Work, feedback: &[Feedback]) -> Value {
    let of_work: Vec<_> = feedback
        .iter()
        .filter(|row| row.work == work.id)
        .map(|row| row.rating)
        .collect();
    let mean = of_work.iter().sum::<u32>() * 10 / u32::try_from(of_work.len().max(1)).unwrap_or(1);
    json!({
        "workId": work.id,
        "workName": work.title,
        "sector": work.sector,
        "deptCode": work.department,
        "districtLgd": work.district,
        "blockCode": work.block,
        "blockName": work.block_name,
        "village": work.village,
        "status": work.status,
        "physicalProgress": format!("{}%", work.progress),
        "approvedOn": work.approved_on,
        "startedOn": work.started_on,
        "completedOn": work.completed_on,
        "amountApproved": work.approved,
        "amountReleased": work.released,
        "amountSpent": work.spent,
        "geoTaggedPhotos": work.photos,
        "feedbackCount": of_work.len(),
        "averageRating": if of_work.is_empty() { String::new() } else { format!("{}.{}", mean / 10, mean % 10) },
    })
}
