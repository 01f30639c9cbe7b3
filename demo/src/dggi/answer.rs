//! The envelopes of the service: a success, or a failure with an HTTP status.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A response, or a failure.
pub(super) type Answer = Result<Json<Value>, Failure>;

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

pub(super) fn success(records: Vec<Value>) -> Json<Value> {
    Json(json!({ "status": "success", "total": records.len().to_string(), "records": records }))
}

pub(super) fn not_found(message: &'static str) -> Failure {
    Failure {
        status: StatusCode::NOT_FOUND,
        code: "DGGI-404",
        message,
    }
}

pub(super) fn bad_request() -> Failure {
    Failure {
        status: StatusCode::BAD_REQUEST,
        code: "DGGI-400",
        message: "The request body is not as described",
    }
}

/// The response to a request without the key.
pub(super) fn refusal() -> Response {
    let refusal = Failure {
        status: StatusCode::UNAUTHORIZED,
        code: "DGGI-401",
        message: "Invalid API key",
    };
    refusal.into_response()
}
