//! How applications come in: the sample ones when the desk opens, new ones as people file them.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::catalogue::Service;
use super::questions::{self, Answer};
use super::refusal::Refusal;
use super::register::{Application, Attached, Payment, Register, Status};
use super::remarks;
use crate::date::Date;

const SERVICES: &str = include_str!("../../data/services/services.json");
const APPLICATIONS: &str = include_str!("../../data/services/applications.csv");

/// The districts that the desk serves, by LGD code: those of Jammu division.
pub(super) const JAMMU: [u16; 10] = [4, 5, 7, 10, 12, 14, 620, 621, 624, 627];

/// Those of Kashmir division.
pub(super) const KASHMIR: [u16; 10] = [1, 2, 3, 8, 11, 13, 622, 623, 625, 626];

/// The day on which the sample register stands.
pub(super) const AS_OF: &str = "2026-10-31";

/// A row of `applications.csv`.
#[derive(Debug, Deserialize)]
struct Row {
    file: String,
    reference: String,
    download: String,
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
        file: row.file.clone(),
        reference: row.reference.clone(),
        download: row.download.clone(),
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
    application.log(applied, "SUB", remarks::received(), "Applicant");
    let Some(complete) = Date::parse_iso(&row.complete) else {
        return Some(application);
    };
    for document in service.documents.iter().filter(|d| d.mandatory) {
        let document_id = format!("sample:{}:{}", row.file, document.doc_type);
        let doc_type = document.doc_type.clone();
        application.documents.push(Attached {
            doc_type,
            document_id,
            on: complete,
        });
    }
    application.log(complete, "DOC", remarks::documents_attached(), "Applicant");
    if service.has_fee() {
        let receipt = application.receipt();
        application.log(complete, "FEE", remarks::fee_paid(&receipt), "Applicant");
        let (amount, mode) = (service.fee.clone(), "UPI".to_owned());
        application.payment = Some(Payment {
            receipt,
            amount,
            mode,
            on: complete,
        });
    }
    let officer = service.psga.officer.as_str();
    application.log(complete, "PRC", remarks::sent_to(officer), "Service desk");
    if let Some(decided) = application.decided {
        let (stage, remark) = match application.status {
            Status::Rejected => ("REJ", remarks::rejected()),
            _ => ("ISS", remarks::issued()),
        };
        application.log(decided, stage, remark, officer);
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

/// Files an application and gives its reference; the same key with the same request gives the first one's.
pub(super) fn file(
    register: &mut Register,
    key: String,
    request: Value,
) -> Result<String, Refusal> {
    if let Some(reference) = register.seen(&key, &request)? {
        return Ok(reference);
    }
    let filing: Filing = serde_json::from_value(request.clone())
        .map_err(|_| Refusal::invalid("The body is wrong"))?;
    let service_id = filing
        .service_id
        .ok_or_else(|| Refusal::missing("The service").about("serviceId"))?;
    let service = register.service(&service_id).cloned();
    let service = service.ok_or_else(|| {
        Refusal::invalid(format!("There is no service {service_id}")).about("serviceId")
    })?;
    let district = district(filing.district_code.as_ref())?;
    let applicant = filing
        .applicant
        .ok_or_else(|| Refusal::missing("The applicant").about("applicant.name"))?;
    let name = applicant
        .name
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty());
    let name =
        name.ok_or_else(|| Refusal::missing("The name of the applicant").about("applicant.name"))?;
    let mobile = masked(applicant.mobile.as_deref().unwrap_or_default())?;
    if filing.consent_id.is_none_or(|id| id.trim().is_empty()) {
        return Err(Refusal::consent());
    }
    questions::check(&service.parameters, &filing.parameters.unwrap_or_default())?;
    let today = register.today;
    let mut application = Application {
        applicant: name,
        mobile,
        ..register.new_application(service, district)
    };
    application.log(today, "SUB", remarks::received(), "Applicant");
    application.advance(today);
    let reference = application.reference.clone();
    register.add(application);
    register.remember(key, request, reference.clone());
    Ok(reference)
}

/// The districts of an area: the union territory, or one of its divisions by LGD's code.
pub(super) fn districts_of(area: &str) -> Option<Vec<u16>> {
    match area {
        "UT" => Some([JAMMU, KASHMIR].concat()),
        "01" => Some(JAMMU.to_vec()),
        "02" => Some(KASHMIR.to_vec()),
        _ => None,
    }
}

/// A district's code, as a number or as digits.
pub(super) fn district(code: Option<&Value>) -> Result<u16, Refusal> {
    let number = match code {
        None | Some(Value::Null) => {
            return Err(Refusal::missing("The district").about("districtCode"));
        }
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_u64().and_then(|code| u16::try_from(code).ok()),
    };
    number
        .filter(|code| JAMMU.contains(code) || KASHMIR.contains(code))
        .ok_or_else(|| {
            let why = "This is not a district of Jammu & Kashmir";
            Refusal::invalid(why).about("districtCode")
        })
}

/// Ten digits, of which the register keeps the last four.
fn masked(mobile: &str) -> Result<String, Refusal> {
    if mobile.len() != 10 || !mobile.bytes().all(|b| b.is_ascii_digit()) {
        let why = "A mobile number has ten digits";
        return Err(Refusal::invalid(why).about("applicant.mobile"));
    }
    Ok(format!("XXXXXX{}", &mobile[6..]))
}
