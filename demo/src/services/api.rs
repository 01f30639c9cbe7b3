//! The desk's HTTP interface.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Path, Query, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::callback::{Callback, Callbacks};
use super::catalogue::Service;
use super::refusal::Refusal;
use super::register::{Application, Register, Status};
use super::summary::Group;
use super::texts::Language;
use super::{certificate, intake, summary, upload, view};
use crate::closed::unless_open;
use crate::date::Date;
use crate::ranges::File;

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
    let callbacks = Callbacks::default();
    let registering = callbacks.clone();
    let register = async move |Json(callback): Json<Callback>| {
        registering.register(callback);
        StatusCode::NO_CONTENT
    };
    let calling = move |request: Request, next: Next| callbacks.clone().call(request, next);
    let api = Router::new()
        .route("/services", get(services))
        .route("/services/{id}", get(service))
        .route("/services/{id}/requirements", get(requirements))
        .route("/departments", get(departments))
        .route("/applications", get(list).post(apply))
        .route("/applications/files", post(files))
        .route("/applications/track", post(track))
        .route(
            "/applications/documents",
            post(attach).layer(DefaultBodyLimit::max(upload::LONGEST + 10_000)),
        )
        .route("/applications/payments", post(pay))
        .route("/summary", get(summary).post(summaries))
        .route("/download/{file}", get(download))
        .layer(from_fn(calling))
        .route("/callback", put(register))
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

#[derive(Debug, Deserialize)]
struct InLanguage {
    lang: Option<String>,
}

async fn requirements(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    Query(query): Query<InLanguage>,
) -> Answer {
    let register = open(&desk);
    let service = register.service(&id).ok_or_else(|| no_service(&id))?;
    let language = Language::of(query.lang.as_deref());
    Ok(Json(service.requirements(language)))
}

#[derive(Debug, Deserialize)]
struct Codes {
    codes: String,
}

/// The services that departments answer for; a department without one has none.
async fn departments(State(desk): State<Desk>, Query(query): Query<Codes>) -> Json<Value> {
    let register = open(&desk);
    let rows: Vec<Value> = query
        .codes
        .split(',')
        .map(|code| {
            let services = register.services.iter();
            let services = services.filter(|service| service.department_code == code);
            let services: Vec<Value> = services.map(|service| service.row()).collect();
            json!({ "departmentCode": code, "services": services })
        })
        .collect();
    Json(json!({ "departments": rows }))
}

