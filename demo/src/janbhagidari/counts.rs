//! Works counted: by place, by department, by status and by sector.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use serde::Deserialize;
use serde_json::{Value, json};

use super::AS_OF;
use super::envelope::{MAX_PAGE, failure, success};
use super::works::{Sums, WORKS, Work};

/// Parameters of the list of blocks: codes, separated by commas.
#[derive(Deserialize)]
pub(super) struct Blocks {
    district: Option<String>,
    code: Option<String>,
}

/// Body of `summary`: one of these lists.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Wanted {
    Districts(Vec<Value>),
    Departments(Vec<Value>),
    Areas(Vec<Value>),
    Blocks(Vec<Value>),
}

impl Wanted {
    fn codes(&self) -> &[Value] {
        let (Wanted::Districts(codes)
        | Wanted::Departments(codes)
        | Wanted::Areas(codes)
        | Wanted::Blocks(codes)) = self;
        codes
    }

    fn covers(&self, work: &Work, code: &str) -> bool {
        match self {
            Wanted::Districts(_) => work.district.to_string() == code,
            Wanted::Departments(_) => work.department.to_string() == code,
            Wanted::Areas(_) => work.is_in(code),
            Wanted::Blocks(_) => work.block == code,
        }
    }
}

/// A block while its works are counted.
struct Block<'w> {
    name: &'w str,
    district: u32,
    works: u32,
    villages: BTreeMap<&'w str, u32>,
}

impl<'w> Block<'w> {
    fn count(&mut self, work: &'w Work) {
        // The name as most clerks write it: not the one in capitals.
        if self.name.to_uppercase() == self.name {
            self.name = &work.block_name;
        }
        self.works += 1;
        if !work.village.is_empty() {
            *self.villages.entry(&work.village).or_default() += 1;
        }
    }
}

/// Blocks by their own codes or by those of their districts.
pub(super) async fn blocks(query: Result<Query<Blocks>, QueryRejection>) -> Json<Value> {
    let Ok(Query(wanted)) = query else {
        return failure("JB-400", "district or code is mandatory");
    };
    let codes = wanted.code.as_deref().or(wanted.district.as_deref());
    let codes: BTreeSet<&str> = codes.unwrap_or_default().split(',').collect();
    if codes.contains("") {
        return failure("JB-400", "district or code is mandatory");
    }
    if codes.len() > MAX_PAGE {
        return failure("JB-413", "At most 100 codes");
    }
    let mut blocks: BTreeMap<&str, Block<'_>> = BTreeMap::new();
    let is_wanted = |work: &&Work| match wanted.code {
        Some(_) => codes.contains(&*work.block),
        None => codes.contains(&*work.district.to_string()),
    };
    for work in WORKS.iter().filter(is_wanted) {
        let block = blocks.entry(&work.block).or_insert_with(|| Block {
            name: &work.block_name,
            district: work.district,
            works: 0,
            villages: BTreeMap::new(),
        });
        block.count(work);
    }
    let rows = blocks.iter().map(|(code, block)| {
        let villages = block.villages.iter();
        let villages: Vec<_> = villages
            .map(|(village, works)| json!({ "village": village, "works": works }))
            .collect();
        json!({
            "blockCode": code,
            "blockName": block.name,
            "districtLgd": block.district,
            "works": block.works,
            "villages": villages,
        })
    });
    success(rows.collect())
}

/// Sums of each district, department, area or block in the body. Districts and blocks without works are left out.
pub(super) async fn summary(body: Result<Json<Wanted>, JsonRejection>) -> Json<Value> {
    let Ok(Json(wanted)) = body else {
        let message = "districts, departments, areas or blocks is mandatory";
        return failure("JB-400", message);
    };
    if wanted.codes().len() > MAX_PAGE {
        return failure("JB-413", "At most 100 codes");
    }
    let rows = wanted.codes().iter().filter_map(|code| {
        let code = code
            .as_str()
            .map_or_else(|| code.to_string(), str::to_owned);
        let works = || WORKS.iter().filter(|work| wanted.covers(work, &code));
        let (key, value) = match &wanted {
            Wanted::Districts(_) => ("districtLgd", works().next()?.district.into()),
            Wanted::Departments(_) => ("deptCode", json!(code)),
            Wanted::Areas(_) => ("area", json!(code)),
            Wanted::Blocks(_) => ("blockCode", works().next()?.block.as_str().into()),
        };
        let mut row = figures(works);
        row[key] = value;
        Some(row)
    });
    success(rows.collect())
}

