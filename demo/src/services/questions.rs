//! The questions of a form, and which answers fit them.

use regex::Regex;
use serde::Deserialize;
use serde_json::{Value, json};

use super::catalogue::{paise, yes_no};
use super::refusal::Refusal;
use super::texts::{Language, Texts};
use crate::date::Date;

/// The longest answer.
const MAX_LENGTH: usize = 200;

/// A question to answer.
#[derive(Debug, Deserialize)]
pub(super) struct Question {
    pub(super) name: String,
    #[serde(rename = "type")]
    kind: Kind,
    pub(super) mandatory: bool,
    label: Texts,
    hint: Option<Texts>,
    /// What the whole answer must match.
    pattern: Option<String>,
    #[serde(default)]
    options: Vec<Choice>,
}

/// What kind of answer it wants.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Text,
    Integer,
    Money,
    /// As `yyyy-mm-dd`, as forms of browsers give it, whatever else the desk does with days.
    Date,
    Choice,
}

/// An answer to choose.
#[derive(Debug, Deserialize)]
struct Choice {
    value: String,
    label: Texts,
}

/// An answer, as an application has it.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    name: String,
    value: Option<String>,
}

impl Question {
    pub(super) fn row(&self, language: Language) -> Value {
        let kind = match self.kind {
            Kind::Text => "T",
            Kind::Integer => "N",
            Kind::Money => "M",
            Kind::Date => "D",
            Kind::Choice => "S",
        };
        let options = self.options.iter();
        let options: Vec<Value> = options
            .map(|one| json!({ "code": one.value, "text": one.label.in_language(language) }))
            .collect();
        json!({
            "param": self.name,
            "inputType": kind,
            "label": self.label.in_language(language),
            "hint": self.hint.as_ref().map_or("", |hint| hint.in_language(language)),
            "pattern": self.pattern.as_deref().unwrap_or_default(),
            "maxLength": MAX_LENGTH,
            "options": options,
            "mandatory": yes_no(self.mandatory),
        })
    }

    fn fits(&self, answer: &str) -> bool {
        let by_kind = match self.kind {
            Kind::Text => true,
            Kind::Integer => answer.bytes().all(|byte| byte.is_ascii_digit()),
            Kind::Money => paise(answer).is_some(),
            Kind::Date => Date::parse_iso(answer).is_some(),
            Kind::Choice => self.options.iter().any(|one| one.value == answer),
        };
        let pattern = self.pattern.as_ref();
        let by_pattern = pattern.is_none_or(|pattern| {
            Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|pattern| pattern.is_match(answer))
        });
        by_kind && by_pattern && answer.chars().count() <= MAX_LENGTH
    }
}

/// Checks the answers of an application.
pub(super) fn check(questions: &[Question], answers: &[Answer]) -> Result<(), Refusal> {
    for (index, answer) in answers.iter().enumerate() {
        let question = questions.iter().find(|q| q.name == answer.name);
        let Some(question) = question else {
            let why = format!("{} is not asked for", answer.name);
            return Err(Refusal::invalid(why).of_answer(Some(index), &answer.name));
        };
        let given = answer.value.as_deref().map(str::trim);
        if given.is_some_and(|value| !value.is_empty() && !question.fits(value)) {
            let why = format!("{} is not as it is asked for", question.label.english());
            return Err(Refusal::invalid(why).of_answer(Some(index), &answer.name));
        }
    }
    let given = |question: &Question| {
        let mut of_question = answers.iter().filter(|answer| answer.name == question.name);
        of_question.any(|answer| {
            answer
                .value
                .as_deref()
                .is_some_and(|v| !v.trim().is_empty())
        })
    };
    match questions.iter().find(|q| q.mandatory && !given(q)) {
        Some(missing) => {
            let refusal = Refusal::missing(missing.label.english());
            Err(refusal.of_answer(None, &missing.name))
        }
        None => Ok(()),
    }
}
