//! What citizens say of works.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::AS_OF;
use super::envelope::{MAX_PAGE, Page, failure, no_work, refusal, success};
use super::operations::find;
use super::works::Feedback;

/// The longest comment.
const MAX_COMMENT: usize = 500;

/// Parameters of a work's feedback.
#[derive(Deserialize)]
pub(super) struct Part {
    page: Option<usize>,
    size: Option<usize>,
}

/// Parameters of feedback by its ids.
#[derive(Deserialize)]
pub(super) struct Ids {
    ids: String,
}

/// Body of feedback.
#[derive(Deserialize)]
pub(super) struct NewFeedback {
    rating: i64,
    comment: String,
}

/// The feedback of one work, the latest first.
pub(super) async fn of_work(
    State(state): State<super::State>,
    Path(id): Path<String>,
    Query(part): Query<Part>,
) -> Response {
    if find(&id).is_none() {
        return no_work();
    }
    let page = match Page::of(part.page, part.size) {
        Ok(page) => page,
        Err(failure) => return failure.into_response(),
    };
    let feedback = state.feedback();
    let of_work: Vec<_> = feedback.iter().rev().filter(|row| row.work == id).collect();
    page.answer(&of_work, |one| row(one)).into_response()
}

/// Those with the given ids, separated by commas.
pub(super) async fn by_ids(
    State(state): State<super::State>,
    query: Result<Query<Ids>, QueryRejection>,
) -> Json<Value> {
    let Ok(Query(wanted)) = query else {
        return failure("JB-400", "ids is mandatory");
    };
    let ids: Vec<&str> = wanted.ids.split(',').collect();
    if ids.len() > MAX_PAGE {
        return failure("JB-413", "At most 100 ids");
    }
    let feedback = state.feedback();
    let found = feedback.iter().filter(|one| ids.contains(&&*one.id));
    success(found.map(row).collect())
}

pub(super) async fn give(
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
        _ => return refusal("rating", "Rating must be between 1 and 5").into_response(),
    };
    if comment.is_empty() || comment.chars().count() > MAX_COMMENT {
        let message = "Comment must have between 1 and 500 characters";
        return refusal("comment", message).into_response();
    }
    if has_telephone_number(comment) {
        let message = "Comment must not have a telephone number: it is shown to everybody";
        return refusal("comment", message).into_response();
    }
    let mut feedback = state.feedback();
    let new = Feedback {
        id: format!("FB-{:05}", feedback.len() + 1),
        work: id,
        rating,
        comment: comment.to_owned(),
        given_on: AS_OF.to_owned(),
    };
    let answer = row(&new);
    feedback.push(new);
    success(answer).into_response()
}

/// Whether there are ten digits in a row, whatever blanks and hyphens are between them.
fn has_telephone_number(text: &str) -> bool {
    let written = text.chars().filter(|char| !matches!(char, ' ' | '-'));
    let mut digits = 0;
    for char in written {
        digits = if char.is_ascii_digit() { digits + 1 } else { 0 };
        if digits == 10 {
            return true;
        }
    }
    false
}

fn row(row: &Feedback) -> Value {
    json!({
        "feedbackId": row.id,
        "workId": row.work,
        "rating": row.rating,
        "comment": row.comment,
        "givenOn": row.given_on,
    })
}
