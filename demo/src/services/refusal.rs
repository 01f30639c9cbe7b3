//! Refusals of the desk: API Setu's error envelope with an HTTP status.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error response: status, `error`, `errorDescription`.
#[derive(Debug)]
pub(super) struct Refusal(StatusCode, &'static str, String);

impl Refusal {
    /// 400 `missing_parameter`.
    pub(super) fn missing(name: &str) -> Self {
        Self(
            StatusCode::BAD_REQUEST,
            "missing_parameter",
            format!("{name} is missing"),
        )
    }

    /// 400 `invalid_parameter`.
    pub(super) fn invalid(why: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, "invalid_parameter", why.into())
    }

    /// 400 `invalid_consentid`.
    pub(super) fn consent() -> Self {
        let why = "A consent artefact of the applicant is required";
        Self(StatusCode::BAD_REQUEST, "invalid_consentid", why.into())
    }

    /// 401 `invalid_authentication`: no client id or key.
    pub(super) fn unauthenticated() -> Self {
        let why = "Client id and key are required";
        Self(
            StatusCode::UNAUTHORIZED,
            "invalid_authentication",
            why.into(),
        )
    }

    /// 401 `invalid_authorization`: a key that is not valid here.
    pub(super) fn unauthorized() -> Self {
        let why = "This key may not use the service desk";
        Self(
            StatusCode::UNAUTHORIZED,
            "invalid_authorization",
            why.into(),
        )
    }

    /// 404 `record_not_found`.
    pub(super) fn not_found(why: impl Into<String>) -> Self {
        Self(StatusCode::NOT_FOUND, "record_not_found", why.into())
    }

    /// 409: the application is not in a state for it.
    pub(super) fn conflict(code: &'static str, why: impl Into<String>) -> Self {
        Self(StatusCode::CONFLICT, code, why.into())
    }

    /// 422 `idempotency_key_reused`: the same key with another request.
    pub(super) fn key_reused() -> Self {
        let why = "This idempotency key was used for a different request";
        Self(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            why.into(),
        )
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(status, error, description) = self;
        (
            status,
            Json(json!({ "error": error, "errorDescription": description })),
        )
            .into_response()
    }
}
