//! The departments' documents as structs with the fields that this query needs, under the departments' own names.

use std::borrow::Cow;

use serde::Deserialize;

/// `POST /districtList` of the Local Government Directory.
#[derive(Deserialize)]
pub(super) struct DirectoryEntry<'a> {
    #[serde(rename = "districtCode")]
    pub(super) code: u32,
    #[serde(borrow, rename = "districtNameEnglish")]
    pub(super) name: Cow<'a, str>,
}

/// `POST /scores` of the index.
#[derive(Deserialize)]
pub(super) struct Scores<'a> {
    #[serde(borrow)]
    pub(super) records: Vec<Score<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Score<'a> {
    #[serde(rename = "districtCode")]
    pub(super) district: u32,
    #[serde(borrow, rename = "editionCode")]
    pub(super) edition: Cow<'a, str>,
    #[serde(borrow, rename = "asOnDate")]
    pub(super) as_of: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) score: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) rank: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) weakest: Vec<Weakest<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Weakest<'a> {
    #[serde(borrow, rename = "indicatorCode")]
    pub(super) code: Cow<'a, str>,
    #[serde(borrow, rename = "indicatorName")]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) value: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) score: Cow<'a, str>,
}

/// A table of the open-data platform.
#[derive(Deserialize)]
pub(super) struct Progress<'a> {
    #[serde(borrow)]
    pub(super) records: Vec<SchemeRow<'a>>,
}

#[derive(Deserialize)]
pub(super) struct SchemeRow<'a> {
    /// That of the district.
    #[serde(borrow)]
    pub(super) code: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) month: Cow<'a, str>,
    #[serde(borrow, rename = "scheme_slug")]
    pub(super) slug: Cow<'a, str>,
    #[serde(borrow, rename = "scheme_name")]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow, rename = "coverage_percent")]
    pub(super) coverage: Cow<'a, str>,
}

/// `POST /summary` of the works' portal.
#[derive(Deserialize)]
pub(super) struct Works<'a> {
    #[serde(borrow)]
    pub(super) data: Vec<WorksOfDistrict<'a>>,
}

#[derive(Deserialize)]
pub(super) struct WorksOfDistrict<'a> {
    #[serde(rename = "districtLgd")]
    pub(super) district: u32,
    #[serde(borrow, rename = "asOn")]
    pub(super) as_of: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) totals: Vec<WorkTotals<'a>>,
}

#[derive(Deserialize)]
pub(super) struct WorkTotals<'a> {
    #[serde(borrow)]
    pub(super) status: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) works: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) spent: Cow<'a, str>,
}

/// The grievances' GraphQL service.
#[derive(Deserialize)]
pub(super) struct Grievances<'a> {
    #[serde(borrow)]
    pub(super) data: GrievancesData<'a>,
}

#[derive(Deserialize)]
pub(super) struct GrievancesData<'a> {
    /// In the order of the representations.
    #[serde(borrow, rename = "_entities")]
    pub(super) entities: Vec<Option<GrievancesOfDistrict<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct GrievancesOfDistrict<'a> {
    #[serde(borrow, rename = "grievanceSummary")]
    pub(super) summary: Option<GrievanceSummary<'a>>,
}

#[derive(Deserialize)]
pub(super) struct GrievanceSummary<'a> {
    #[serde(borrow, rename = "asOf")]
    pub(super) as_of: Cow<'a, str>,
    #[serde(rename = "openCount")]
    pub(super) open: u32,
    #[serde(rename = "openOlderThanCount")]
    pub(super) older: u32,
}

/// `POST /summary` of the service desk.
#[derive(Deserialize)]
pub(super) struct Backlogs<'a> {
    #[serde(borrow)]
    pub(super) rows: Vec<BacklogOfDistrict<'a>>,
}

#[derive(Deserialize)]
pub(super) struct BacklogOfDistrict<'a> {
    #[serde(rename = "lgdCode")]
    pub(super) district: u32,
    #[serde(borrow)]
    pub(super) services: Vec<Backlog<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Backlog<'a> {
    #[serde(borrow, rename = "serviceId")]
    pub(super) id: Cow<'a, str>,
    pub(super) counts: BacklogCounts,
}

#[derive(Deserialize)]
pub(super) struct BacklogCounts {
    #[serde(rename = "PRC")]
    pub(super) in_process: u32,
    #[serde(rename = "LATE")]
    pub(super) overdue: u32,
}

/// `GET /services` of the service desk.
#[derive(Deserialize)]
pub(super) struct Services<'a> {
    #[serde(borrow)]
    pub(super) services: Vec<Service<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Service<'a> {
    #[serde(borrow, rename = "serviceId")]
    pub(super) id: Cow<'a, str>,
    #[serde(borrow, rename = "serviceName")]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow, rename = "umangServiceId")]
    pub(super) umang: Option<Cow<'a, str>>,
}

/// `POST /fsrvdtl` of UMANG.
#[derive(Deserialize)]
pub(super) struct Umang<'a> {
    #[serde(borrow)]
    pub(super) pd: UmangData<'a>,
}

#[derive(Deserialize)]
pub(super) struct UmangData<'a> {
    #[serde(borrow, rename = "srvlst")]
    pub(super) services: Vec<Listing<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Listing<'a> {
    #[serde(borrow, rename = "srvid")]
    pub(super) id: Cow<'a, str>,
    #[serde(borrow, rename = "srvname")]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow, rename = "avgrating")]
    pub(super) rating: Cow<'a, str>,
}