/// The caller's name for this request, so that sending it twice does it once.
fn idempotency_key(headers: &HeaderMap) -> Result<String, Refusal> {
    let key = headers
        .get("idempotency-key")
        .and_then(|value| value.to_str().ok());
    let key = key.map(str::trim).filter(|key| !key.is_empty());
    let key = key.ok_or_else(|| Refusal::missing("Idempotency-Key").about("Idempotency-Key"))?;
    if key.len() > 100 {
        let why = "Idempotency-Key is longer than 100 characters";
        return Err(Refusal::invalid(why).about("Idempotency-Key"));
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
    let body = private(&register, &reference)?;
    Ok((StatusCode::CREATED, body).into_response())
}

#[derive(Debug, Deserialize)]
struct Search {
    district: Option<u16>,
    service: Option<String>,
    status: Option<String>,
    overdue: Option<bool>,
    /// What the summary has a row for each of: `district`, `area` or `department`.
    by: Option<String>,
    /// Of which of them, by their codes; of all of them without it.
    codes: Option<String>,
    limit: Option<usize>,
    offset: Option<usize>,
}

impl Search {
    fn status(&self) -> Result<Option<Status>, Refusal> {
        match self.status.as_deref() {
            None | Some("") => Ok(None),
            Some(code) => {
                let status = Status::from_code(code);
                let status = status.ok_or_else(|| Refusal::invalid("status is not known"));
                status.map(Some)
            }
        }
    }

    /// Whether applications for a service are searched at all.
    fn has_service(&self, service: &Service) -> bool {
        let wanted = self.service.as_ref();
        wanted.is_none_or(|id| service.service_id == *id)
    }

    /// Whether an application is one of those that are searched.
    fn fits(&self, status: Option<Status>, application: &Application, today: Date) -> bool {
        let wanted = self.overdue;
        self.has_service(&application.service)
            && self
                .district
                .is_none_or(|code| application.district == code)
            && status.is_none_or(|status| application.status == status)
            && wanted.is_none_or(|wanted| application.is_overdue(today) == wanted)
    }
}

async fn list(State(desk): State<Desk>, Query(search): Query<Search>) -> Answer {
    let limit = search.limit.unwrap_or(20);
    if limit > PAGE_LIMIT {
        return Err(Refusal::invalid(format!("limit is more than {PAGE_LIMIT}")));
    }
    let status = search.status()?;
    let register = open(&desk);
    let today = register.today;
    let applications: Vec<&Application> = register
        .applications()
        .filter(|a| search.fits(status, a, today))
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

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Files {
    file_nos: Vec<String>,
}

/// Lines of the list, by the numbers of their files; unknown numbers are left out.
async fn files(State(desk): State<Desk>, Json(request): Json<Files>) -> Json<Value> {
    let register = open(&desk);
    let found = request
        .file_nos
        .iter()
        .filter_map(|file| register.by_file(file));
    let lines: Vec<Value> = found.map(|a| view::line(a, register.today)).collect();
    Json(json!({ "applications": lines }))
}

/// What must not be kept on the way: it says who applied.
type Private = Result<([(HeaderName, &'static str); 1], Json<Value>), Refusal>;

fn private(register: &Register, reference: &str) -> Private {
    let body = view::application(register.find(reference)?, register.today);
    Ok(([(CACHE_CONTROL, "no-store")], Json(body)))
}

fn reference(request: &Value) -> Result<String, Refusal> {
    let reference = request.get("referenceNo").and_then(Value::as_str);
    let reference = reference.map(|text| text.trim().to_uppercase());
    reference.ok_or_else(|| Refusal::missing("The reference").about("referenceNo"))
}

/// The whole application. The reference is in the body: addresses are kept in logs.
async fn track(State(desk): State<Desk>, Json(request): Json<Value>) -> Private {
    private(&open(&desk), &reference(&request)?)
}

/// An issued certificate, by the key in its link.
async fn download(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Path(file): Path<String>,
) -> Result<Response, Refusal> {
    let register = open(&desk);
    let key = file.strip_suffix(".pdf").unwrap_or_default();
    let mut issued = register
        .applications()
        .filter(|application| application.status == Status::Issued);
    let application = issued.find(|application| application.download == key);
    let application =
        application.ok_or_else(|| Refusal::not_found("There is no such certificate".to_owned()))?;
    let file = File {
        content: certificate::pdf(application),
        content_type: "application/pdf",
        name: &format!(
            "{}-{}.pdf",
            application.service.service_id, application.file
        ),
        version: &application.file,
    };
    let mut response = file.response(&headers);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Attaches a document by its id (JSON), or the file itself (a form with `file`).
async fn attach(State(desk): State<Desk>, request: Request) -> Result<Private, Response> {
    let content_type = request.headers().get(CONTENT_TYPE);
    let is_form = content_type.is_some_and(|it| it.as_bytes().starts_with(b"multipart/form-data"));
    let fields = if is_form {
        let form = Multipart::from_request(request, &()).await;
        let form = form.map_err(IntoResponse::into_response)?;
        upload::fields(form).await
    } else {
        let json = Json::<Value>::from_request(request, &()).await;
        let Json(fields) = json.map_err(IntoResponse::into_response)?;
        Ok(fields)
    };
    Ok(fields.and_then(|fields| attached(&desk, &fields)))
}

fn attached(desk: &Desk, request: &Value) -> Private {
    let reference = reference(request)?;
    let text = |name: &str| request.get(name).and_then(Value::as_str);
    let doc_type = text("docType")
        .ok_or_else(|| Refusal::missing("The type of the document").about("docType"))?;
    let id = text("documentId");
    let id = id.ok_or_else(|| Refusal::missing("The id of the document").about("documentId"))?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:/".contains(&b);
    if id.is_empty() || id.len() > 100 || !id.bytes().all(plain) {
        let why = "This is no id of a document";
        return Err(Refusal::invalid(why).about("documentId"));
    }
    let mut register = open(desk);
    register.attach(&reference, doc_type, id)?;
    private(&register, &reference)
}

async fn pay(State(desk): State<Desk>, headers: HeaderMap, Json(request): Json<Value>) -> Private {
    let key = idempotency_key(&headers)?;
    let reference = reference(&request)?;
    let text = |name: &str| request.get(name).and_then(Value::as_str);
    let amount = text("amount").ok_or_else(|| Refusal::missing("The amount").about("amount"))?;
    let mode = text("mode").ok_or_else(|| Refusal::missing("The way to pay").about("mode"))?;
    if !["UPI", "CARD", "NB", "CSC"].contains(&mode) {
        return Err(Refusal::invalid("There is no such way to pay").about("mode"));
    }
    let mut register = open(&desk);
    let payment = format!("pay {reference} {key}");
    register.pay(&reference, payment, amount, mode, request.clone())?;
    private(&register, &reference)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summarised {
    #[serde(default)]
    district_codes: Vec<Value>,
    #[serde(default)]
    area_codes: Vec<String>,
    #[serde(default)]
    department_codes: Vec<String>,
}

/// What the same search lists, counted: all together, or a row for each district, area or department.
async fn summary(State(desk): State<Desk>, Query(search): Query<Search>) -> Answer {
    let status = search.status()?;
    let register = open(&desk);
    let fits = |application: &Application| search.fits(status, application, register.today);
    let counted = |service: &Service| search.has_service(service);
    let Some(by) = &search.by else {
        return Ok(Json(summary::of(&register, counted, fits)));
    };
    let groups = Group::all(by, &register, search.codes.as_deref());
    let groups = groups.ok_or_else(|| Refusal::invalid("by is not known"))?;
    let is_wanted = |group: &&Group| {
        let wanted = search.codes.as_ref();
        wanted.is_none_or(|codes| codes.split(',').any(|code| code == group.code()))
    };
    let rows = groups.iter().filter(is_wanted).map(|group| {
        let mut row = summary::of(
            &register,
            |service| counted(service) && group.has_service(service),
            |application| fits(application) && group.has(application),
        );
        row["group"] = json!(group.code());
        row
    });
    let rows: Vec<Value> = rows.collect();
    Ok(Json(json!({ "rows": rows })))
}

/// Rows for the districts asked for, in ascending order of code, each once, for areas, and for departments; unknown codes, and
/// departments without a service, are left out.
async fn summaries(State(desk): State<Desk>, Json(request): Json<Summarised>) -> Json<Value> {
    let codes = request.district_codes.iter();
    let mut codes: Vec<u16> = codes
        .filter_map(|code| intake::district(Some(code)).ok())
        .collect();
    codes.sort_unstable();
    codes.dedup();
    let register = open(&desk);
    let row = |name: &str, code: Value, districts: &[u16]| {
        let in_them = |application: &Application| districts.contains(&application.district);
        let mut row = summary::of(&register, |_| true, in_them);
        row[name] = code;
        row
    };
    let districts = codes
        .iter()
        .map(|code| row("lgdCode", json!(code), &[*code]));
    let areas = request.area_codes.iter().filter_map(|code| {
        let districts = intake::districts_of(code)?;
        Some(row("areaCode", json!(code), &districts))
    });
    let departments = request.department_codes.iter().filter_map(|code| {
        let its_own = |service: &Service| service.department_code == *code;
        let mut services = register.services.iter();
        services.find(|service| its_own(service))?;
        let mut row = summary::of(&register, its_own, |_| true);
        row["departmentCode"] = json!(code);
        Some(row)
    });
    let rows: Vec<Value> = districts.chain(areas).chain(departments).collect();
    Json(json!({ "rows": rows }))
}
