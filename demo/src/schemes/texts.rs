//! The texts of a scheme by language: English, and sample translations into Hindi and Urdu.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::{SCHEMES, Scheme};

/// What a scheme is called and what is said of it, in one language.
#[derive(Clone, Copy)]
pub(super) struct Texts {
    pub(super) name: &'static str,
    pub(super) category: &'static str,
    pub(super) brief: &'static str,
    pub(super) benefits: &'static str,
    pub(super) process: &'static str,
    pub(super) eligibility: &'static str,
    pub(super) documents: &'static str,
}

/// One row of `translations.csv`.
#[derive(Deserialize)]
struct Translation {
    slug: String,
    lang: String,
    name: String,
    category: String,
    brief: String,
    benefits: String,
    process: String,
    eligibility: String,
    documents: String,
}

static TRANSLATIONS: LazyLock<Vec<Translation>> =
    LazyLock::new(|| crate::data::csv(include_str!("../../data/schemes/translations.csv")));

/// By slug and language.
static TEXTS: LazyLock<HashMap<(&str, &str), Texts>> = LazyLock::new(|| {
    let english = SCHEMES.iter().map(|scheme| {
        let texts = Texts {
            name: &scheme.name,
            category: &scheme.category,
            brief: &scheme.brief,
            benefits: &scheme.benefits,
            process: &scheme.process,
            eligibility: &scheme.eligibility,
            documents: &scheme.documents,
        };
        ((scheme.slug.as_str(), "en"), texts)
    });
    let translated = TRANSLATIONS.iter().map(|row| {
        let texts = Texts {
            name: &row.name,
            category: &row.category,
            brief: &row.brief,
            benefits: &row.benefits,
            process: &row.process,
            eligibility: &row.eligibility,
            documents: &row.documents,
        };
        ((row.slug.as_str(), row.lang.as_str()), texts)
    });
    english.chain(translated).collect()
});

/// Languages, separated by commas; `None` if there are no texts in one of them.
pub(super) fn languages(list: &str) -> Option<Vec<&str>> {
    let known = |lang: &str| matches!(lang, "en" | "hi" | "ur").then_some(());
    let languages: Vec<_> = list.split(',').collect();
    languages.iter().try_for_each(|lang| known(lang))?;
    Some(languages)
}

/// The texts of a scheme; `None` in a language that it has none in.
pub(super) fn texts(scheme: &Scheme, lang: &str) -> Option<Texts> {
    TEXTS.get(&(scheme.slug.as_str(), lang)).copied()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_has_every_text_in_each_language() {
        for scheme in SCHEMES.iter() {
            let english = texts(scheme, "en").unwrap();
            for lang in ["hi", "ur"] {
                let translated = texts(scheme, lang).unwrap();
                assert!(
                    !translated.name.is_empty() && translated.name != english.name,
                    "{lang}: {}",
                    scheme.slug
                );
                for text in [translated.category, translated.brief, translated.benefits] {
                    assert!(!text.is_empty(), "{lang}: {}", scheme.slug);
                }
                let points = |text: &str| text.lines().count();
                assert_eq!(points(translated.eligibility), points(english.eligibility));
                let documents = |text: &str| text.split(';').count();
                assert_eq!(
                    documents(translated.documents),
                    documents(english.documents)
                );
            }
        }
    }
}
