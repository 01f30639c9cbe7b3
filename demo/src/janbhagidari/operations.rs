//! One function per operation of the portal.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::AS_OF;
use super::works::{Feedback, Sums, WORKS, Work};

/// The most works on one page.
const MAX_PAGE: usize = 100;
/// The longest comment.
const MAX_COMMENT: usize = 500;

/// Parameters of the search.
#[derive(Deserialize)]
pub(super) struct Search {
    district: Option<String>,
    block: Option<String>,
    village: Option<String>,
    status: Option<String>,
    q: Option<String>,
    page: Option<usize>,
    size: Option<usize>,
}

/// Parameters of the list of blocks.
#[derive(Deserialize)]
pub(super) struct OfDistrict {
    district: String,
}

/// Parameters of a work's feedback.
#[derive(Deserialize)]
pub(super) struct Size {
    size: Option<usize>,
}

/// Body of `summary`.
#[derive(Deserialize)]
pub(super) struct Districts {
    districts: Vec<Value>,
}

/// Body of feedback.
#[derive(Deserialize)]
pub(super) struct NewFeedback {
    rating: i64,
    comment: String,
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
            && is(&self.block, &work.block)
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
    let size = search.size.unwrap_or(20);
    if !(1..=MAX_PAGE).contains(&size) {
        return failure("JB-413", "size must be between 1 and 100");
    }
    let page = search.page.unwrap_or(1).max(1);
    let works: Vec<_> = WORKS.iter().filter(|work| search.finds(work)).collect();
    let feedback = state.feedback();
    let rows = works
        .iter()
        .skip((page - 1).saturating_mul(size))
        .take(size);
    Json(json!({
        "success": true,
        "page": page,
        "pages": works.len().div_ceil(size),
        "totalRecords": works.len().to_string(),
        "data": rows.map(|work| row(work, &feedback)).collect::<Vec<_>>(),
    }))
}

pub(super) async fn one(State(state): State<super::State>, Path(id): Path<String>) -> Response {
    match find(&id) {
        Some(work) => success(row(work, &state.feedback())).into_response(),
        None => no_work(),
    }
}

pub(super) async fn feedback_of(
    State(state): State<super::State>,
    Path(id): Path<String>,
    Query(Size { size }): Query<Size>,
) -> Response {
    if find(&id).is_none() {
        return no_work();
    }
    let feedback = state.feedback();
    let latest = feedback
        .iter()
        .rev()
        .filter(|row| row.work == id)
        .take(size.unwrap_or(MAX_PAGE));
    success(latest.map(feedback_row).collect()).into_response()
}

pub(super) async fn give_feedback(
    State(state): State<super::State>,
    Path(id): Path<String>,
    body: Result<Json<NewFeedback>, JsonRejection>,
) -> Response {
    let Ok(Json(given)) = body else {
        return failure("JB-400", "rating and comment are mandatory").into_response();
    };
    if find(&id).is_none() {
        return no_work();
    }
    let comment = given.comment.trim();
    let rating = match u32::try_from(given.rating) {
        Ok(rating @ 1..=5) => rating,
        _ => return failure("JB-422", "Rating must be between 1 and 5").into_response(),
    };
    if comment.is_empty() || comment.chars().count() > MAX_COMMENT {
        return failure("JB-422", "Comment must have between 1 and 500 characters").into_response();
    }
    let mut feedback = state.feedback();
    let new = Feedback {
        id: format!("FB-{:05}", feedback.len() + 1),
        work: id,
        rating,
        comment: comment.to_owned(),
        given_on: AS_OF.to_owned(),
    };
    let answer = feedback_row(&new);
    feedback.push(new);
    success(answer).into_response()
}

pub(super) async fn blocks(query: Result<Query<OfDistrict>, QueryRejection>) -> Json<Value> {
    let Ok(Query(wanted)) = query else {
        return failure("JB-400", "district is mandatory");
    };
    let mut blocks = BTreeMap::new();
    for work in WORKS
        .iter()
        .filter(|work| work.district.to_string() == wanted.district)
    {
        let (name, count) = blocks.entry(&work.block).or_insert((&work.block_name, 0));
        // The name as most clerks write it: not the one in capitals.
        if name.to_uppercase() == **name {
            *name = &work.block_name;
        }
        *count += 1;
    }
    let rows = blocks.into_iter().map(
        |(code, (name, works))| json!({ "blockCode": code, "blockName": name, "works": works }),
    );
    success(rows.collect())
}

pub(super) async fn summary(body: Result<Json<Districts>, JsonRejection>) -> Json<Value> {
    let Ok(Json(body)) = body else {
        return failure("JB-400", "districts is mandatory");
    };
    if body.districts.len() > MAX_PAGE {
        return failure("JB-413", "At most 100 districts");
    }
    let rows = body.districts.iter().filter_map(|code| {
        let code = code
            .as_str()
            .map_or_else(|| code.to_string(), str::to_owned);
        let works = || {
            WORKS
                .iter()
                .filter(|work| work.district.to_string() == code)
        };
        let district = works().next()?.district;
        Some(json!({ "districtLgd": district, "asOn": AS_OF, "totals": by_status(works) }))
    });
    success(rows.collect())
}

pub(super) async fn totals() -> Json<Value> {
    let rows = ["UT", "JAMMU", "KASHMIR"].map(|area| {
        let works = || WORKS.iter().filter(move |work| work.is_in(area));
        json!({ "area": area, "asOn": AS_OF, "totals": by_status(works) })
    });
    success(rows.to_vec().into())
}

/// Sums of all works, and of those in each status; `ALL` first.
fn by_status<'w, Works: Iterator<Item = &'w Work>>(works: impl Fn() -> Works) -> Vec<Value> {
    let sums = |status: &str| {
        let sums = Sums::of(works().filter(|work| status == "ALL" || work.status == status));
        let [approved, released, spent] = sums.printed();
        json!({
            "status": status,
            "works": sums.works.to_string(),
            "approved": approved,
            "released": released,
            "spent": spent,
        })
    };
    ["ALL", "N", "P", "C", "S"].map(sums).to_vec()
}

fn find(id: &str) -> Option<&'static Work> {
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

fn feedback_row(row: &Feedback) -> Value {
    json!({
        "feedbackId": row.id,
        "workId": row.work,
        "rating": row.rating,
        "comment": row.comment,
        "givenOn": row.given_on,
    })
}

fn success(data: Value) -> Json<Value> {
    Json(json!({ "success": true, "message": "OK", "data": data }))
}

fn failure(code: &str, message: &str) -> Json<Value> {
    Json(json!({ "success": false, "errorCode": code, "message": message, "data": null }))
}

fn no_work() -> Response {
    (StatusCode::NOT_FOUND, failure("JB-404", "No such work")).into_response()
}
