//! What the values of enums are called in English, Hindi and Urdu.

use std::sync::LazyLock;

use async_graphql::{Enum, SimpleObject};
use serde::Deserialize;

/// The official languages of Jammu and Kashmir.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum Language {
    /// English.
    En,
    /// Hindi.
    Hi,
    /// Urdu, written from right to left.
    Ur,
    /// Kashmiri, written from right to left.
    Ks,
    /// Dogri.
    Doi,
}

/// The direction of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
enum TextDirection {
    /// Left to right.
    Ltr,
    /// Right to left: Urdu and Kashmiri.
    Rtl,
}

/// What a value of an enum is called in one language: for filters, legends and the cells of tables.
#[derive(SimpleObject)]
#[graphql(shareable)]
pub(super) struct EnumLabel {
    /// The enum, for example `WorkStatus`.
    enum_name: &'static str,
    /// The value, for example `IN_PROGRESS`.
    value: &'static str,
    /// The language of the text: English if there is none in the one that was asked for.
    language: Language,
    /// In which direction it is written.
    direction: TextDirection,
    /// What to show.
    text: &'static str,
}

/// One row of `labels.csv`.
#[derive(Deserialize)]
struct Row {
    #[serde(rename = "enum")]
    enum_name: String,
    value: String,
    en: String,
    hi: String,
    ur: String,
}

static ROWS: LazyLock<Vec<Row>> =
    LazyLock::new(|| crate::data::csv(include_str!("../../data/grievances/labels.csv")));

/// All labels in a language.
pub(super) fn labels(language: Language) -> Vec<EnumLabel> {
    let label = |row: &'static Row| {
        let (language, direction, text) = match language {
            Language::Hi => (language, TextDirection::Ltr, &row.hi),
            Language::Ur => (language, TextDirection::Rtl, &row.ur),
            _ => (Language::En, TextDirection::Ltr, &row.en),
        };
        EnumLabel {
            enum_name: &row.enum_name,
            value: &row.value,
            language,
            direction,
            text,
        }
    };
    ROWS.iter().map(label).collect()
}
