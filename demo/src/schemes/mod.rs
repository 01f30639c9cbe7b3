//! The beneficiary-oriented schemes, which are in two systems.
//!
//! The catalogue is a myScheme-like API with an envelope and texts by language. Progress is published on a
//! data.gov.in-like platform: flat rows of strings, at most 1,000 of them in a response, totals as strings too; the
//! export of a resource has all its rows.

mod catalogue;
mod export;
mod levels;
mod platform;
mod progress;
mod texts;

use std::sync::LazyLock;

use axum::Router;
use serde::Deserialize;

/// Its part of `sangam.toml`.
pub const SETTINGS: &str = r#"
config = { catalogue_key = { sample = "sample-catalogue-key" }, platform_key = { sample = "sample-platform-key" } }
sources.catalogue.base_url = "{url}/myscheme/api/v1"
sources.platform.base_url = "{url}/ogd"
"#;

/// The keys that the stand-ins accept: samples.
const CATALOGUE_KEY: &str = "sample-catalogue-key";
const PLATFORM_KEY: &str = "sample-platform-key";

/// Both systems, in their initial state.
pub fn router() -> Router {
    // Prepared now, not on the first call, on which twenty concurrent requests would wait.
    platform::prepare();
    Router::new()
        .nest("/myscheme/api/v1", catalogue::router())
        .nest("/ogd", platform::router())
}

/// One row of `schemes.csv`.
#[derive(Deserialize)]
struct Scheme {
    id: String,
    slug: String,
    name: String,
    short: String,
    level: String,
    department: u32,
    category: String,
    brief: String,
    benefits: String,
    process: String,
    eligibility: String,
    documents: String,
    start: String,
}

static SCHEMES: LazyLock<Vec<Scheme>> =
    LazyLock::new(|| crate::data::csv(include_str!("../../data/schemes/schemes.csv")));
