//! The register: grievances, and the reminders sent since it was opened.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_graphql::Enum;
use serde::Deserialize;

use crate::date::Date;

const GRIEVANCES: &str = include_str!("../../data/grievances/grievances.csv");

/// The day on which the sample register stands.
pub(super) const AS_OF: &str = "2026-10-31";

/// A reminder is due for what is open longer than this.
pub(super) const REMINDER_DAYS: i64 = 28;

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

/// A row of `grievances.csv`.
#[derive(Debug, Deserialize)]
struct Row {
    id: String,
    r#type: String,
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
    pub(super) id: String,
    pub(super) kind: String,
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

/// Which grievances; what is not given does not matter.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
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
        is(&self.district, &record.district)
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
                id: row.id,
                kind: row.r#type,
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

    pub(super) fn find(&self, id: &str) -> Option<&Record> {
        self.records.iter().find(|record| record.id == id)
    }

    /// Those that the filter keeps, oldest first.
    pub(super) fn select(&self, filter: &Filter) -> Vec<&Record> {
        self.records
            .iter()
            .filter(|record| filter.keeps(record, self.today))
            .collect()
    }

    /// How many reminders were sent about it.
    pub(super) fn reminders(&self, id: &str) -> u32 {
        let reminders = self
            .reminders
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        reminders.get(id).copied().unwrap_or(0)
    }

    /// Sends a reminder, if it is due.
    pub(super) fn remind(&self, id: &str) -> Result<&Record, Refusal> {
        let record = self
            .find(id)
            .ok_or_else(|| Refusal::Unknown(id.to_owned()))?;
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
        *reminders.entry(id.to_owned()).or_default() += 1;
        Ok(record)
    }
}

/// Why no reminder is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is no grievance with this reference number.
    Unknown(String),
    /// The grievance is closed.
    Closed,
    /// It is too early.
    NotDue,
}

impl Refusal {
    /// For programs.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Refusal::Unknown(_) => "UNKNOWN_GRIEVANCE",
            Refusal::Closed => "GRIEVANCE_CLOSED",
            Refusal::NotDue => "REMINDER_NOT_DUE",
        }
    }
}

/// For the citizen.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Unknown(id) => write!(f, "No grievance has the id {id}"),
            Refusal::Closed => f.write_str("The grievance is closed"),
            Refusal::NotDue => write!(f, "A reminder is due after {REMINDER_DAYS} days"),
        }
    }
}
