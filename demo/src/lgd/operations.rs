//! One function per operation of the directory.

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{DEPARTMENTS, DISTRICTS, DIVISIONS, Department, District, Division, Names, STATE};

/// The directory takes at most so many codes or names in one call.
const MAX_ITEMS: usize = 100;

/// Parameters of the lists.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListQuery {
    state_code: u32,
    division_code: Option<String>,
}

/// Body of `districtDetails`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DistrictCodes {
    district_codes: Vec<Value>,
}

/// Body of `districtByName`.
#[derive(Deserialize)]
pub(super) struct SearchedNames {
    names: Vec<String>,
}

/// Body of `departmentDetails`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrgCodes {
    org_codes: Vec<Value>,
}

pub(super) async fn state_list() -> Json<Value> {
    Json(json!([{
        "stateCode": STATE,
        "stateNameEnglish": "Jammu And Kashmir",
        "stateNameLocal": "जम्मू और कश्मीर",
        "stateOrUt": "U",
    }]))
}

pub(super) async fn division_list(query: Result<Query<ListQuery>, QueryRejection>) -> Json<Value> {
    match query {
        Ok(Query(query)) if query.state_code == STATE => {
            success(DIVISIONS.iter().map(division).collect())
        }
        Ok(_) => failure("LGD-404", "No such state"),
        Err(_) => failure("LGD-400", "stateCode is mandatory"),
    }
}

pub(super) async fn district_list(query: Result<Query<ListQuery>, QueryRejection>) -> Json<Value> {
    let Ok(Query(query)) = query else {
        return failure("LGD-400", "stateCode is mandatory");
    };
    if query.state_code != STATE {
        return failure("LGD-404", "No such state");
    }
    let division = query.division_code.as_deref();
    let rows = DISTRICTS
        .iter()
        .filter(|district| division.is_none_or(|code| code == district.division_code()))
        .map(listed);
    Json(rows.collect())
}

pub(super) async fn district_details(
    body: Result<Json<DistrictCodes>, JsonRejection>,
) -> Json<Value> {
    let Ok(Json(body)) = body else {
        return failure("LGD-400", "districtCodes is mandatory");
    };
    if body.district_codes.len() > MAX_ITEMS {
        return too_many();
    }
    let Some(wanted) = body
        .district_codes
        .iter()
        .map(code)
        .collect::<Option<Vec<_>>>()
    else {
        return failure("LGD-422", "districtCode must be numeric");
    };
    let rows = DISTRICTS
        .iter()
        .filter(|district| wanted.contains(&district.code))
        .map(details);
    success(rows.collect())
}

pub(super) async fn district_by_name(
    body: Result<Json<SearchedNames>, JsonRejection>,
) -> Json<Value> {
    let Ok(Json(body)) = body else {
        return failure("LGD-400", "names is mandatory");
    };
    if body.names.len() > MAX_ITEMS {
        return too_many();
    }
    let rows = body.names.iter().filter_map(|name| {
        let district = DISTRICTS.iter().find(|district| district.is_called(name))?;
        let mut row = details(district);
        row["searchedName"] = json!(name);
        Some(row)
    });
    success(rows.collect())
}

pub(super) async fn department_list(
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Json<Value> {
    match query {
        Ok(Query(query)) if query.state_code == STATE => {
            success(DEPARTMENTS.iter().map(department).collect())
        }
        Ok(_) => failure("LGD-404", "No such state"),
        Err(_) => failure("LGD-400", "stateCode is mandatory"),
    }
}

pub(super) async fn department_details(body: Result<Json<OrgCodes>, JsonRejection>) -> Json<Value> {
    let Ok(Json(body)) = body else {
        return failure("LGD-400", "orgCodes is mandatory");
    };
    if body.org_codes.len() > MAX_ITEMS {
        return too_many();
    }
    let Some(wanted) = body.org_codes.iter().map(code).collect::<Option<Vec<_>>>() else {
        return failure("LGD-422", "orgCode must be numeric");
    };
    let rows = DEPARTMENTS
        .iter()
        .filter(|row| wanted.contains(&row.code))
        .map(department);
    success(rows.collect())
}

/// A code, given as a number or as a string of digits.
fn code(value: &Value) -> Option<u32> {
    match value {
        Value::Number(number) => number.as_u64().and_then(|code| code.try_into().ok()),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A division with its districts.
fn division(division: &Division) -> Value {
    let districts = DISTRICTS.iter().filter(|district| division.has(district));
    json!({
        "divisionCode": division.code,
        "divisionNameEnglish": division.names.name,
        "names": division.names.rows(),
        "districts": districts.map(listed).collect::<Vec<_>>(),
    })
}

fn details(district: &District) -> Value {
    json!({
        "districtCode": district.code,
        "districtNameEnglish": district.names.name,
        "districtNameLocal": district.names.hi,
        "shortCode": district.names.short,
        "divisionCode": district.division_code(),
        "knownAs": district.spellings().skip(1).collect::<Vec<_>>(),
        "names": district.names.rows(),
    })
}

/// A district as lists have it.
fn listed(district: &District) -> Value {
    json!({
        "districtCode": district.code,
        "districtNameEnglish": district.names.name,
        "districtNameLocal": district.names.hi,
    })
}

fn department(row: &Department) -> Value {
    let translations = [("hi", &row.hi), ("ur", &row.ur)];
    let translations = translations.iter().filter(|(_, name)| !name.is_empty());
    let mut names = vec![name_row("en", &row.name, Some(&row.short))];
    names.extend(translations.map(|(language, name)| name_row(language, name, None)));
    json!({
        "orgCode": row.code,
        "orgName": row.name,
        "shortName": row.short,
        "names": names,
        "status": row.status,
    })
}

impl Names {
    /// One row per language, English first.
    fn rows(&self) -> [Value; 5] {
        [
            ("en", &self.name, &self.short),
            ("hi", &self.hi, &self.short_hi),
            ("ur", &self.ur, &self.short_ur),
            ("ks", &self.ks, &self.short_ks),
            ("doi", &self.doi, &self.short_doi),
        ]
        .map(|(language, name, short)| name_row(language, name, Some(short)))
    }
}

fn name_row(language: &str, name: &str, short: Option<&str>) -> Value {
    let direction = match language {
        "ur" | "ks" => "rtl",
        _ => "ltr",
    };
    let mut row = json!({ "lang": language, "dir": direction, "name": name });
    if let Some(short) = short {
        row["shortName"] = json!(short);
    }
    row
}

fn success(data: Vec<Value>) -> Json<Value> {
    Json(json!({ "responseCode": "200", "responseMessage": "Success", "data": data }))
}

/// Failures, too, are HTTP 200.
fn failure(code: &str, message: &str) -> Json<Value> {
    Json(json!({ "responseCode": code, "responseMessage": message }))
}

fn too_many() -> Json<Value> {
    failure("LGD-413", "Too many items in one request")
}
