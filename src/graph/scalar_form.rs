//! The forms of the scalars that docs/scalars.md specifies, which all connectors share.
//!
//! A scalar is one of them by the address in its `@specifiedBy`, whatever its name. Values of any other scalar have no form that
//! the gateway knows.

use std::sync::LazyLock;

use apollo_compiler::schema::ScalarType;
use regex::Regex;

use crate::document::Value;

/// Where they are specified; the name of the scalar follows.
pub(super) const SPECIFICATION: &str = "https://specs.sangam.dev/scalars/v0.1#";

/// The form of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalarForm {
    /// `2026-10-31`.
    Date,
    /// `2026-10-31T18:30:00Z`.
    DateTime,
    /// `2026-10`.
    Month,
    /// `"1234.50"`.
    Decimal,
    /// `https://jk.example.gov.in/schemes`.
    Url,
}

impl ScalarForm {
    /// All of them, with the names that the specification gives them.
    pub(super) const NAMES: [(&str, ScalarForm); 5] = [
        ("Date", ScalarForm::Date),
        ("DateTime", ScalarForm::DateTime),
        ("Month", ScalarForm::Month),
        ("Decimal", ScalarForm::Decimal),
        ("URL", ScalarForm::Url),
    ];

    /// The form of a scalar, by its `@specifiedBy`.
    pub(super) fn of(scalar: &ScalarType) -> Option<ScalarForm> {
        let specified = scalar.directives.get("specifiedBy")?;
        let url = specified.specified_argument_by_name("url")?.as_str()?;
        let name = url.strip_prefix(SPECIFICATION)?;
        let mut forms = Self::NAMES.into_iter();
        forms.find_map(|(known, form)| (known == name).then_some(form))
    }

    /// Whether a value has the form. Null has.
    pub fn allows(self, value: &Value) -> bool {
        let text = match value {
            Value::Null => return true,
            Value::String(text) => text,
            // All of them are texts.
            _ => return false,
        };
        self.pattern().is_match(text) && (!self.has_day() || is_in_calendar(text))
    }

    /// What a value must be: `a month of the calendar, as yyyy-mm`.
    pub fn rule(self) -> &'static str {
        match self {
            ScalarForm::Date => "a day of the calendar, as `yyyy-mm-dd`",
            ScalarForm::DateTime => "a moment by RFC 3339, such as `2026-10-31T18:30:00Z`",
            ScalarForm::Month => "a month of the calendar, as `yyyy-mm`",
            ScalarForm::Decimal => "a decimal number in digits, as text, such as `1234.50`",
            ScalarForm::Url => "an absolute address by RFC 3986",
        }
    }

    fn has_day(self) -> bool {
        matches!(self, ScalarForm::Date | ScalarForm::DateTime)
    }

    fn pattern(self) -> &'static Regex {
        static PATTERNS: LazyLock<[Regex; 5]> = LazyLock::new(|| {
            [DATE, DATE_TIME, MONTH, DECIMAL, URL].map(|pattern| {
                // The test `patterns_are_those_of_the_documentation` compiles them.
                Regex::new(pattern).unwrap_or_else(|error| unreachable!("{error}"))
            })
        });
        &PATTERNS[self as usize]
    }
}

// As docs/scalars.md has them, with `[0-9]` for `\d`, which is more than the digits of ASCII here.
const DATE: &str = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$";
const DATE_TIME: &str = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|(\\+|-)([01][0-9]|2[0-3]):[0-5][0-9])$";
const MONTH: &str = "^[0-9]{4}-(0[1-9]|1[0-2])$";
const DECIMAL: &str = "^-?(0|[1-9][0-9]*)(\\.[0-9]+)?$";
const URL: &str = "^[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#@!$&'()*+,;=%\\[\\]-]+$";

/// Whether a text that begins with `yyyy-mm-dd` has a day that the Gregorian calendar has.
fn is_in_calendar(text: &str) -> bool {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u32>().ok();
    let (Some(year), Some(month), Some(day)) = (number(0..4), number(5..7), number(8..10)) else {
        return false;
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    day <= last
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../../docs/scalars.md");

    /// The section of a scalar.
    fn section(name: &str) -> &'static str {
        let (_, section) = PAGE.split_once(&format!("\n## {name}\n")).unwrap();
        section.split("\n## ").next().unwrap()
    }

    #[test]
    fn patterns_are_those_of_the_documentation() {
        for (name, form) in ScalarForm::NAMES {
            let written = section(name).lines().find(|line| line.starts_with("    ^"));
            let pattern = written.unwrap().trim().replace("[12]\\d", "[12][0-9]");
            let pattern = pattern
                .replace("[01]\\d", "[01][0-9]")
                .replace("[0-5]\\d", "[0-5][0-9]");
            let pattern = pattern
                .replace("[1-9]\\d", "[1-9][0-9]")
                .replace("\\d", "[0-9]");
            assert_eq!(form.pattern().as_str(), pattern, "{name}");
        }
    }

    /// The examples in the table of each section: what is allowed, and what is not.
    #[test]
    fn examples_are_allowed_or_not_as_the_documentation_says() {
        for (name, form) in ScalarForm::NAMES {
            let rows = section(name).lines().filter(|line| line.starts_with('|'));
            for row in rows.skip(2) {
                let cells: Vec<&str> = row.split('|').collect();
                for (cell, allowed) in [(cells[1], true), (cells[2], false)] {
                    for code in cell.split('`').skip(1).step_by(2) {
                        let value = example(name, code);
                        assert_eq!(form.allows(&value), allowed, "{name}: {code}");
                    }
                }
            }
        }
    }

    /// An example is a text; those of decimal numbers say with quotes that they are texts.
    fn example(name: &str, code: &str) -> Value {
        let text = match code.strip_prefix('"') {
            Some(text) => text.trim_end_matches('"'),
            None if name == "Decimal" => {
                return Value::Number(crate::document::Number::from_json(code).unwrap());
            }
            None => code,
        };
        Value::from(text)
    }

    #[test]
    fn what_is_no_text_has_no_form_and_null_has_any() {
        for (_, form) in ScalarForm::NAMES {
            assert!(form.allows(&Value::Null));
            assert!(!form.allows(&Value::Bool(true)));
        }
        assert!(!ScalarForm::Date.allows(&Value::from("२०२६-१०-३१")));
        assert!(!ScalarForm::Month.allows(&Value::from("2026-10\n")));
    }
}
