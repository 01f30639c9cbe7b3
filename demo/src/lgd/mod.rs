//! The Local Government Directory: a POST-only RPC service without authentication.
//!
//! `districtList` and `stateList` return a bare array, as the public service does; the other operations return an envelope. All
//! failures are HTTP 200 with a code and a message.

mod operations;

use std::sync::LazyLock;

use axum::Router;
use axum::routing::post;
use serde::Deserialize;

/// Its part of `sangam.toml`.
pub const SETTINGS: &str = r#"base_url = "{url}/lgdws""#;

/// The service, in its initial state.
pub fn router() -> Router {
    Router::new()
        .route("/lgdws/stateList", post(operations::state_list))
        .route("/lgdws/divisionList", post(operations::division_list))
        .route("/lgdws/districtList", post(operations::district_list))
        .route("/lgdws/districtDetails", post(operations::district_details))
        .route("/lgdws/districtByName", post(operations::district_by_name))
        .route("/lgdws/departmentList", post(operations::department_list))
        .route(
            "/lgdws/departmentDetails",
            post(operations::department_details),
        )
}

/// The code of the union territory in the directory.
const STATE: u32 = 1;

/// The columns of names: in English, and in the other official languages, each with a short form for narrow columns.
#[derive(Deserialize)]
struct Names {
    name: String,
    short: String,
    hi: String,
    short_hi: String,
    ur: String,
    short_ur: String,
    ks: String,
    short_ks: String,
    doi: String,
    short_doi: String,
}

/// One row of `divisions.csv`: a division, or the union territory, which has the code 00.
#[derive(Deserialize)]
struct Division {
    code: String,
    #[serde(flatten)]
    names: Names,
}

impl Division {
    fn has(&self, district: &District) -> bool {
        self.code == "00" || self.code == district.division_code()
    }
}

/// One row of `districts.csv`.
#[derive(Deserialize)]
struct District {
    code: u32,
    #[serde(flatten)]
    names: Names,
    division: String,
    spellings: String,
}

impl District {
    fn division_code(&self) -> &'static str {
        match self.division.as_str() {
            "JAMMU" => "01",
            _ => "02",
        }
    }

    /// How departments write its name, the official spelling first.
    fn spellings(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.names.name.as_str())
            .chain(self.spellings.split(';'))
            .filter(|name| !name.is_empty())
    }

    fn is_called(&self, name: &str) -> bool {
        self.spellings()
            .any(|spelling| spelling.eq_ignore_ascii_case(name.trim()))
    }
}

/// One row of `departments.csv`.
#[derive(Deserialize)]
struct Department {
    code: u32,
    name: String,
    short: String,
    /// Empty for those that are inactive.
    hi: String,
    ur: String,
    status: String,
}

/// The codes of all departments, for the stand-ins that have figures of each.
pub(crate) fn department_codes() -> impl Iterator<Item = u32> {
    DEPARTMENTS.iter().map(|department| department.code)
}

static DIVISIONS: LazyLock<Vec<Division>> =
    LazyLock::new(|| crate::data::csv(include_str!("../../data/lgd/divisions.csv")));
static DISTRICTS: LazyLock<Vec<District>> =
    LazyLock::new(|| crate::data::csv(include_str!("../../data/lgd/districts.csv")));
static DEPARTMENTS: LazyLock<Vec<Department>> =
    LazyLock::new(|| crate::data::csv(include_str!("../../data/lgd/departments.csv")));
