//! The register of applications: what each one is, how it moves on, and the backlog counted from it.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::catalogue::{Service, paise};
use super::refusal::Refusal;
use crate::date::Date;

/// Where an application stands, as the desk's two-way mirror shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// Waits for documents from the applicant.
    Documents,
    /// Waits for the fee.
    Fee,
    /// With the office.
    Processing,
    /// The certificate is issued.
    Issued,
    /// Refused, with a reason in the history.
    Rejected,
}

impl Status {
    /// The code on the wire.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Documents => "DOC",
            Self::Fee => "FEE",
            Self::Processing => "PRC",
            Self::Issued => "ISS",
            Self::Rejected => "REJ",
        }
    }

    pub(super) fn from_code(code: &str) -> Option<Self> {
        [
            Self::Documents,
            Self::Fee,
            Self::Processing,
            Self::Issued,
            Self::Rejected,
        ]
        .into_iter()
        .find(|status| status.code() == code)
    }

    pub(super) fn decided(self) -> bool {
        matches!(self, Self::Issued | Self::Rejected)
    }
}

/// A document that was attached.
#[derive(Debug, Clone)]
pub(super) struct Attached {
    pub(super) doc_type: String,
    pub(super) document_id: String,
    pub(super) on: Date,
}

/// A fee that was paid.
#[derive(Debug, Clone)]
pub(super) struct Payment {
    pub(super) receipt: String,
    pub(super) amount: String,
    pub(super) mode: String,
    pub(super) on: Date,
}

/// One line of the history.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) on: Date,
    pub(super) stage: &'static str,
    pub(super) remark: String,
    pub(super) by: String,
}

/// One application.
#[derive(Debug)]
pub(super) struct Application {
    pub(super) reference: String,
    pub(super) service: Arc<Service>,
    pub(super) district: u16,
    pub(super) applicant: String,
    pub(super) mobile: String,
    pub(super) applied: Date,
    pub(super) decided: Option<Date>,
    pub(super) status: Status,
    pub(super) documents: Vec<Attached>,
    pub(super) payment: Option<Payment>,
    pub(super) history: Vec<Event>,
}

impl Application {
    /// The last day that the Act allows.
    pub(super) fn due(&self) -> Date {
        self.applied.plus(self.service.psga.days)
    }

    /// Days past the due day, on `today` or on the day of the decision; never negative.
    pub(super) fn days_past_due(&self, today: Date) -> i64 {
        self.decided.unwrap_or(today).since(self.due()).max(0)
    }

    /// Mandatory documents that are not there yet, by name.
    pub(super) fn documents_awaited(&self) -> Vec<&str> {
        let there = |doc_type: &str| self.documents.iter().any(|d| d.doc_type == doc_type);
        let mandatory = self.service.documents.iter().filter(|d| d.mandatory);
        mandatory
            .filter(|d| !there(&d.doc_type))
            .map(|d| d.name.as_str())
            .collect()
    }

    pub(super) fn log(&mut self, on: Date, stage: &'static str, remark: String, by: &str) {
        self.history.push(Event {
            on,
            stage,
            remark,
            by: by.to_owned(),
        });
    }

    /// Moves on as far as documents and fee allow. What comes wholly from the document locker needs no officer: it is
    /// issued at once.
    pub(super) fn advance(&mut self, today: Date) {
        if self.status.decided() {
            return;
        }
        let fee_due = self.service.has_fee() && self.payment.is_none();
        let before = self.status;
        self.status = if !self.documents_awaited().is_empty() {
            Status::Documents
        } else if fee_due {
            Status::Fee
        } else {
            Status::Processing
        };
        if self.status == Status::Processing && before != Status::Processing {
            let officer = self.service.psga.officer.clone();
            self.log(
                today,
                "PRC",
                format!("Sent to the {officer}"),
                "Service desk",
            );
            if self
                .documents
                .iter()
                .all(|d| d.document_id.starts_with("digilocker:"))
            {
                self.status = Status::Issued;
                self.decided = Some(today);
                let remark = "Issued from verified documents".to_owned();
                self.log(today, "ISS", remark, &officer);
            }
        }
    }
}

/// What an idempotency key stands for: the request it came with, and the application it led to.
#[derive(Debug)]
struct Submitted {
    request: Value,
    reference: String,
}

/// Every application, in the order in which they were filed.
#[derive(Debug)]
pub(super) struct Register {
    pub(super) today: Date,
    pub(super) services: Vec<Arc<Service>>,
    applications: Vec<Application>,
    by_reference: HashMap<String, usize>,
    submitted: HashMap<String, Submitted>,
}

/// Pending applications of one service in one district.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Backlog {
    /// With the office and not decided.
    pub(super) pending: i64,
    /// Of these, past the day that the Act allows.
    pub(super) past_psga: i64,
    /// Waiting for the applicant.
    pub(super) with_applicant: i64,
    /// Age in days of the oldest pending one.
    pub(super) oldest: Option<i64>,
}

impl Register {
    pub(super) fn new(today: Date, services: Vec<Arc<Service>>) -> Self {
        let (applications, by_reference, submitted) = Default::default();
        Self {
            today,
            services,
            applications,
            by_reference,
            submitted,
        }
    }

