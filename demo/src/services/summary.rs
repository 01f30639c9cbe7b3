//! Counts of applications: of districts, areas and departments or of a search, by service and by status.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::catalogue::Service;
use super::intake;
use super::register::{Application, Register, Status};
use crate::date::Date;

/// How many applications stand where.
#[derive(Debug, Default)]
struct Counts {
    total: i64,
    documents: i64,
    fee: i64,
    processing: i64,
    /// Of those in process, past the day that the Act allows.
    overdue: i64,
    issued: i64,
    rejected: i64,
}

impl Counts {
    fn add(&mut self, application: &Application, today: Date) {
        self.total += 1;
        match application.status {
            Status::Documents => self.documents += 1,
            Status::Fee => self.fee += 1,
            Status::Processing => self.processing += 1,
            Status::Issued => self.issued += 1,
            Status::Rejected => self.rejected += 1,
        }
        self.overdue += i64::from(application.is_overdue(today));
    }

    fn row(&self) -> Value {
        json!({
            "ALL": self.total,
            "DOC": self.documents,
            "FEE": self.fee,
            "PRC": self.processing,
            "LATE": self.overdue,
            "ISS": self.issued,
            "REJ": self.rejected,
        })
    }
}

/// What the applications of a row have in common.
pub(super) enum Group {
    District(u16),
    /// Its code, and its districts.
    Area(&'static str, Vec<u16>),
    Department(String),
}

impl Group {
    /// The groups of a kind: every district and area, and every department that has a service, or that is asked for.
    pub(super) fn all(kind: &str, register: &Register, asked: Option<&str>) -> Option<Vec<Group>> {
        match kind {
            "district" => {
                let codes = intake::districts_of("UT")?.into_iter();
                Some(codes.map(Group::District).collect())
            }
            "area" => {
                let area = |code| Some(Group::Area(code, intake::districts_of(code)?));
                ["UT", "01", "02"].into_iter().map(area).collect()
            }
            "department" => {
                let codes = register.services.iter();
                let mut codes: BTreeSet<&str> = codes.map(|s| &*s.department_code).collect();
                let asked = asked.unwrap_or_default().split(',');
                codes.extend(asked.filter(|code| !code.is_empty()));
                let codes = codes.into_iter().map(str::to_owned);
                Some(codes.map(Group::Department).collect())
            }
            _ => None,
        }
    }

    pub(super) fn code(&self) -> String {
        match self {
            Group::District(code) => code.to_string(),
            Group::Area(code, _) => (*code).to_owned(),
            Group::Department(code) => code.clone(),
        }
    }

    pub(super) fn has(&self, application: &Application) -> bool {
        match self {
            Group::District(code) => application.district == *code,
            Group::Area(_, districts) => districts.contains(&application.district),
            Group::Department(_) => self.has_service(&application.service),
        }
    }

    /// Whether it counts applications for a service at all.
    pub(super) fn has_service(&self, service: &Service) -> bool {
        match self {
            Group::Department(code) => service.department_code == *code,
            _ => true,
        }
    }
}

/// The summary of some services: those of their applications that fit, together and for each service.
pub(super) fn of(
    register: &Register,
    counted: impl Fn(&Service) -> bool,
    fits: impl Fn(&Application) -> bool,
) -> Value {
    let today = register.today;
    let mut all = Counts::default();
    let services = register.services.iter().filter(|service| counted(service));
    let services = services.map(|service| {
        let mut counts = Counts::default();
        let mut oldest: Option<i64> = None;
        let mut applications = register.applications();
        let of_service = applications.by_ref().filter(|application| {
            application.service.service_id == service.service_id && fits(application)
        });
        for application in of_service {
            counts.add(application, today);
            all.add(application, today);
            if application.status == Status::Processing {
                oldest = oldest.max(Some(today.since(application.applied)));
            }
        }
        json!({ "serviceId": service.service_id, "counts": counts.row(), "oldestDays": oldest })
    });
    let services: Vec<Value> = services.collect();
    json!({ "asOf": today.dashed(), "counts": all.row(), "services": services })
}
