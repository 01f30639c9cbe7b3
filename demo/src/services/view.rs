//! What the desk shows of an application: JSON with `dd-mm-yyyy` dates and short codes.

use serde_json::{Value, json};

use super::catalogue::{APPEAL_DAYS, yes_no};
use super::register::{Application, Status};
use super::texts::Language;
use crate::date::Date;

/// What anybody may see of an application: nothing in it says who applied, and it does not have the reference.
pub(super) fn line(application: &Application, today: Date) -> Value {
    json!({
        "fileNo": application.file,
        "serviceId": application.service.service_id,
        "districtLgdCode": application.district,
        "applicant": { "name": masked(&application.applicant), "mobile": "XXXXXXXXXX" },
        "appliedOn": application.applied.dashed(),
        "dueOn": application.due().dashed(),
        "decidedOn": application.decided.map(Date::dashed),
        "status": application.status.code(),
        "nextStep": next_step(application, today),
        "daysPastDue": application.days_past_due(today),
    })
}

/// The first letter of each word of a name.
fn masked(name: &str) -> String {
    let words = name.split_whitespace().map(|word| {
        let first = word.chars().next().filter(|first| first.is_alphabetic());
        first.map_or_else(|| "***".to_owned(), |first| format!("{first}***"))
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The whole application, for whoever has its reference.
pub(super) fn application(application: &Application, today: Date) -> Value {
    let mut whole = line(application, today);
    let service = &application.service;
    let documents = application.documents.iter().map(|d| {
        let mut kinds = service.documents.iter();
        let kind = kinds.find(|kind| kind.doc_type == d.doc_type);
        let name = kind.map(|kind| kind.name.english());
        let names = kind.map(|kind| kind.name.rows());
        json!({
            "docType": d.doc_type,
            "docName": name,
            "docNames": names,
            "documentId": d.document_id,
            "attachedOn": d.on.dashed(),
        })
    });
    let history = (1..).zip(&application.history).map(|(seq, e)| {
        json!({
            "seq": seq,
            "on": e.on.dashed(),
            "stage": e.stage,
            "remark": e.remark.english(),
            "remarks": e.remark.rows(),
            "by": e.by,
        })
    });
    let payment = application.payment.as_ref().map(|p| {
        json!({ "receiptNo": p.receipt, "amount": p.amount, "mode": p.mode, "paidOn": p.on.dashed() })
    });
    let required = service.documents.iter().map(|kind| {
        let mut row = kind.row(Language::English);
        row["docNames"] = kind.name.rows().into();
        row["attached"] = yes_no(application.has_document(&kind.doc_type)).into();
        row
    });
    whole["referenceNo"] = json!(application.reference);
    whole["applicant"] = json!({ "name": application.applicant, "mobile": application.mobile });
    whole["documents"] = documents.collect();
    whole["documentsRequired"] = required.collect();
    whole["payment"] = json!(payment);
    whole["appeal"] = json!(appeal(application, today));
    whole["certificate"] = json!(certificate(application));
    whole["history"] = history.collect();
    whole
}

/// What has to happen next, who does it, and until when. Nothing is left to do after the last day of an appeal.
fn next_step(application: &Application, today: Date) -> Option<Value> {
    let officer = application.service.psga.officer.as_str();
    let (code, by, upto) = match application.status {
        Status::Documents => ("DOC", "Applicant", None),
        Status::Fee => ("FEE", "Applicant", None),
        Status::Processing => ("DEC", officer, Some(application.due())),
        Status::Issued => ("DWN", "Applicant", None),
        Status::Rejected => {
            let last = application.decided?.plus(APPEAL_DAYS.0);
            if today > last {
                return None;
            }
            ("APL", "Applicant", Some(last))
        }
    };
    let text = |language| next_step_text(application, language);
    let texts =
        Language::ALL.map(|language| json!({ "lang": language.code(), "text": text(language) }));
    Some(json!({
        "code": code,
        "by": by,
        "upto": upto.map(Date::dashed),
        "text": text(Language::English),
        "texts": texts,
    }))
}

/// The next step in words; in Hindi and Urdu by sample translations.
fn next_step_text(application: &Application, language: Language) -> String {
    let service = &application.service;
    let texts = |en: &str, hi: &str, ur: &str| match language {
        Language::English => en.to_owned(),
        Language::Hindi => hi.to_owned(),
        Language::Urdu => ur.to_owned(),
    };
    match application.status {
        Status::Documents => {
            let awaited = application.documents_awaited();
            let names: Vec<&str> = awaited
                .iter()
                .map(|d| d.name.in_language(language))
                .collect();
            let comma = texts(", ", ", ", "، ");
            let attach = texts("Attach", "संलग्न करें", "منسلک کریں");
            format!("{attach}: {}", names.join(&comma))
        }
        Status::Fee => {
            let fee = &service.fee;
            texts(
                &format!("Pay the fee of {fee} rupees"),
                &format!("{fee} रुपये शुल्क का भुगतान करें"),
                &format!("{fee} روپے فیس ادا کریں"),
            )
        }
        Status::Processing => texts(
            &format!("The {} decides", service.psga.officer),
            "अधिकारी निर्णय लेंगे",
            "افسر فیصلہ کریں گے",
        ),
        Status::Issued => texts(
            "Download the certificate",
            "प्रमाणपत्र डाउनलोड करें",
            "سرٹیفکیٹ ڈاؤن لوڈ کریں",
        ),
        Status::Rejected => texts(
            "Appeal against the decision",
            "निर्णय के विरुद्ध अपील करें",
            "فیصلے کے خلاف اپیل کریں",
        ),
    }
}

/// A rejected application can be appealed from the decision, a late one from the day it was due.
fn appeal(application: &Application, today: Date) -> Option<Value> {
    let (first, disposal, second) = APPEAL_DAYS;
    let from = match application.status {
        Status::Rejected => application.decided?,
        Status::Processing if application.is_overdue(today) => application.due(),
        _ => return None,
    };
    let last = from.plus(first);
    Some(json!({
        "firstAppealBy": last.dashed(),
        "disposalBy": last.plus(disposal).dashed(),
        "secondAppealBy": last.plus(disposal).plus(second).dashed(),
    }))
}

/// The certificate, once it is issued. The link has a key of its own: the reference is in no URL.
fn certificate(application: &Application) -> Option<Value> {
    let on = application.decided?;
    let url = format!(
        "https://services.example.gov.in/eunnat/v1/download/{}.pdf",
        application.download
    );
    (application.status == Status::Issued).then(|| {
        json!({
            "certificateNo": format!("JKC-{}", application.file),
            "format": "pdf",
            "issuedOn": on.dashed(),
            "url": url,
        })
    })
}
