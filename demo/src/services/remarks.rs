//! What the history of an application says, in words; in Hindi and Urdu by sample translations.

use super::texts::{Language, Texts};

pub(super) fn received() -> Texts {
    Texts::new(
        "Application received",
        "आवेदन प्राप्त हुआ",
        "درخواست موصول ہوئی",
    )
}

/// All documents at once.
pub(super) fn documents_attached() -> Texts {
    Texts::new(
        "Documents attached",
        "दस्तावेज़ संलग्न किए गए",
        "دستاویزات منسلک کی گئیں",
    )
}

/// One document, by its name.
pub(super) fn attached(name: &Texts) -> Texts {
    let name = |language| name.in_language(language);
    Texts::new(
        format!("{} attached", name(Language::English)),
        format!("{} संलग्न किया गया", name(Language::Hindi)),
        format!("{} منسلک کیا گیا", name(Language::Urdu)),
    )
}

pub(super) fn fee_paid(receipt: &str) -> Texts {
    Texts::new(
        format!("Fee paid, receipt {receipt}"),
        format!("शुल्क का भुगतान हुआ, रसीद {receipt}"),
        format!("فیس ادا کی گئی، رسید {receipt}"),
    )
}

pub(super) fn sent_to(officer: &str) -> Texts {
    Texts::new(
        format!("Sent to the {officer}"),
        "अधिकारी को भेजा गया",
        "افسر کو بھیجی گئی",
    )
}

/// Without an officer, because all documents came from the document locker.
pub(super) fn issued_at_once() -> Texts {
    Texts::new(
        "Issued from verified documents",
        "सत्यापित दस्तावेज़ों से जारी",
        "تصدیق شدہ دستاویزات سے جاری",
    )
}

pub(super) fn issued() -> Texts {
    Texts::new(
        "Certificate issued",
        "प्रमाणपत्र जारी किया गया",
        "سرٹیفکیٹ جاری کیا گیا",
    )
}

pub(super) fn rejected() -> Texts {
    Texts::new(
        "Rejected: the particulars could not be verified",
        "अस्वीकृत: विवरण सत्यापित नहीं हो सके",
        "نامنظور: تفصیلات کی تصدیق نہ ہو سکی",
    )
}
