//! The five services: what they ask for, what they cost, how long they may take.

use serde::Deserialize;
use serde_json::{Value, json};

use super::questions::Question;
use super::texts::{Language, Texts};

/// First appeal within so many days, disposed of in so many, second appeal within so many more.
pub(super) const APPEAL_DAYS: (i64, i64, i64) = (30, 45, 60);

/// One service, as `services.json` has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Service {
    pub(super) service_id: String,
    /// Stands in file numbers.
    pub(super) short: String,
    doc_type: String,
    issuer: String,
    pub(super) service_name: Texts,
    category: String,
    pub(super) department_code: String,
    description: Texts,
    /// Rupees with two decimals.
    pub(super) fee: String,
    umang_service_id: String,
    pub(super) psga: Psga,
    pub(super) documents: Vec<Document>,
    pub(super) parameters: Vec<Question>,
    /// What happens after applying.
    steps: Vec<Step>,
}

/// What the Public Services Guarantee Act says about it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Psga {
    pub(super) days: i64,
    basis: String,
    pub(super) officer: String,
    first_appellate: String,
    second_appellate: String,
}

/// A document to attach.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    pub(super) doc_type: String,
    pub(super) name: Texts,
    pub(super) mandatory: bool,
}

/// A step on the way from the application to the certificate.
#[derive(Debug, Deserialize)]
struct Step {
    /// `Applicant`, or the officer.
    by: String,
    text: Texts,
}

impl Document {
    pub(super) fn row(&self, language: Language) -> Value {
        json!({
            "docType": self.doc_type,
            "docName": self.name.in_language(language),
            "mandatory": yes_no(self.mandatory),
        })
    }
}

impl Service {
    /// The catalogue's row.
    pub(super) fn row(&self) -> Value {
        let (first, disposal, second) = APPEAL_DAYS;
        json!({
            "serviceId": self.service_id,
            "docType": self.doc_type,
            "issuer": self.issuer,
            "serviceName": self.service_name.english(),
            "serviceNames": self.service_name.rows(),
            "category": self.category,
            "departmentCode": self.department_code,
            "description": self.description.english(),
            "descriptions": self.description.rows(),
            "fee": self.fee,
            "umangServiceId": self.umang_service_id,
            "psga": {
                "days": self.psga.days,
                "basis": self.psga.basis,
                "officer": self.psga.officer,
                "firstAppealDays": first,
                "firstAppealDisposalDays": disposal,
                "firstAppellate": self.psga.first_appellate,
                "secondAppealDays": second,
                "secondAppellate": self.psga.second_appellate,
            },
        })
    }

    /// What an applicant has to bring and to answer.
    pub(super) fn requirements(&self, language: Language) -> Value {
        let documents: Vec<Value> = self.documents.iter().map(|d| d.row(language)).collect();
        let parameters: Vec<Value> = self.parameters.iter().map(|q| q.row(language)).collect();
        let steps = (1..).zip(&self.steps).map(|(number, step)| {
            json!({ "seq": number, "by": step.by, "text": step.text.in_language(language) })
        });
        let steps: Vec<Value> = steps.collect();
        json!({
            "serviceId": self.service_id,
            "lang": language.code(),
            "documents": documents,
            "parameters": parameters,
            "steps": steps,
        })
    }

    /// True when a fee is due at all.
    pub(super) fn has_fee(&self) -> bool {
        paise(&self.fee) != Some(0)
    }
}

pub(super) fn yes_no(flag: bool) -> &'static str {
    if flag { "Y" } else { "N" }
}

/// `"10"`, `"10.5"` or `"10.50"` rupees as paise; `None` for anything else.
pub(super) fn paise(rupees: &str) -> Option<u64> {
    let (whole, fraction) = rupees.split_once('.').unwrap_or((rupees, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || fraction.len() > 2 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let fraction: u64 = format!("{fraction:0<2}").parse().ok()?;
    whole
        .parse::<u64>()
        .ok()?
        .checked_mul(100)?
        .checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::paise;

    #[test]
    fn money_is_counted_in_paise() {
        assert_eq!(paise("10"), Some(1000));
        assert_eq!(paise("10.5"), Some(1050));
        assert_eq!(paise("0.05"), Some(5));
        for wrong in ["", ".5", "-1", "1.234", "1,000", "ten"] {
            assert_eq!(paise(wrong), None, "{wrong}");
        }
    }
}
