//! How applications come in: the sample ones when the desk opens, new ones as people file them.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::catalogue::Service;
use super::refusal::Refusal;
use super::register::{Application, Attached, Payment, Register, Status};
use crate::date::Date;

const SERVICES: &str = include_str!("../../data/services/services.json");
const APPLICATIONS: &str = include_str!("../../data/services/applications.csv");

/// The districts that the desk serves, by LGD code.
pub(super) const DISTRICTS: [u16; 20] = [
    1, 2, 3, 4, 5, 7, 8, 10, 11, 12, 13, 14, 620, 621, 622, 623, 624, 625, 626, 627,
];

/// The day on which the sample register stands.
pub(super) const AS_OF: &str = "2026-10-31";

/// A row of `applications.csv`.
#[derive(Debug, Deserialize)]
struct Row {
    reference: String,
    service: String,
    district: u16,
    applicant: String,
    mobile: String,
    applied: String,
    complete: String,
    decided: String,
    status: String,
}

/// The register as the committed data have it. An error names what is wrong with them.
pub(super) fn open(today: Date) -> Result<Register, String> {
    let services: Vec<Service> = serde_json::from_str(SERVICES).map_err(|e| e.to_string())?;
    let mut register = Register::new(today, services.into_iter().map(Arc::new).collect());
    for row in csv::Reader::from_reader(APPLICATIONS.as_bytes()).deserialize() {
        let row: Row = row.map_err(|e| e.to_string())?;
        let application = from_row(&register, &row).ok_or_else(|| format!("wrong row {row:?}"))?;
        register.add(application);
    }
    Ok(register)
}

/// An application with the documents, the payment and the history that its dates imply.
fn from_row(register: &Register, row: &Row) -> Option<Application> {
    let service = register.service(&row.service)?.clone();
    let applied = Date::parse_iso(&row.applied)?;
    let mut application = Application {
        reference: row.reference.clone(),
        service: service.clone(),
        district: row.district,
        applicant: row.applicant.clone(),
        mobile: row.mobile.clone(),
        applied,
        decided: Date::parse_iso(&row.decided),
        status: Status::from_code(&row.status)?,
        documents: Vec::new(),
        payment: None,
        history: Vec::new(),
    };
    application.log(applied, "SUB", "Application received".into(), "Applicant");
    let Some(complete) = Date::parse_iso(&row.complete) else {
        return Some(application);
    };
    for document in service.documents.iter().filter(|d| d.mandatory) {
        let document_id = format!("sample:{}:{}", row.reference, document.doc_type);
        let doc_type = document.doc_type.clone();
        application.documents.push(Attached {
            doc_type,
            document_id,
            on: complete,
        });
    }
    application.log(complete, "DOC", "Documents attached".into(), "Applicant");
    if service.has_fee() {
        let receipt = format!("JKR{}", row.reference.replace('-', ""));
        application.log(
            complete,
            "FEE",
            format!("Fee paid, receipt {receipt}"),
            "Applicant",
        );
        let (amount, mode) = (service.fee.clone(), "UPI".to_owned());
        application.payment = Some(Payment {
            receipt,
            amount,
            mode,
            on: complete,
        });
    }
    let officer = service.psga.officer.as_str();
    application.log(
        complete,
        "PRC",
        format!("Sent to the {officer}"),
        "Service desk",
    );
    if let Some(decided) = application.decided {
        let (stage, remark) = match application.status {
            Status::Rejected => ("REJ", "Rejected: the particulars could not be verified"),
            _ => ("ISS", "Certificate issued"),
        };
        application.log(decided, stage, remark.into(), officer);
    }
    Some(application)
}

/// The body of `POST /applications`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filing {
    service_id: Option<String>,
    /// A number, or a string of digits.
    district_code: Option<Value>,
    applicant: Option<Applicant>,
    consent_id: Option<String>,
    parameters: Option<Vec<Answer>>,
}

#[derive(Debug, Deserialize)]
struct Applicant {
    name: Option<String>,
    mobile: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Answer {
    name: String,
    value: Option<String>,
}

/// Files an application and gives its reference; the same key with the same request gives the first one's.
pub(super) fn file(
    register: &mut Register,
    key: String,
    request: Value,
) -> Result<String, Refusal> {
    if let Some(reference) = register.seen(&key, &request)? {
        return Ok(reference);
    }
    let filing: Filing =
        serde_json::from_value(request.clone()).map_err(|e| Refusal::invalid(e.to_string()))?;
    let service_id = filing
        .service_id
        .ok_or_else(|| Refusal::missing("serviceId"))?;
    let service = register.service(&service_id).cloned();
    let service =
        service.ok_or_else(|| Refusal::invalid(format!("No service is called {service_id}")))?;
    let district = district(filing.district_code.as_ref())?;
    let applicant = filing
        .applicant
        .ok_or_else(|| Refusal::missing("applicant"))?;
    let name = applicant
        .name
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Refusal::missing("applicant.name"))?;
    let mobile = masked(applicant.mobile.as_deref().unwrap_or_default())?;
    if filing.consent_id.is_none_or(|id| id.trim().is_empty()) {
        return Err(Refusal::consent());
    }
    check_answers(&service, &filing.parameters.unwrap_or_default())?;
    let today = register.today;
    let mut application = Application {
        reference: register.reference_for(&service, &key),
        service,
        district,
        applicant: name,
        mobile,
        applied: today,
        decided: None,
        status: Status::Documents,
        documents: Vec::new(),
        payment: None,
        history: Vec::new(),
    };
    application.log(today, "SUB", "Application received".into(), "Applicant");
    application.advance(today);
    let reference = application.reference.clone();
    register.add(application);
    register.remember(key, request, reference.clone());
    Ok(reference)
}

/// A district's code, as a number or as digits.
pub(super) fn district(code: Option<&Value>) -> Result<u16, Refusal> {
    let number = match code {
        None | Some(Value::Null) => return Err(Refusal::missing("districtCode")),
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_u64().and_then(|code| u16::try_from(code).ok()),
    };
    number
        .filter(|code| DISTRICTS.contains(code))
        .ok_or_else(|| Refusal::invalid("districtCode is not a district of Jammu & Kashmir"))
}

/// Ten digits, of which the register keeps the last four.
fn masked(mobile: &str) -> Result<String, Refusal> {
    if mobile.len() != 10 || !mobile.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Refusal::invalid("applicant.mobile must have ten digits"));
    }
    Ok(format!("XXXXXX{}", &mobile[6..]))
}

fn check_answers(service: &Service, answers: &[Answer]) -> Result<(), Refusal> {
    if let Some(unknown) = answers
        .iter()
        .find(|a| !service.parameters.iter().any(|p| p.name == a.name))
    {
        return Err(Refusal::invalid(format!(
            "parameter {} is not asked for",
            unknown.name
        )));
    }
    let given = |name: &str| {
        answers
            .iter()
            .any(|a| a.name == name && a.value.as_deref().is_some_and(|v| !v.trim().is_empty()))
    };
    match service
        .parameters
        .iter()
        .find(|p| p.mandatory && !given(&p.name))
    {
        Some(missing) => Err(Refusal::missing(&format!("parameter {}", missing.name))),
        None => Ok(()),
    }
}