/// What the works of a row of a grouped summary have in common.
pub(super) enum Group {
    District(u32),
    Department(u32),
    Area(&'static str),
    Block(&'static str),
}

impl Group {
    /// The groups of a kind: every district, department and block that has works, whatever the search finds, and every area. A department
    /// that is asked for has a row even if it has no works.
    pub(super) fn all(kind: &str, asked: Option<&str>) -> Option<Vec<Group>> {
        let codes = |code: fn(&Work) -> u32| WORKS.iter().map(code).collect::<BTreeSet<u32>>();
        match kind {
            "district" => {
                let codes = codes(|work| work.district).into_iter();
                Some(codes.map(Group::District).collect())
            }
            "dept" => {
                let asked = asked.unwrap_or_default().split(',');
                let mut codes = codes(|work| work.department);
                codes.extend(asked.filter_map(|code| code.parse::<u32>().ok()));
                Some(codes.into_iter().map(Group::Department).collect())
            }
            "area" => Some(["UT", "JAMMU", "KASHMIR"].map(Group::Area).into()),
            "block" => {
                let codes: BTreeSet<&str> = WORKS.iter().map(|work| &*work.block).collect();
                Some(codes.into_iter().map(Group::Block).collect())
            }
            _ => None,
        }
    }

    pub(super) fn has(&self, work: &Work) -> bool {
        match self {
            Group::District(code) => work.district == *code,
            Group::Department(code) => work.department == *code,
            Group::Area(area) => work.is_in(area),
            Group::Block(code) => work.block == *code,
        }
    }

    pub(super) fn code(&self) -> String {
        match self {
            Group::District(code) | Group::Department(code) => code.to_string(),
            Group::Area(code) | Group::Block(code) => (*code).to_owned(),
        }
    }
}

/// Sums of some works: all together, by status and by sector.
pub(super) fn figures<'w, Works: Iterator<Item = &'w Work>>(works: impl Fn() -> Works) -> Value {
    let sectors = by_sector(works());
    json!({ "asOn": AS_OF, "totals": by_status(works), "sectors": sectors })
}

/// Sums of all works, and of those in each status; `ALL` first.
fn by_status<'w, Works: Iterator<Item = &'w Work>>(works: impl Fn() -> Works) -> Vec<Value> {
    let sums = |status: &str| {
        let of_status = works().filter(|work| status == "ALL" || work.status == status);
        sums("status", status, of_status)
    };
    ["ALL", "N", "P", "C", "S"].map(sums).to_vec()
}

/// Sums of the works of each sector that has some, by its name.
fn by_sector<'w>(works: impl Iterator<Item = &'w Work>) -> Vec<Value> {
    let mut sectors: BTreeMap<&str, Vec<&Work>> = BTreeMap::new();
    for work in works {
        sectors.entry(&work.sector).or_default().push(work);
    }
    let sums = |(sector, works): (&str, Vec<&'w Work>)| sums("sector", sector, works.into_iter());
    sectors.into_iter().map(sums).collect()
}

/// A row of sums, as the portal writes it.
fn sums<'w>(key: &str, value: &str, works: impl Iterator<Item = &'w Work>) -> Value {
    let sums = Sums::of(works);
    let [approved, released, spent] = sums.printed();
    json!({
        key: value,
        "works": sums.works.to_string(),
        "approved": approved,
        "released": released,
        "spent": spent,
    })
}
