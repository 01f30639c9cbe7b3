//! Builds the response from the departments' documents, in the order of the operation.

use std::collections::HashMap;

use bytes::Bytes;
use serde::Serialize;

use super::super::Failed;
use super::documents::{
    Backlogs, DirectoryEntry, GrievanceSummary, Grievances, Listing, Progress, Score, Scores,
    Service, Services, Umang, Weakest, Works, WorksOfDistrict,
};
use super::fetch::Documents;
use crate::graphql::Answer;

#[derive(Serialize)]
struct Data<'a> {
    districts: Vec<DistrictAnswer<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DistrictAnswer<'a> {
    lgd_code: String,
    name: &'a str,
    dggi: Option<ScoreAnswer<'a>>,
    scheme_progress: Vec<SchemeAnswer<'a>>,
    work_summary: Option<WorksAnswer>,
    grievance_summary: Option<GrievanceAnswer<'a>>,
    application_summary: Option<SummaryAnswer<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ScoreAnswer<'a> {
    edition: Edition<'a>,
    as_of: Option<String>,
    composite: Option<f64>,
    rank: Option<u32>,
    weakest_indicators: Vec<WeakestAnswer<'a>>,
}

#[derive(Serialize)]
struct Edition<'a> {
    code: &'a str,
}

#[derive(Serialize)]
struct WeakestAnswer<'a> {
    indicator: Indicator<'a>,
    value: Option<f64>,
    score: Option<f64>,
}

#[derive(Serialize)]
struct Indicator<'a> {
    code: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SchemeAnswer<'a> {
    month: &'a str,
    scheme: Scheme<'a>,
    coverage_in_percent: Option<f64>,
}

#[derive(Serialize)]
struct Scheme<'a> {
    slug: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WorksAnswer {
    as_of: Option<String>,
    by_status: Vec<Totals>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Totals {
    status: Option<&'static str>,
    work_count: u32,
    spent_in_rupees: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GrievanceAnswer<'a> {
    as_of: &'a str,
    open_count: u32,
    open_older_than_count: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SummaryAnswer<'a> {
    by_service: Vec<BacklogAnswer<'a>>,
}

#[derive(Serialize)]
struct BacklogAnswer<'a> {
    service: ServiceAnswer<'a>,
    counts: CountsAnswer,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CountsAnswer {
    in_process_count: u32,
    overdue_count: u32,
}

#[derive(Serialize)]
struct ServiceAnswer<'a> {
    slug: &'a str,
    name: Option<&'a str>,
    #[serde(rename = "umangService")]
    umang: Option<ListingAnswer<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListingAnswer<'a> {
    code: &'a str,
    name: Option<&'a str>,
    average_rating: Option<f64>,
}

/// The whole response.
pub(super) fn join(documents: &Documents) -> Result<Bytes, Failed> {
    let directory: Vec<DirectoryEntry<'_>> = serde_json::from_slice(&documents.directory)?;
    let scores: Scores<'_> = serde_json::from_slice(&documents.scores)?;
    let progress: Progress<'_> = serde_json::from_slice(&documents.progress)?;
    let works: Works<'_> = serde_json::from_slice(&documents.works)?;
    let grievances: Grievances<'_> = serde_json::from_slice(&documents.grievances)?;
    let backlogs: Backlogs<'_> = serde_json::from_slice(&documents.backlog)?;
    let services: Services<'_> = serde_json::from_slice(&documents.services)?;
    let umang: Umang<'_> = serde_json::from_slice(&documents.umang)?;

    let mut schemes = schemes(&progress);
    let scores = by(&scores.records, |score| score.district);
    let works = by(&works.data, |works| works.district);
    let backlogs = by(&backlogs.rows, |backlog| backlog.district);
    let services = by(&services.services, |service| &*service.id);
    let listings = by(&umang.pd.services, |listing| &*listing.id);

    let mut districts = Vec::with_capacity(directory.len());
    for (index, entry) in directory.iter().enumerate() {
        let grievances = grievances.data.entities.get(index).and_then(Option::as_ref);
        let backlog = backlogs.get(&entry.code).map(|backlog| {
            let rows = backlog.services.iter().map(|row| BacklogAnswer {
                service: service(&row.id, &services, &listings),
                counts: CountsAnswer {
                    in_process_count: row.counts.in_process,
                    overdue_count: row.counts.overdue,
                },
            });
            SummaryAnswer {
                by_service: rows.collect(),
            }
        });
        districts.push(DistrictAnswer {
            lgd_code: entry.code.to_string(),
            name: &entry.name,
            dggi: scores.get(&entry.code).copied().map(score).transpose()?,
            scheme_progress: schemes.remove(&*entry.code.to_string()).unwrap_or_default(),
            work_summary: works.get(&entry.code).copied().map(works_of).transpose()?,
            grievance_summary: grievances
                .and_then(|one| one.summary.as_ref())
                .map(grievance),
            application_summary: backlog,
        });
    }
    let data = Data { districts };
    Ok(serde_json::to_vec(&Answer { data })?.into())
}

