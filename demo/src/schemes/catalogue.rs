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

use super::texts::{Texts, languages, texts};
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
    /// Every word is in what is said of the scheme in one of the languages.
    fn finds(&self, scheme: &Scheme, langs: &[&str]) -> bool {
        let texts = langs.iter().filter_map(|lang| texts(scheme, lang));
        let mut text = scheme.short.clone();
        texts.for_each(|texts| text += &format!(" {} {}", texts.name, texts.brief));
        let text = text.to_lowercase();
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
    let Some(langs) = languages(&search.lang) else {
        return unknown_language();
    };
    let schemes: Vec<_> = SCHEMES
        .iter()
        .filter(|scheme| search.finds(scheme, &langs))
        .collect();
    let items: Vec<_> = schemes
        .iter()
        .skip(from)
        .take(size)
        .map(|scheme| hit(scheme, &langs))
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
    let Some(langs) = languages(&wanted.lang) else {
        return unknown_language();
    };
    let mut data = json!({ "_id": scheme.id, "slug": scheme.slug });
    for lang in langs {
        data[lang] = texts(scheme, lang).map_or(Value::Null, |texts| detail(scheme, texts));
    }
    success(data)
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
    let Some(langs) = languages(&wanted.lang) else {
        return unknown_language();
    };
    let rows = wanted.codes.split(',').map(|code| {
        let schemes = SCHEMES
            .iter()
            .filter(|scheme| scheme.department.to_string() == code)
            .map(|scheme| hit(scheme, &langs));
        json!({ "nodalDepartmentCode": code, "items": schemes.collect::<Vec<_>>() })
    });
    success(Value::Array(rows.collect()))
}

/// In the first of the languages; with the texts in each of them, if several are wanted.
fn hit(scheme: &Scheme, langs: &[&str]) -> Value {
    let Some(first) = langs.first().and_then(|lang| texts(scheme, lang)) else {
        return Value::Null;
    };
    let mut hit = json!({
        "id": scheme.id,
        "fields": {
            "slug": scheme.slug,
            "schemeName": first.name,
            "schemeShortTitle": scheme.short,
            "briefDescription": first.brief,
            "level": scheme.level,
            "schemeCategory": [first.category],
            "nodalDepartmentCode": scheme.department.to_string(),
        },
    });
    if langs.len() > 1 {
        let translations = langs.iter().filter_map(|lang| {
            let texts = texts(scheme, lang)?;
            Some(json!({
                "lang": lang,
                "schemeName": texts.name,
                "briefDescription": texts.brief,
                "schemeCategory": [texts.category],
            }))
        });
        hit["translations"] = translations.collect();
    }
    hit
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