    pub(super) fn service(&self, id: &str) -> Option<&Arc<Service>> {
        self.services
            .iter()
            .find(|service| service.service_id == id)
    }

    /// In the order of filing.
    pub(super) fn applications(&self) -> impl Iterator<Item = &Application> {
        self.applications.iter()
    }

    pub(super) fn add(&mut self, application: Application) {
        self.by_reference
            .insert(application.reference.clone(), self.applications.len());
        self.applications.push(application);
    }

    pub(super) fn find(&self, reference: &str) -> Result<&Application, Refusal> {
        let index = self.by_reference.get(reference);
        index
            .and_then(|index| self.applications.get(*index))
            .ok_or_else(|| {
                Refusal::not_found(format!("No application has the reference {reference}"))
            })
    }

    pub(super) fn find_mut(&mut self, reference: &str) -> Result<&mut Application, Refusal> {
        let index = self.by_reference.get(reference).copied();
        index
            .and_then(|index| self.applications.get_mut(index))
            .ok_or_else(|| {
                Refusal::not_found(format!("No application has the reference {reference}"))
            })
    }

    /// The reference that this key led to before, if the request is the same one.
    pub(super) fn seen(&self, key: &str, request: &Value) -> Result<Option<String>, Refusal> {
        match self.submitted.get(key) {
            None => Ok(None),
            Some(before) if before.request == *request => Ok(Some(before.reference.clone())),
            Some(_) => Err(Refusal::key_reused()),
        }
    }

    pub(super) fn remember(&mut self, key: String, request: Value, reference: String) {
        self.submitted.insert(key, Submitted { request, reference });
    }

    /// A free reference for a key: it follows from the key, so that playing a request again in a fresh register gives
    /// the same one.
    pub(super) fn reference_for(&self, service: &Service, key: &str) -> String {
        let mut number = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        loop {
            let reference = format!("JK-{}-26-{}", service.short, 7_000_000 + number % 3_000_000);
            if !self.by_reference.contains_key(&reference) {
                return reference;
            }
            number = number.wrapping_add(1);
        }
    }

    /// Takes the fee. Paying with the same key again changes nothing.
    pub(super) fn pay(
        &mut self,
        reference: &str,
        key: String,
        amount: &str,
        mode: &str,
        request: Value,
    ) -> Result<(), Refusal> {
        if self.seen(&key, &request)?.is_some() {
            return Ok(());
        }
        let today = self.today;
        let application = self.find_mut(reference)?;
        let fee = application.service.fee.clone();
        if !application.service.has_fee() {
            return Err(Refusal::conflict("no_fee_due", "This service has no fee"));
        }
        if application.payment.is_some() {
            return Err(Refusal::conflict("already_paid", "The fee is already paid"));
        }
        if paise(amount) != paise(&fee) {
            return Err(Refusal::invalid(format!("amount must be {fee}")));
        }
        let receipt = format!("JKR{}", reference.replace('-', ""));
        application.payment = Some(Payment {
            receipt: receipt.clone(),
            amount: fee,
            mode: mode.to_owned(),
            on: today,
        });
        application.log(
            today,
            "FEE",
            format!("Fee paid, receipt {receipt}"),
            "Applicant",
        );
        application.advance(today);
        self.remember(key, request, reference.to_owned());
        Ok(())
    }

    /// Puts a document into the application, in place of one of the same type.
    pub(super) fn attach(
        &mut self,
        reference: &str,
        doc_type: &str,
        id: &str,
    ) -> Result<(), Refusal> {
        let today = self.today;
        let application = self.find_mut(reference)?;
        if application.status.decided() {
            return Err(Refusal::conflict(
                "application_closed",
                "The application is decided",
            ));
        }
        let document = application
            .service
            .documents
            .iter()
            .find(|d| d.doc_type == doc_type);
        let Some(name) = document.map(|d| d.name.clone()) else {
            return Err(Refusal::invalid(format!(
                "docType {doc_type} is not asked for"
            )));
        };
        if application
            .documents
            .iter()
            .any(|d| d.doc_type == doc_type && d.document_id == id)
        {
            return Ok(());
        }
        application.documents.retain(|d| d.doc_type != doc_type);
        let attached = Attached {
            doc_type: doc_type.to_owned(),
            document_id: id.to_owned(),
            on: today,
        };
        application.documents.push(attached);
        application.log(today, "DOC", format!("{name} attached"), "Applicant");
        application.advance(today);
        Ok(())
    }

    /// The backlog of one service in one district.
    pub(super) fn backlog(&self, district: u16, service: &Service) -> Backlog {
        let mut backlog = Backlog::default();
        for application in self
            .applications
            .iter()
            .filter(|a| a.district == district && a.service.service_id == service.service_id)
        {
            match application.status {
                Status::Documents | Status::Fee => backlog.with_applicant += 1,
                Status::Processing => {
                    backlog.pending += 1;
                    backlog.past_psga += i64::from(application.days_past_due(self.today) > 0);
                    let age = self.today.since(application.applied);
                    backlog.oldest = Some(backlog.oldest.map_or(age, |oldest| oldest.max(age)));
                }
                Status::Issued | Status::Rejected => {}
            }
        }
        backlog
    }
}
