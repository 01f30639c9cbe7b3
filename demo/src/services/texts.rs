//! Texts in the languages of the desk.

use serde::Deserialize;
use serde_json::{Value, json};

/// A language that the desk has texts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Hindi,
    Urdu,
}

impl Language {
    pub(super) const ALL: [Self; 3] = [Self::English, Self::Hindi, Self::Urdu];

    pub(super) fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Hindi => "hi",
            Self::Urdu => "ur",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|language| language.code() == code)
    }

    /// The one that was asked for, or English.
    pub(super) fn of(asked: Option<&str>) -> Self {
        asked.and_then(Self::from_code).unwrap_or(Self::English)
    }
}

/// A text in each language.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Texts {
    en: String,
    hi: String,
    ur: String,
}

impl Texts {
    pub(super) fn new(en: impl Into<String>, hi: impl Into<String>, ur: impl Into<String>) -> Self {
        Self {
            en: en.into(),
            hi: hi.into(),
            ur: ur.into(),
        }
    }

    pub(super) fn in_language(&self, language: Language) -> &str {
        match language {
            Language::English => &self.en,
            Language::Hindi => &self.hi,
            Language::Urdu => &self.ur,
        }
    }

    pub(super) fn english(&self) -> &str {
        &self.en
    }

    /// A list of all of them.
    pub(super) fn rows(&self) -> Vec<Value> {
        let row = |language: Language| json!({ "lang": language.code(), "text": self.in_language(language) });
        Language::ALL.into_iter().map(row).collect()
    }
}
