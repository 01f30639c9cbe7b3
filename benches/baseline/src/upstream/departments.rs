//! The stand-ins of the departments, as `make demo` starts them, but without delay and without a record of calls.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use axum::routing::get;
use axum::{Json, Router};
use sangam_demo::{Options, Standin, departments};

/// Where each department answers, by its name: `/addresses`.
pub(crate) type Addresses = BTreeMap<String, String>;

pub(super) async fn serve() -> Result<(), Box<dyn Error>> {
    let mut standins: Vec<Standin> = Vec::new();
    let mut settings = String::new();
    for department in departments() {
        let options = Options {
            record: false,
            ..Options::default()
        };
        let standin = department.start(options).await?;
        settings.push_str(&department.settings(&standin.url()));
        settings.push('\n');
        standins.push(standin);
    }
    let addresses: Addresses = standins
        .iter()
        .map(|standin| (standin.name().to_owned(), standin.url()))
        .collect();
    let standins = Arc::new(standins);
    let calls = async move || {
        let calls: u64 = standins.iter().map(Standin::call_count).sum();
        calls.to_string()
    };
    let router = Router::new()
        .route("/calls", get(calls))
        .route("/settings", get(async move || settings))
        .route("/addresses", get(async move || Json(addresses)));
    Ok(sangam_harness::listen::serve(router).await?)
}
