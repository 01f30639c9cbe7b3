//! The desk's HTTP interface.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::register::{Application, Register, Status};
use super::{intake, view};
use crate::closed::unless_open;
use crate::date::Date;

type Desk = Arc<Mutex<Register>>;
type Answer = Result<Json<Value>, Refusal>;

/// The most applications that one page holds.
const PAGE_LIMIT: usize = 100;

/// The desk on the day on which its sample data stand.
pub fn router() -> Router {
    let today = Date::parse_iso(intake::AS_OF).ok_or_else(|| "the day is no day".to_owned());
    unless_open(today.and_then(router_on))
}

/// The desk on a given day. An error names what is wrong with the committed data.
fn router_on(today: Date) -> Result<Router, String> {
    let desk: Desk = Arc::new(Mutex::new(intake::open(today)?));
    let api = Router::new()
        .route("/services", get(services))
        .route("/services/{id}", get(service))
        .route("/services/{id}/requirements", get(requirements))
        .route("/applications", get(list).post(apply))
        .route("/applications/{reference}", get(track))
        .route("/applications/{reference}/documents", post(attach))
        .route("/applications/{reference}/payments", post(pay))
        .route("/applications/{reference}/certificate", get(certificate))
        .route("/backlog", post(backlog))
        .layer(from_fn(sign_in))
        .with_state(desk);
    Ok(Router::new().nest("/eunnat/v1", api))
}

