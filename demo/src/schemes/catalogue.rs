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

use super::texts::{Texts, speaks, texts};
use super::{CATALOGUE_KEY, SCHEMES, Scheme};

/// The most hits in one answer.
const MAX_SIZE: usize = 100;

pub(super) fn router() -> Router {
    Router::new()
        .route("/search/schemes", get(search))
        .route("/public/schemes", get(one))
        .route("/public/schemes/{id}/documents", get(documents))
        .route("/departments/schemes", get(of_departments))
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
    level: Option<String>,
    #[serde(default = "english")]
    lang: String,
    from: Option<usize>,
    size: Option<usize>,
}

impl Search {
    /// Every word is in what is said of the scheme, in English or in the language of the search.
    fn finds(&self, scheme: &Scheme) -> bool {
        let translated = texts(scheme, &self.lang);
        let translated = translated.map_or([""; 2], |texts| [texts.name, texts.brief]);
        let english = [&*scheme.name, &*scheme.short, &*scheme.brief];
        let text = [&english[..], &translated[..]]
            .concat()
            .join(" ")
            .to_lowercase();
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
            && self
                .level
                .as_ref()
                .is_none_or(|level| *level == scheme.level)
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
            "size must not exceed 100",
        );
    }
    if !speaks(&search.lang) {
        return unknown_language();
    }
    let schemes: Vec<_> = SCHEMES
        .iter()
        .filter(|scheme| search.finds(scheme))
        .collect();
    let items: Vec<_> = schemes
        .iter()
        .skip(from)
        .take(size)
        .map(|scheme| hit(scheme, &search.lang))
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
    let Some(scheme) = SCHEMES.iter().find(|scheme| scheme.slug == wanted.slug) else {
        return failure(StatusCode::NOT_FOUND, "NotFound", "Scheme not found");
    };
    match texts(scheme, &wanted.lang) {
        Some(texts) => {
            let lang = wanted.lang;
            success(json!({ "_id": scheme.id, "slug": scheme.slug, lang: detail(scheme, texts) }))
        }
        None => unknown_language(),
    }
}

#[derive(Deserialize)]
struct Language {
    #[serde(default = "english")]
    lang: String,
}

async fn documents(Path(id): Path<String>, Query(wanted): Query<Language>) -> Response {
    let Some(scheme) = SCHEMES.iter().find(|scheme| scheme.id == id) else {
        return failure(StatusCode::NOT_FOUND, "NotFound", "Scheme not found");
    };
    let Some(texts) = texts(scheme, &wanted.lang) else {
        return unknown_language();
    };
    let rows = texts.documents.split(';').enumerate().map(|(index, name)| {
        json!({ "documentName": name, "mandatory": if index < 3 { "Y" } else { "N" } })
    });
    success(json!({ wanted.lang: { "documentsRequired": rows.collect::<Vec<_>>() } }))
}

#[derive(Deserialize)]
struct Departments {
    /// Separated by commas.
    codes: String,
    #[serde(default = "english")]
    lang: String,
}

/// The schemes of several departments, in the order of the request; of one that owns none, an empty list.
async fn of_departments(query: Result<Query<Departments>, QueryRejection>) -> Response {
    let Ok(Query(wanted)) = query else {
        return failure(StatusCode::BAD_REQUEST, "BadRequest", "codes is mandatory");
    };
    if !speaks(&wanted.lang) {
        return unknown_language();
    }
    let rows = wanted.codes.split(',').map(|code| {
        let schemes = SCHEMES
            .iter()
            .filter(|scheme| scheme.department.to_string() == code)
            .map(|scheme| hit(scheme, &wanted.lang));
        json!({ "nodalDepartmentCode": code, "items": schemes.collect::<Vec<_>>() })
    });
    success(Value::Array(rows.collect()))
}

fn hit(scheme: &Scheme, lang: &str) -> Value {
    let Some(texts) = texts(scheme, lang) else {
        return Value::Null;
    };
    json!({
        "id": scheme.id,
        "fields": {
            "slug": scheme.slug,
            "schemeName": texts.name,
            "schemeShortTitle": scheme.short,
            "briefDescription": texts.brief,
            "level": scheme.level,
            "schemeCategory": [texts.category],
            "schemeCategoryValue": [scheme.category],
            "nodalDepartmentCode": scheme.department.to_string(),
        },
    })
}

fn detail(scheme: &Scheme, texts: Texts) -> Value {
    json!({
        "basicDetails": {
            "schemeName": texts.name,
            "schemeShortTitle": scheme.short,
            "level": { "label": format!("{} ", scheme.level), "value": scheme.level.to_lowercase() },
            "schemeCategory": [{ "label": texts.category, "value": scheme.category }],
            "nodalDepartment": { "code": scheme.department.to_string() },
            "schemeOpenDate": scheme.start,
        },
        "schemeContent": {
            "briefDescription": texts.brief,
            "benefits_md": texts.benefits,
            "applicationProcess": [{ "mode": texts.process }],
        },
        "eligibilityCriteria": { "eligibilityDescription_md": texts.eligibility },
    })
}

fn unknown_language() -> Response {
    failure(
        StatusCode::BAD_REQUEST,
        "BadRequest",
        "There are no texts in this language",
    )
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
