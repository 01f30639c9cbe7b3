//! The register: grievances, and the reminders sent since it was opened.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_graphql::Enum;
use serde::Deserialize;

use super::kind::Kind;
use crate::date::Date;

const GRIEVANCES: &str = include_str!("../../data/grievances/grievances.csv");

/// The day on which the sample register stands.
pub(super) const AS_OF: &str = "2026-10-31";

/// The districts of Jammu division; the others are in Kashmir division.
const JAMMU: [&str; 10] = ["4", "5", "7", "10", "12", "14", "620", "621", "624", "627"];

/// A reminder is due for what is open longer than this.
pub(super) const REMINDER_DAYS: i64 = 28;

/// The union territory, or one of its divisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "AreaCode")]
pub(super) enum AreaCode {
    /// All districts.
    #[graphql(name = "UT")]
    Ut,
    /// The districts of Jammu division.
    Jammu,
    /// The districts of Kashmir division.
    Kashmir,
}

impl AreaCode {
    /// Whether it has this district. A grievance of which the register does not know the district counts for the whole.
    fn has(self, district: Option<&str>) -> bool {
        match self {
            AreaCode::Ut => true,
            AreaCode::Jammu => district.is_some_and(|code| JAMMU.contains(&code)),
            AreaCode::Kashmir => district.is_some_and(|code| !JAMMU.contains(&code)),
        }
    }
}

/// Where a grievance stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[graphql(name = "GrievanceStatus")]
pub(super) enum Status {
    /// Received, and not looked at yet.
    Registered,
    /// An officer looks into it.
    UnderExamination,
    /// Sent on to another office.
    Forwarded,
    /// Settled.
    Resolved,
    /// Closed without relief.
    Rejected,
}

/// In which order grievances come. Among equals, the oldest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum GrievanceOrder {
    /// The oldest first.
    Oldest,
    /// The latest received first.
    Latest,
    /// Those about which most reminders were sent first.
    MostReminders,
}

/// A row of `grievances.csv`.
#[derive(Debug, Deserialize)]
struct Row {
    id: String,
    #[serde(rename = "type", deserialize_with = "Kind::read")]
    kind: Kind,
    department: String,
    district: String,
    constituency: String,
    received: String,
    closed: String,
    status: Status,
    pending_at: String,
    cpgrams: String,
}

/// One grievance. Nothing in it says who complained.
#[derive(Debug)]
pub(super) struct Record {
    /// Its place in the register.
    pub(super) position: usize,
    pub(super) reference: String,
    pub(super) kind: Kind,
    pub(super) department: Option<String>,
    pub(super) district: Option<String>,
    pub(super) constituency: String,
    pub(super) received: Date,
    pub(super) closed: Option<Date>,
    pub(super) status: Status,
    pub(super) pending_at: Option<String>,
    pub(super) cpgrams: Option<String>,
}

impl Record {
    /// Days from receipt to the end, or to `today` while it is open.
    pub(super) fn age(&self, today: Date) -> i64 {
        self.closed.unwrap_or(today).since(self.received)
    }

    pub(super) fn is_open(&self) -> bool {
        self.closed.is_none()
    }
}

/// Every grievance, oldest first.
#[derive(Debug)]
pub(super) struct Register {
    pub(super) today: Date,
    pub(super) records: Vec<Record>,
    reminders: Mutex<HashMap<String, u32>>,
}

/// What a list or a summary belongs to.
#[derive(Debug, Clone)]
pub(super) enum Owner {
    District(String),
    Department(String),
    Area(AreaCode),
}

impl Owner {
    fn has(&self, record: &Record) -> bool {
        match self {
            Owner::District(code) => record.district.as_ref() == Some(code),
            Owner::Department(code) => record.department.as_ref() == Some(code),
            Owner::Area(code) => code.has(record.district.as_deref()),
        }
    }
}

/// Which grievances; what is not given does not matter.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
    pub(super) owner: Option<Owner>,
    pub(super) kind: Option<Kind>,
    pub(super) district: Option<String>,
    pub(super) department: Option<String>,
    pub(super) status: Option<Status>,
    pub(super) open: Option<bool>,
    pub(super) older_than_days: Option<i64>,
    pub(super) received_from: Option<Date>,
    pub(super) received_to: Option<Date>,
}

