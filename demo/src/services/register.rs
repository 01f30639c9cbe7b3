//! The register of applications: what each one is, how it moves on, and the counts of a summary.

use std::collections::HashMap;
use std::sync::Arc;

use rand::Rng;
use serde_json::Value;

use super::catalogue::{Document, Service, paise};
use super::refusal::Refusal;
use super::remarks;
use super::texts::Texts;
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
    pub(super) remark: Texts,
    pub(super) by: String,
}

/// One application.
#[derive(Debug)]
pub(super) struct Application {
    /// The number of its file, for offices: it counts up.
    pub(super) file: String,
    /// What only the applicant knows: whoever has it sees the whole application.
    pub(super) reference: String,
    /// The key of the link to the certificate.
    pub(super) download: String,
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

    /// With the office for longer than the Act allows.
    pub(super) fn is_overdue(&self, today: Date) -> bool {
        self.status == Status::Processing && self.days_past_due(today) > 0
    }

    /// Mandatory documents that are not there yet.
    pub(super) fn documents_awaited(&self) -> Vec<&Document> {
        let mandatory = self.service.documents.iter().filter(|d| d.mandatory);
        mandatory
            .filter(|d| !self.has_document(&d.doc_type))
            .collect()
    }

    /// Whether a document of this type is there.
    pub(super) fn has_document(&self, doc_type: &str) -> bool {
        self.documents.iter().any(|d| d.doc_type == doc_type)
    }

    /// The number of the receipt for its fee.
    pub(super) fn receipt(&self) -> String {
        format!("JKR{}", self.file.replace('-', ""))
    }

    pub(super) fn log(&mut self, on: Date, stage: &'static str, remark: Texts, by: &str) {
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
            self.log(today, "PRC", remarks::sent_to(&officer), "Service desk");
            if self
                .documents
                .iter()
                .all(|d| d.document_id.starts_with("digilocker:"))
            {
                self.status = Status::Issued;
                self.decided = Some(today);
                self.log(today, "ISS", remarks::issued_at_once(), &officer);
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
    by_file: HashMap<String, usize>,
    submitted: HashMap<String, Submitted>,
}

/// The letters of references, without those that are easily confused.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// 24 random letters, 120 bits.
fn random_reference() -> String {
    let mut rng = rand::rng();
    let mut reference = String::from("JK");
    for index in 0..24 {
        if index % 6 == 0 {
            reference.push('-');
        }
        reference.push(char::from(LETTERS[rng.random_range(0..LETTERS.len())]));
    }
    reference
}

impl Register {
    pub(super) fn new(today: Date, services: Vec<Arc<Service>>) -> Self {
        let (applications, by_reference, by_file, submitted) = Default::default();
        Self {
            today,
            services,
            applications,
            by_reference,
            by_file,
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
        let index = self.applications.len();
        self.by_reference
            .insert(application.reference.clone(), index);
        self.by_file.insert(application.file.clone(), index);
        self.applications.push(application);
    }

    /// By its reference.
    pub(super) fn find(&self, reference: &str) -> Result<&Application, Refusal> {
        let index = self.by_reference.get(reference);
        index
            .and_then(|index| self.applications.get(*index))
            .ok_or_else(unknown)
    }

    fn find_mut(&mut self, reference: &str) -> Result<&mut Application, Refusal> {
        let index = self.by_reference.get(reference).copied();
        index
            .and_then(|index| self.applications.get_mut(index))
            .ok_or_else(unknown)
    }

    /// By the number of its file.
    pub(super) fn by_file(&self, file: &str) -> Option<&Application> {
        self.applications.get(*self.by_file.get(file)?)
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

    /// A new application, with the next number of a file and keys that cannot be guessed.
    pub(super) fn new_application(&self, service: Arc<Service>, district: u16) -> Application {
        let file = format!(
            "{}-26-{}",
            service.short,
            9_000_000 + self.applications.len()
        );
        Application {
            file,
            reference: random_reference(),
            download: format!("{:032x}", rand::rng().random::<u128>()),
            service,
            district,
            applicant: String::new(),
            mobile: String::new(),
            applied: self.today,
            decided: None,
            status: Status::Documents,
            documents: Vec::new(),
            payment: None,
            history: Vec::new(),
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
        if application.status == Status::Rejected {
            return Err(closed());
        }
        if application.payment.is_some() {
            return Err(Refusal::conflict("already_paid", "The fee is already paid"));
        }
        if paise(amount) != paise(&fee) {
            return Err(Refusal::invalid(format!("The fee is {fee} rupees")).about("amount"));
        }
        let receipt = application.receipt();
        application.payment = Some(Payment {
            receipt: receipt.clone(),
            amount: fee,
            mode: mode.to_owned(),
            on: today,
        });
        application.log(today, "FEE", remarks::fee_paid(&receipt), "Applicant");
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
            return Err(closed());
        }
        let document = application
            .service
            .documents
            .iter()
            .find(|d| d.doc_type == doc_type);
        let Some(remark) = document.map(|d| remarks::attached(&d.name)) else {
            let why = "The service does not ask for a document of this type";
            return Err(Refusal::invalid(why).about("docType"));
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
        application.log(today, "DOC", remark, "Applicant");
        application.advance(today);
        Ok(())
    }
}

fn closed() -> Refusal {
    Refusal::conflict("application_closed", "The application is decided")
}

fn unknown() -> Refusal {
    Refusal::not_found("No application has this reference").about("referenceNo")
}
