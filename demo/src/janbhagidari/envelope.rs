//! The envelope of every response, and pages in it.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// The most rows on one page, and the most codes in one request.
pub(super) const MAX_PAGE: usize = 100;

/// A page that a request wants.
pub(super) struct Page {
    number: usize,
    size: usize,
}

impl Page {
    /// Its parameters, or the portal's refusal.
    pub(super) fn of(number: Option<usize>, size: Option<usize>) -> Result<Page, Json<Value>> {
        let size = size.unwrap_or(20);
        if !(1..=MAX_PAGE).contains(&size) {
            return Err(failure("JB-413", "size must be between 1 and 100"));
        }
        let number = number.unwrap_or(1).max(1);
        Ok(Page { number, size })
    }

    /// The response with these rows of all.
    pub(super) fn answer<T>(&self, all: &[T], row: impl Fn(&T) -> Value) -> Json<Value> {
        let rows = all
            .iter()
            .skip((self.number - 1).saturating_mul(self.size))
            .take(self.size);
        Json(json!({
            "success": true,
            "page": self.number,
            "pages": all.len().div_ceil(self.size),
            "totalRecords": all.len().to_string(),
            "data": rows.map(row).collect::<Vec<_>>(),
        }))
    }
}

pub(super) fn success(data: Value) -> Json<Value> {
    Json(json!({ "success": true, "message": "OK", "data": data }))
}

pub(super) fn failure(code: &str, message: &str) -> Json<Value> {
    Json(json!({ "success": false, "errorCode": code, "message": message, "data": null }))
}

/// A refusal of one member of the body.
pub(super) fn refusal(field: &str, message: &str) -> Json<Value> {
    let mut answer = failure("JB-422", message);
    answer["errorField"] = field.into();
    answer
}

pub(super) fn no_work() -> Response {
    (StatusCode::NOT_FOUND, failure("JB-404", "No such work")).into_response()
}
