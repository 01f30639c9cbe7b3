//! Refusals of the desk: API Setu's error envelope with an HTTP status, and the parameter that is wrong.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error response: status, `error`, `errorDescription`, and what it is about. It never repeats a reference or an answer.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    error: &'static str,
    description: String,
    parameter: Option<&'static str>,
    /// The number of the answer that is wrong, and its question.
    answer: Option<(Option<usize>, String)>,
}

impl Refusal {
    fn new(status: StatusCode, error: &'static str, description: impl Into<String>) -> Self {
        Self {
            status,
            error,
            description: description.into(),
            parameter: None,
            answer: None,
        }
    }

    /// 400 `missing_parameter`.
    pub(super) fn missing(name: &str) -> Self {
        let why = format!("{name} is missing");
        Self::new(StatusCode::BAD_REQUEST, "missing_parameter", why)
    }

    /// 400 `invalid_parameter`.
    pub(super) fn invalid(why: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_parameter", why)
    }

    /// 400 `invalid_consentid`.
    pub(super) fn consent() -> Self {
        let why = "A consent artefact of the applicant is required";
        Self::new(StatusCode::BAD_REQUEST, "invalid_consentid", why).about("consentId")
    }

    /// 401 `invalid_authentication`: no client id or key.
    pub(super) fn unauthenticated() -> Self {
        let why = "Client id and key are required";
        Self::new(StatusCode::UNAUTHORIZED, "invalid_authentication", why)
    }

    /// 401 `invalid_authorization`: a key that is not valid here.
    pub(super) fn unauthorized() -> Self {
        let why = "This key may not use the service desk";
        Self::new(StatusCode::UNAUTHORIZED, "invalid_authorization", why)
    }

    /// 404 `record_not_found`.
    pub(super) fn not_found(why: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "record_not_found", why)
    }

    /// 409: the application is not in a state for it.
    pub(super) fn conflict(code: &'static str, why: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, why)
    }

    /// 422 `idempotency_key_reused`: the same key with another request.
    pub(super) fn key_reused() -> Self {
        let why = "This idempotency key was used for a different request";
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self::new(status, "idempotency_key_reused", why).about("Idempotency-Key")
    }

    /// Names the parameter that is wrong.
    pub(super) fn about(self, parameter: &'static str) -> Self {
        Self {
            parameter: Some(parameter),
            ..self
        }
    }

    /// Names the answer that is wrong, or the question without one.
    pub(super) fn of_answer(self, index: Option<usize>, question: &str) -> Self {
        Self {
            answer: Some((index, question.to_owned())),
            ..self.about("parameters")
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = json!({ "error": self.error, "errorDescription": self.description });
        if let Some(parameter) = self.parameter {
            body["parameter"] = json!(parameter);
        }
        if let Some((index, question)) = self.answer {
            // A number as a text, as the desk has them.
            body["index"] = json!(index.map(|index| index.to_string()));
            body["question"] = json!(question);
        }
        (self.status, Json(body)).into_response()
    }
}
