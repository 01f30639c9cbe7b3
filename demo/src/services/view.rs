//! What the desk shows of an application: JSON with `dd-mm-yyyy` dates and short codes.

use serde_json::{Value, json};

use super::catalogue::APPEAL_DAYS;
use super::register::{Application, Register, Status};
use crate::date::Date;

/// One line of a list: nothing in it says who applied.
pub(super) fn line(application: &Application, today: Date) -> Value {
    json!({
        "referenceNo": application.reference,
        "serviceId": application.service.service_id,
        "districtLgdCode": application.district,
        "appliedOn": application.applied.dashed(),
        "dueOn": application.due().dashed(),
        "status": application.status.code(),
        "pendingWith": pending_with(application),
        "daysPastDue": application.days_past_due(today),
    })
}

/// Who has to act next.
fn pending_with(application: &Application) -> Option<&str> {
    match application.status {
        Status::Documents | Status::Fee => Some("Applicant"),
        Status::Processing => Some(application.service.psga.officer.as_str()),
        Status::Issued | Status::Rejected => None,
    }
}

/// The whole application, as tracking shows it.
pub(super) fn application(application: &Application, today: Date) -> Value {
    let service = &application.service;
    let documents: Vec<Value> = application
        .documents
        .iter()
        .map(|d| {
            let kind = service.documents.iter().find(|kind| kind.doc_type == d.doc_type);
            let name = kind.map(|kind| kind.name.as_str());
            json!({ "docType": d.doc_type, "docName": name, "documentId": d.document_id, "attachedOn": d.on.dashed() })
        })
        .collect();
    let history: Vec<Value> = (1..)
        .zip(&application.history)
        .map(|(seq, e)| json!({ "seq": seq, "on": e.on.dashed(), "stage": e.stage, "remark": e.remark, "by": e.by }))
        .collect();
    let payment = application.payment.as_ref().map(|p| {
        json!({ "receiptNo": p.receipt, "amount": p.amount, "mode": p.mode, "paidOn": p.on.dashed() })
    });
    json!({
        "referenceNo": application.reference,
        "serviceId": service.service_id,
        "districtLgdCode": application.district,
        "applicant": { "name": application.applicant, "mobile": application.mobile },
        "appliedOn": application.applied.dashed(),
        "dueOn": application.due().dashed(),
        "decidedOn": application.decided.map(Date::dashed),
        "status": application.status.code(),
        "pendingWith": pending_with(application),
        "daysPastDue": application.days_past_due(today),
        "documents": documents,
        "documentsAwaited": application.documents_awaited(),
        "payment": payment,
        "appeal": appeal(application, today),
        "history": history,
    })
}

/// A rejected application can be appealed from the decision, a late one from the day it was due.
fn appeal(application: &Application, today: Date) -> Option<Value> {
    let (first, disposal, second) = APPEAL_DAYS;
    let from = match application.status {
        Status::Rejected => application.decided?,
        Status::Processing if application.days_past_due(today) > 0 => application.due(),
        _ => return None,
    };
    let last = from.plus(first);
    Some(json!({
        "firstAppealBy": last.dashed(),
        "disposalBy": last.plus(disposal).dashed(),
        "secondAppealBy": last.plus(disposal).plus(second).dashed(),
    }))
}

/// The link to the certificate, or `ready: "N"` while there is none.
pub(super) fn certificate(application: &Application) -> Value {
    let issued = application
        .decided
        .filter(|_| application.status == Status::Issued);
    match issued {
        Some(on) => json!({
            "referenceNo": application.reference,
            "ready": "Y",
            "certificateNo": application.reference.replacen("JK-", "JKC-", 1),
            "format": "pdf",
            "issuedOn": on.dashed(),
            "url": format!("https://services.example.gov.in/eunnat/v1/download/{}.pdf", application.reference),
        }),
        None => json!({ "referenceNo": application.reference, "ready": "N" }),
    }
}

/// The backlog of one district: a row per service.
pub(super) fn backlog(register: &Register, district: u16) -> Value {
    let services: Vec<Value> = register
        .services
        .iter()
        .map(|service| {
            let backlog = register.backlog(district, service);
            json!({
                "serviceId": service.service_id,
                "pending": backlog.pending,
                "pastPsga": backlog.past_psga,
                "withApplicant": backlog.with_applicant,
                "oldestDays": backlog.oldest,
            })
        })
        .collect();
    json!({ "lgdCode": district, "services": services })
}
