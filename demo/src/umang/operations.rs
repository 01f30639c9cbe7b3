//! The operations.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::routing::any;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::catalogue::{CATEGORIES, Catalogue, Filter, STATES, Service, is_of};
use super::envelope::{Call, Failure, Outcome, wrap};
use crate::closed::unless_open;

type Shared = Arc<Mutex<Catalogue>>;

/// The most services in a response.
const MOST: usize = 300;

/// UMANG with the committed catalogue.
pub fn router() -> Router {
    unless_open(Catalogue::open().map(|catalogue| {
        let nowhere = || async { wrap(Err(Failure("PE0404", "No such interface".into()))) };
        Router::new()
            .route("/umangApi/ws1/{operation}", any(answer))
            .fallback(nowhere)
            .with_state(Arc::new(Mutex::new(catalogue)))
    }))
}

/// Handles every request: reads the envelope, runs the operation, and wraps its result.
async fn answer(
    State(catalogue): State<Shared>,
    Path(operation): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Json<Value> {
    let mut catalogue = catalogue.lock().unwrap_or_else(PoisonError::into_inner);
    wrap(
        Call::read(&headers, &body).and_then(|call| match operation.as_str() {
            "home" => home(&catalogue, &call),
            "fdirserv1" => directory(&catalogue, &call),
            "fdirdeptser" => departments(&catalogue, &call),
            "fthds" => of_department(&catalogue, &call),
            "fdeptdtl" => departments_by_id(&catalogue, &call),
            "fsrvdtl" => services_by_id(&catalogue, &call),
            "fstdata" => Ok(states(&catalogue)),
            "appkeysearch" => search(&catalogue, &call),
            "srvrating" => rate(&mut catalogue, &call),
            _ => Err(Failure("PE0404", format!("No such operation: {operation}"))),
        }),
    )
}

/// A page of services: `start` counts from 0.
fn page(catalogue: &Catalogue, call: &Call, services: &[&Service]) -> Result<Value, Failure> {
    let size = call.count("size", 20)?;
    if size > MOST {
        return Err(Failure("PE0003", format!("size is more than {MOST}")));
    }
    let start = call.count("start", 0)?;
    let rows: Vec<Value> = services
        .iter()
        .skip(start)
        .take(size)
        .map(|s| catalogue.row(s))
        .collect();
    Ok(json!({ "total": services.len().to_string(), "srvlst": rows }))
}

/// Most popular first; ties in the order of the ids.
fn popular(mut services: Vec<&Service>) -> Vec<&Service> {
    services.sort_by_key(|s| u32::MAX - s.popularity);
    services
}

fn home(catalogue: &Catalogue, call: &Call) -> Outcome {
    let count = call.count("cnt", 10)?;
    let rows = |services: Vec<&Service>| -> Vec<Value> {
        services
            .into_iter()
            .take(count)
            .map(|s| catalogue.row(s))
            .collect()
    };
    let all_services: Vec<&Service> = catalogue.services().iter().collect();
    let new = all_services
        .iter()
        .copied()
        .filter(|s| s.new == "Y")
        .collect();
    let categories: Vec<Value> = (1..)
        .zip(CATEGORIES)
        .map(|(id, name)| {
            let id = id.to_string();
            let services = all_services
                .iter()
                .filter(|s| s.category_id() == id)
                .count();
            json!({ "catid": id, "catname": name, "srvcnt": services.to_string() })
        })
        .collect();
    let data = json!({
        "srvcnt": all_services.len().to_string(),
        "deptcnt": catalogue.departments().len().to_string(),
        "catlst": categories,
        "poplst": rows(popular(all_services)),
        "newlst": rows(popular(new)),
    });
    Ok(("HM0000", data))
}

fn directory(catalogue: &Catalogue, call: &Call) -> Outcome {
    let filter = Filter {
        category: call.text("fcatid"),
        language: call.text("flang"),
        platform: call.text("fpltfrm"),
        department: call.text("fdeptid"),
        state: call.text("fstid"),
        nationwide: call.flag("fnat")?,
    };
    let mut services = catalogue.filter(&filter);
    match call.text("sort").as_deref() {
        None | Some("NAME") => services.sort_by(|a, b| a.name.cmp(&b.name)),
        Some("POP") => services = popular(services),
        Some(other) => return Err(Failure("PE0003", format!("No such order: {other}"))),
    }
    Ok(("SU0000", page(catalogue, call, &services)?))
}

fn departments(catalogue: &Catalogue, call: &Call) -> Outcome {
    let state = call.text("fstid");
    let nationwide = call.flag("fnat")?;
    let mut rows = catalogue.departments();
    rows.retain(|row| state.as_deref().is_none_or(|state| row["stid"] == state));
    rows.retain(|row| {
        row["stid"]
            .as_str()
            .is_some_and(|state| is_of(nationwide, state))
    });
    // Without a size, all of them.
    let (start, size) = (call.count("start", 0)?, call.count("size", rows.len())?);
    let total = rows.len().to_string();
    let page: Vec<Value> = rows.into_iter().skip(start).take(size).collect();
    Ok(("SU0000", json!({ "total": total, "deptlst": page })))
}

fn of_department(catalogue: &Catalogue, call: &Call) -> Outcome {
    let department = call.text("fdeptid");
    let department = department
        .ok_or_else(|| Failure("PE0001", "Mandatory parameter missing: fdeptid".into()))?;
    let services = catalogue.filter(&Filter {
        department: Some(department),
        ..Filter::default()
    });
    if services.is_empty() {
        return Err(Failure("DP0404", "No such department".into()));
    }
    Ok(("DP0000", page(catalogue, call, &popular(services))?))
}

fn departments_by_id(catalogue: &Catalogue, call: &Call) -> Outcome {
    let ids = call.ids("deptids");
    let mut rows = catalogue.departments();
    rows.retain(|row| {
        row["deptid"]
            .as_str()
            .is_some_and(|id| ids.iter().any(|wanted| wanted == id))
    });
    Ok(("DP0000", json!({ "deptlst": rows })))
}

/// The services with known ids, in the order of the catalogue, not of the request.
fn services_by_id(catalogue: &Catalogue, call: &Call) -> Outcome {
    let ids = call.ids("srvids");
    let wanted = catalogue.services().iter().filter(|s| ids.contains(&s.id));
    let rows: Vec<Value> = wanted.map(|s| catalogue.row(s)).collect();
    Ok(("00", json!({ "srvlst": rows })))
}

fn states(catalogue: &Catalogue) -> (&'static str, Value) {
    let rows = STATES.map(|(id, name)| {
        let services = catalogue.services().iter().filter(|s| s.state == id);
        json!({ "stid": id, "stname": name, "srvcnt": services.count().to_string() })
    });
    ("SU0000", json!({ "stlst": rows }))
}

fn search(catalogue: &Catalogue, call: &Call) -> Outcome {
    let keyword = call.text("keyword").unwrap_or_default();
    if keyword.trim().chars().count() < 2 {
        return Err(Failure("KS0001", "Type at least two letters".into()));
    }
    Ok(("200", page(catalogue, call, &catalogue.search(&keyword))?))
}

fn rate(catalogue: &mut Catalogue, call: &Call) -> Outcome {
    let stars = call.count("rating", 0)? as u64;
    if !(1..=5).contains(&stars) {
        return Err(Failure("RT0001", "Rating must be from 1 to 5".into()));
    }
    let missing = |name: &str| Failure("PE0001", format!("Mandatory parameter missing: {name}"));
    let device = call.text("did").ok_or_else(|| missing("did"))?;
    let service = call.text("srvid").ok_or_else(|| missing("srvid"))?;
    if !catalogue.rate(&service, device, stars) {
        return Err(Failure("RT0404", "No such service".into()));
    }
    let rated = catalogue.services().iter().find(|s| s.id == service);
    Ok(("RT0000", json!({ "srv": rated.map(|s| catalogue.row(s)) })))
}
