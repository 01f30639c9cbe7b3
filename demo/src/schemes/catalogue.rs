//! The catalogue: what a scheme is, who can have it, and what to bring.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, Request};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{CATALOGUE_KEY, SCHEMES, Scheme};

/// The most hits in one answer.
const MAX_SIZE: usize = 50;

pub(super) fn router() -> Router {
    Router::new()
        .route("/search/schemes", get(search))
        .route("/public/schemes", get(one))
        .route("/public/schemes/{id}/documents", get(documents))
        .layer(middleware::from_fn(signed_in))
}

async fn signed_in(request: Request, next: Next) -> Response {
    match request.headers().get("x-api-key") {
        Some(key) if key == CATALOGUE_KEY => next.run(request).await,
        _ => failure(
            StatusCode::UNAUTHORIZED,
            "Unauthorized",
            "The API key is not valid",
        ),
    }
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    keyword: String,
    department: Option<String>,
    category: Option<String>,
    from: Option<usize>,
    size: Option<usize>,
}

impl Search {
    fn finds(&self, scheme: &Scheme) -> bool {
        let text = format!("{} {} {}", scheme.name, scheme.short, scheme.brief).to_lowercase();
        self.keyword
            .to_lowercase()
            .split_whitespace()
            .all(|word| text.contains(word))
            && self
                .department
                .as_ref()
                .is_none_or(|code| *code == scheme.department.to_string())
            && self
                .category
                .as_ref()
                .is_none_or(|category| *category == scheme.category)
    }
}

async fn search(query: Result<Query<Search>, QueryRejection>) -> Response {
    let Ok(Query(search)) = query else {
        return failure(
            StatusCode::BAD_REQUEST,
            "BadRequest",
            "from and size must be numbers",
        );
    };
    let (from, size) = (search.from.unwrap_or(0), search.size.unwrap_or(10));
    if size > MAX_SIZE {
        return failure(
            StatusCode::BAD_REQUEST,
            "BadRequest",
            "size must not exceed 50",
        );
    }
    let schemes: Vec<_> = SCHEMES
        .iter()
        .filter(|scheme| search.finds(scheme))
        .collect();
    let items: Vec<_> = schemes
        .iter()
        .skip(from)
        .take(size)
        .map(|scheme| hit(scheme))
        .collect();
    success(json!({
        "summary": { "total": schemes.len(), "from": from, "size": size },
        "hits": { "items": items },
    }))
}

#[derive(Deserialize)]
struct Slug {
    slug: String,
    #[serde(default = "english")]
    lang: String,
}

fn english() -> String {
    "en".to_owned()
}

async fn one(query: Result<Query<Slug>, QueryRejection>) -> Response {
    let Ok(Query(wanted)) = query else {
        return failure(StatusCode::BAD_REQUEST, "BadRequest", "slug is mandatory");
    };
    match SCHEMES.iter().find(|scheme| scheme.slug == wanted.slug) {
        Some(scheme) if wanted.lang == "en" => {
            success(json!({ "_id": scheme.id, "slug": scheme.slug, "en": detail(scheme) }))
        }
        Some(_) => failure(
            StatusCode::NOT_FOUND,
            "NotFound",
            "The scheme is not available in this language",
        ),
        None => failure(StatusCode::NOT_FOUND, "NotFound", "Scheme not found"),
    }
}

async fn documents(Path(id): Path<String>) -> Response {
    let Some(scheme) = SCHEMES.iter().find(|scheme| scheme.id == id) else {
        return failure(StatusCode::NOT_FOUND, "NotFound", "Scheme not found");
    };
    let rows = scheme.documents.split(';').enumerate().map(|(index, name)| {
        json!({ "documentName": name, "mandatory": if index < 3 { "Y" } else { "N" } })
    });
    success(json!({ "en": { "documentsRequired": rows.collect::<Vec<_>>() } }))
}

fn hit(scheme: &Scheme) -> Value {
    json!({
        "id": scheme.id,
        "fields": {
            "slug": scheme.slug,
            "schemeName": scheme.name,
            "schemeShortTitle": scheme.short,
            "briefDescription": scheme.brief,
            "level": scheme.level,
            "schemeCategory": [scheme.category],
            "nodalDepartmentCode": scheme.department.to_string(),
        },
    })
}

fn detail(scheme: &Scheme) -> Value {
    json!({
        "basicDetails": {
            "schemeName": scheme.name,
            "schemeShortTitle": scheme.short,
            "level": { "label": format!("{} ", scheme.level), "value": scheme.level.to_lowercase() },
            "schemeCategory": [{ "label": scheme.category }],
            "nodalDepartment": { "code": scheme.department.to_string() },
            "schemeOpenDate": scheme.start,
        },
        "schemeContent": {
            "briefDescription": scheme.brief,
            "benefits_md": scheme.benefits,
            "applicationProcess": [{ "mode": scheme.process }],
        },
        "eligibilityCriteria": { "eligibilityDescription_md": scheme.eligibility },
    })
}

fn success(data: Value) -> Response {
    Json(json!({ "status": "Success", "statusCode": 200, "errorDescription": null, "error": null, "data": data })).into_response()
}

fn failure(status: StatusCode, error: &str, description: &str) -> Response {
    let body = json!({
        "status": "Failure",
        "statusCode": status.as_u16(),
        "errorDescription": description,
        "error": error,
        "data": null,
    });
    (status, Json(body)).into_response()
}