fn by<'a, T, K: std::hash::Hash + Eq>(
    rows: &'a [T],
    key: impl Fn(&'a T) -> K,
) -> HashMap<K, &'a T> {
    rows.iter().map(|row| (key(row), row)).collect()
}

fn score<'a>(score: &'a Score<'a>) -> Result<ScoreAnswer<'a>, Failed> {
    Ok(ScoreAnswer {
        edition: Edition {
            code: &score.edition,
        },
        as_of: date(&score.as_of, '-'),
        composite: published(&score.score).map(str::parse).transpose()?,
        rank: published(&score.rank).map(str::parse).transpose()?,
        weakest_indicators: score
            .weakest
            .iter()
            .map(weakest)
            .collect::<Result<_, _>>()?,
    })
}

fn weakest<'a>(weakest: &'a Weakest<'a>) -> Result<WeakestAnswer<'a>, Failed> {
    Ok(WeakestAnswer {
        indicator: Indicator {
            code: &weakest.code,
            name: &weakest.name,
        },
        value: figure(&weakest.value),
        score: published(&weakest.score).map(str::parse).transpose()?,
    })
}

/// By the code of the district.
fn schemes<'a>(progress: &'a Progress<'a>) -> HashMap<&'a str, Vec<SchemeAnswer<'a>>> {
    let mut districts: HashMap<&str, Vec<SchemeAnswer<'_>>> = HashMap::new();
    for row in &progress.records {
        let schemes = districts.entry(&row.code).or_default();
        schemes.push(SchemeAnswer {
            month: &row.month,
            scheme: Scheme {
                slug: &row.slug,
                name: &row.name,
            },
            coverage_in_percent: row.coverage.parse().ok(),
        });
    }
    districts
}

fn works_of(works: &WorksOfDistrict<'_>) -> Result<WorksAnswer, Failed> {
    let by_status = works.totals.iter().filter(|totals| totals.status != "ALL");
    let by_status = by_status.map(|totals| -> Result<Totals, Failed> {
        Ok(Totals {
            status: match &*totals.status {
                "N" => Some("NOT_STARTED"),
                "P" => Some("IN_PROGRESS"),
                "C" => Some("COMPLETED"),
                "S" => Some("SUSPENDED"),
                _ => None,
            },
            work_count: totals.works.parse()?,
            spent_in_rupees: rupees(&totals.spent)?,
        })
    });
    Ok(WorksAnswer {
        as_of: date(&works.as_of, '/'),
        by_status: by_status.collect::<Result<_, _>>()?,
    })
}

/// Lakh rupees with two digits (`5,11,137.05`) in rupees, without an error of rounding.
fn rupees(lakhs: &str) -> Result<String, Failed> {
    if lakhs == "NIL" {
        return Ok("0".to_owned());
    }
    let digits = lakhs.replace([',', '.'], "");
    let hundredths: u64 = digits.parse()?;
    Ok((hundredths * 1_000).to_string())
}

fn grievance<'a>(summary: &'a GrievanceSummary<'a>) -> GrievanceAnswer<'a> {
    GrievanceAnswer {
        as_of: &summary.as_of,
        open_count: summary.open,
        open_older_than_count: summary.older,
    }
}

fn service<'a>(
    id: &'a str,
    services: &HashMap<&str, &'a Service<'a>>,
    listings: &HashMap<&str, &'a Listing<'a>>,
) -> ServiceAnswer<'a> {
    let service = services.get(id);
    let umang = service.and_then(|service| service.umang.as_deref());
    ServiceAnswer {
        slug: id,
        name: service.map(|service| &*service.name),
        umang: umang.map(|code| {
            let listing = listings.get(code);
            ListingAnswer {
                code,
                name: listing.map(|listing| &*listing.name),
                average_rating: listing.and_then(|listing| listing.rating.parse().ok()),
            }
        }),
    }
}

/// A value that is late or not published is empty or `NA`.
fn published(text: &str) -> Option<&str> {
    (!matches!(text, "" | "NA")).then_some(text)
}

/// A number as it was entered by hand: `1,234.5%,`.
fn figure(text: &str) -> Option<f64> {
    let text = text.split('%').next().unwrap_or_default();
    text.replace(',', "").trim().parse().ok()
}

/// `31-10-2026` as `2026-10-31`; the placeholder for "no day" becomes `None`.
fn date(text: &str, separator: char) -> Option<String> {
    let mut parts = text.split(separator);
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    (year != "0000").then(|| format!("{year}-{month}-{day}"))
}