impl Filter {
    pub(super) fn keeps(&self, record: &Record, today: Date) -> bool {
        let is =
            |wanted: &Option<String>, value: &Option<String>| wanted.is_none() || wanted == value;
        self.owner.as_ref().is_none_or(|owner| owner.has(record))
            && self.kind.is_none_or(|kind| record.kind == kind)
            && is(&self.district, &record.district)
            && is(&self.department, &record.department)
            && self.status.is_none_or(|status| record.status == status)
            && self.open.is_none_or(|open| record.is_open() == open)
            && self
                .older_than_days
                .is_none_or(|days| record.age(today) > days)
            && self.received_from.is_none_or(|day| record.received >= day)
            && self.received_to.is_none_or(|day| record.received <= day)
    }
}

impl Register {
    /// The committed register as of `today`. An error names what is wrong with it.
    pub(super) fn open(today: Date) -> Result<Self, String> {
        let mut records = Vec::new();
        for row in csv::Reader::from_reader(GRIEVANCES.as_bytes()).deserialize() {
            let row: Row = row.map_err(|e| e.to_string())?;
            let received = Date::parse_iso(&row.received);
            let received = received.ok_or_else(|| format!("{}: no day of receipt", row.id))?;
            let non_empty = |text: String| Some(text).filter(|text| !text.is_empty());
            records.push(Record {
                position: records.len(),
                reference: row.id,
                kind: row.kind,
                department: non_empty(row.department),
                district: non_empty(row.district),
                constituency: row.constituency,
                received,
                closed: Date::parse_iso(&row.closed),
                status: row.status,
                pending_at: non_empty(row.pending_at),
                cpgrams: non_empty(row.cpgrams),
            });
        }
        Ok(Self {
            today,
            records,
            reminders: Mutex::default(),
        })
    }

    pub(super) fn find(&self, reference: &str) -> Option<&Record> {
        self.records
            .iter()
            .find(|record| record.reference == reference)
    }

    /// What a grievance is sorted by; among equals, the oldest comes first.
    pub(super) fn place(&self, order: GrievanceOrder, record: &Record) -> (i64, usize) {
        let place = match order {
            GrievanceOrder::Oldest => 0,
            GrievanceOrder::Latest => self.today.since(record.received),
            GrievanceOrder::MostReminders => -i64::from(self.reminders(&record.reference)),
        };
        (place, record.position)
    }

    /// Those that the filter keeps, the oldest first.
    pub(super) fn kept(&self, filter: &Filter) -> Vec<&Record> {
        self.records
            .iter()
            .filter(|record| filter.keeps(record, self.today))
            .collect()
    }

    /// The same in an order.
    pub(super) fn select(&self, filter: &Filter, order: GrievanceOrder) -> Vec<&Record> {
        let mut kept = self.kept(filter);
        kept.sort_by_cached_key(|record| self.place(order, record));
        kept
    }

    /// How many reminders were sent about it.
    pub(super) fn reminders(&self, reference: &str) -> u32 {
        let reminders = self
            .reminders
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        reminders.get(reference).copied().unwrap_or(0)
    }

    /// Sends a reminder, if it is due.
    pub(super) fn remind(&self, reference: &str) -> Result<&Record, Refusal> {
        let record = self
            .find(reference)
            .ok_or_else(|| Refusal::Unknown(reference.to_owned()))?;
        if !record.is_open() {
            return Err(Refusal::Closed);
        }
        if record.age(self.today) <= REMINDER_DAYS {
            return Err(Refusal::NotDue);
        }
        let mut reminders = self
            .reminders
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *reminders.entry(reference.to_owned()).or_default() += 1;
        Ok(record)
    }
}

/// Why no reminder is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    Unknown(String),
    /// The grievance is closed.
    Closed,
    /// It is too early.
    NotDue,
}

/// For the citizen.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Unknown(reference) => {
                write!(f, "No grievance has the reference number {reference}")
            }
            Refusal::Closed => f.write_str("The grievance is closed"),
            Refusal::NotDue => write!(f, "A reminder is due after {REMINDER_DAYS} days"),
        }
    }
}