/// Every request carries a client id and a key; sample keys begin with `sample-`.
async fn sign_in(request: Request, next: Next) -> Response {
    match check_key(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

fn check_key(headers: &HeaderMap) -> Result<(), Refusal> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (header("x-apisetu-clientid"), header("x-apisetu-apikey")) {
        (Some(id), Some(key)) if !id.is_empty() && !key.is_empty() => {
            if key.starts_with("sample-") {
                Ok(())
            } else {
                Err(Refusal::unauthorized())
            }
        }
        _ => Err(Refusal::unauthenticated()),
    }
}

/// The register is plain data: a panic elsewhere leaves it usable.
fn open(desk: &Desk) -> MutexGuard<'_, Register> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug, Deserialize)]
struct Ids {
    ids: Option<String>,
}

/// The catalogue, or the named services of it in its own order; unknown names are left out.
async fn services(State(desk): State<Desk>, Query(query): Query<Ids>) -> Json<Value> {
    let wanted: Option<Vec<&str>> = query.ids.as_deref().map(|ids| ids.split(',').collect());
    let rows: Vec<Value> = open(&desk)
        .services
        .iter()
        .filter(|s| {
            wanted
                .as_ref()
                .is_none_or(|ids| ids.contains(&s.service_id.as_str()))
        })
        .map(|s| s.row())
        .collect();
    Json(json!({ "count": rows.len(), "services": rows }))
}

fn no_service(id: &str) -> Refusal {
    Refusal::not_found(format!("No service is called {id}"))
}

async fn service(State(desk): State<Desk>, Path(id): Path<String>) -> Answer {
    let register = open(&desk);
    Ok(Json(
        register.service(&id).ok_or_else(|| no_service(&id))?.row(),
    ))
}

async fn requirements(State(desk): State<Desk>, Path(id): Path<String>) -> Answer {
    let register = open(&desk);
    Ok(Json(
        register
            .service(&id)
            .ok_or_else(|| no_service(&id))?
            .requirements(),
    ))
}

/// The caller's name for this request, so that sending it twice does it once.
fn idempotency_key(headers: &HeaderMap) -> Result<String, Refusal> {
    let key = headers
        .get("idempotency-key")
        .and_then(|value| value.to_str().ok());
    let key = key.map(str::trim).filter(|key| !key.is_empty());
    let key = key.ok_or_else(|| Refusal::missing("Idempotency-Key"))?;
    if key.len() > 100 {
        return Err(Refusal::invalid(
            "Idempotency-Key is longer than 100 characters",
        ));
    }
    Ok(key.to_owned())
}

async fn apply(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Json(request): Json<Value>,
) -> Result<Response, Refusal> {
    let key = idempotency_key(&headers)?;
    let mut register = open(&desk);
    let reference = intake::file(&mut register, format!("apply {key}"), request)?;
    let body = view::application(register.find(&reference)?, register.today);
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

#[derive(Debug, Deserialize)]
struct Search {
    district: Option<u16>,
    service: Option<String>,
    status: Option<String>,
    overdue: Option<bool>,
    limit: Option<usize>,
    offset: Option<usize>,
}

async fn list(State(desk): State<Desk>, Query(search): Query<Search>) -> Answer {
    let limit = search.limit.unwrap_or(20);
    if limit > PAGE_LIMIT {
        return Err(Refusal::invalid(format!("limit is more than {PAGE_LIMIT}")));
    }
    let status = match search.status.as_deref() {
        None | Some("") => None,
        Some(code) => {
            Some(Status::from_code(code).ok_or_else(|| Refusal::invalid("status is not known"))?)
        }
    };
    let register = open(&desk);
    let today = register.today;
    let overdue = |a: &Application| a.status == Status::Processing && a.days_past_due(today) > 0;
    let applications: Vec<&Application> = register
        .applications()
        .filter(|a| search.district.is_none_or(|code| a.district == code))
        .filter(|a| {
            search
                .service
                .as_ref()
                .is_none_or(|id| a.service.service_id == *id)
        })
        .filter(|a| status.is_none_or(|status| a.status == status))
        .filter(|a| search.overdue.is_none_or(|wanted| overdue(a) == wanted))
        .collect();
    let offset = search.offset.unwrap_or(0);
    let page: Vec<Value> = applications
        .iter()
        .skip(offset)
        .take(limit)
        .map(|a| view::line(a, today))
        .collect();
    Ok(Json(
        json!({ "total": applications.len(), "offset": offset, "applications": page }),
    ))
}

async fn track(State(desk): State<Desk>, Path(reference): Path<String>) -> Answer {
    let register = open(&desk);
    Ok(Json(view::application(
        register.find(&reference)?,
        register.today,
    )))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attachment {
    doc_type: Option<String>,
    document_id: Option<String>,
}

async fn attach(
    State(desk): State<Desk>,
    Path(reference): Path<String>,
    Json(request): Json<Attachment>,
) -> Answer {
    let doc_type = request
        .doc_type
        .ok_or_else(|| Refusal::missing("docType"))?;
    let id = request
        .document_id
        .ok_or_else(|| Refusal::missing("documentId"))?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:/".contains(&b);
    if id.is_empty() || id.len() > 100 || !id.bytes().all(plain) {
        return Err(Refusal::invalid(
            "documentId has characters that no document id has",
        ));
    }
    let mut register = open(&desk);
    register.attach(&reference, &doc_type, &id)?;
    Ok(Json(view::application(
        register.find(&reference)?,
        register.today,
    )))
}

async fn pay(
    State(desk): State<Desk>,
    Path(reference): Path<String>,
    headers: HeaderMap,
    Json(request): Json<Value>,
) -> Answer {
    let key = idempotency_key(&headers)?;
    let text = |name: &str| request.get(name).and_then(Value::as_str);
    let amount = text("amount")
        .ok_or_else(|| Refusal::missing("amount"))?
        .to_owned();
    let mode = text("mode")
        .ok_or_else(|| Refusal::missing("mode"))?
        .to_owned();
    if !["UPI", "CARD", "NB", "CSC"].contains(&mode.as_str()) {
        return Err(Refusal::invalid("mode is not known"));
    }
    let mut register = open(&desk);
    register.pay(
        &reference,
        format!("pay {reference} {key}"),
        &amount,
        &mode,
        request,
    )?;
    Ok(Json(view::application(
        register.find(&reference)?,
        register.today,
    )))
}

async fn certificate(State(desk): State<Desk>, Path(reference): Path<String>) -> Answer {
    Ok(Json(view::certificate(open(&desk).find(&reference)?)))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Districts {
    district_codes: Vec<Value>,
}

/// Rows for the districts asked for, in ascending order of code, each once; unknown codes are left out.
async fn backlog(State(desk): State<Desk>, Json(request): Json<Districts>) -> Json<Value> {
    let mut codes: Vec<u16> = request
        .district_codes
        .iter()
        .filter_map(|code| intake::district(Some(code)).ok())
        .collect();
    codes.sort_unstable();
    codes.dedup();
    let register = open(&desk);
    let rows: Vec<Value> = codes
        .iter()
        .map(|code| view::backlog(&register, *code))
        .collect();
    Json(json!({ "asOf": register.today.dashed(), "rows": rows }))
}
