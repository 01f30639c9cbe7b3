//! Cells with the types of Excel: numbers, dates, Booleans, text.
//!
//! Excel computes with 15 digits: a number with more is text, so that no digit is lost.

use std::borrow::Cow;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};

use super::super::error::FormatError;
use super::super::kind::{Kind, begins_like_a_formula, is_decimal};
use super::super::rows::{text_of, unescaped};
use super::super::table::Column;
use super::styles::Style;

/// The digits that Excel computes with.
const DIGITS: usize = 15;

/// The content of a cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TypedCell<'d> {
    /// A number as it is written in the response, or the number of days that Excel has for a time.
    Number {
        digits: Cow<'d, str>,
        style: Style,
    },
    Boolean(bool),
    Text {
        text: Cow<'d, str>,
        style: Style,
    },
}

/// How values become cells.
#[derive(Debug, Clone, Copy)]
pub(super) struct CellForms<'z> {
    /// The time zone of times.
    pub(super) time_zone: &'z TimeZone,
}

impl CellForms<'_> {
    /// The cell of a value that is not null.
    pub(super) fn cell<'d>(
        self,
        column: &Column,
        json: &'d str,
    ) -> Result<TypedCell<'d>, FormatError> {
        match json.as_bytes().first() {
            Some(b'-' | b'0'..=b'9') if column.kind != Kind::Id => Ok(number(column.kind, json)),
            Some(b't' | b'f') => Ok(TypedCell::Boolean(json == "true")),
            Some(b'"') => Ok(self.text(column.kind, unescaped(json))),
            _ => Ok(TypedCell::plain(text_of(json, column.is_list)?)),
        }
    }

    /// The cell of a text: by its type a date, a time or an exact number, if it has the form of one that Excel has.
    fn text<'d>(self, kind: Kind, text: Cow<'d, str>) -> TypedCell<'d> {
        let days = match kind {
            Kind::Date => date(&text).map(|days| (days.to_string(), Style::Date)),
            Kind::Month => date(&format!("{text}-01")).map(|days| (days.to_string(), Style::Month)),
            Kind::DateTime => self.moment(&text).map(|days| (days, Style::DateTime)),
            Kind::Decimal => return decimal(text),
            _ => None,
        };
        match days {
            Some((days, style)) => TypedCell::Number {
                digits: Cow::Owned(days),
                style,
            },
            None => TypedCell::plain(text),
        }
    }

    /// The days of a moment in the time zone, with its fraction of a day, to the millisecond.
    fn moment(self, text: &str) -> Option<String> {
        let moment: Timestamp = text.parse().ok()?;
        let local = self.time_zone.to_datetime(moment);
        days_of_time(local.round(Unit::Millisecond).ok()?)
    }
}

/// The days of a time, as text.
pub(super) fn days_of_time(time: DateTime) -> Option<String> {
    const MILLISECONDS: f64 = 86_400_000.0;
    let days = days(time.date())?;
    let clock = time.time();
    let seconds =
        (i32::from(clock.hour()) * 60 + i32::from(clock.minute())) * 60 + i32::from(clock.second());
    let milliseconds = seconds * 1000 + i32::from(clock.millisecond());
    Some((f64::from(days) + f64::from(milliseconds) / MILLISECONDS).to_string())
}

impl<'d> TypedCell<'d> {
    /// A text. One that begins like a formula is marked as text, so that it stays one when the cell is edited.
    pub(super) fn plain(text: Cow<'d, str>) -> TypedCell<'d> {
        let style = match begins_like_a_formula(&text) {
            true => Style::Quoted,
            false => Style::General,
        };
        TypedCell::Text { text, style }
    }
}

/// A number of JSON.
fn number(kind: Kind, json: &str) -> TypedCell<'_> {
    let is_whole = json
        .bytes()
        .all(|byte| byte == b'-' || byte.is_ascii_digit());
    let fits = match significant(json) <= DIGITS {
        true => is_in_range(json),
        // A `Float` is a binary number with some 17 digits, and a cell is, too: if the text is that number, nothing is lost.
        false => kind == Kind::Float && !is_whole && is_binary(json),
    };
    if !fits {
        return TypedCell::plain(Cow::Borrowed(json));
    }
    TypedCell::Number {
        digits: Cow::Borrowed(json),
        // In the general form, large whole numbers have an exponent.
        style: match is_whole {
            true => Style::Decimals(0),
            false => Style::General,
        },
    }
}

/// An exact number, with as many decimals as it is written with.
fn decimal(text: Cow<'_, str>) -> TypedCell<'_> {
    let decimals = text
        .split_once('.')
        .map_or(0, |(_, fraction)| fraction.len());
    if !is_decimal(&text) || significant(&text) > DIGITS || decimals > DIGITS {
        return TypedCell::plain(text);
    }
    TypedCell::Number {
        digits: text,
        style: Style::Decimals(decimals as u8),
    }
}

/// How many digits a number is written with, from the first that is not zero.
fn significant(number: &str) -> usize {
    let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
    let digits = mantissa.bytes().filter(u8::is_ascii_digit);
    digits.skip_while(|digit| *digit == b'0').count()
}

/// Whether Excel has a number of this size.
fn is_in_range(number: &str) -> bool {
    const LEAST: f64 = 2.3e-308;
    const MOST: f64 = 9.9e307;
    let is_zero = significant(number) == 0;
    number
        .parse::<f64>()
        .is_ok_and(|number| is_zero || (LEAST..=MOST).contains(&number.abs()))
}

/// Whether a text is the shortest one of a binary number.
fn is_binary(number: &str) -> bool {
    number
        .parse::<f64>()
        .is_ok_and(|binary| binary.to_string() == number)
}

/// The number of days that Excel has for a day of the form `yyyy-mm-dd`.
fn date(text: &str) -> Option<i32> {
    let is_form = text.len() == 10
        && text
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_digit());
    let date: Date = text.parse().ok().filter(|_| is_form)?;
    days(date)
}

/// The number of days that Excel has for a day. It counts 29 February 1900, which did not exist: days before March 1900
/// have none that all programs agree on.
fn days(date: Date) -> Option<i32> {
    const ZERO: Date = jiff::civil::date(1899, 12, 30);
    const FIRST: Date = jiff::civil::date(1900, 3, 1);
    let days = date.since((Unit::Day, ZERO)).ok()?;
    (date >= FIRST).then(|| days.get_days())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn cell(kind: Kind, json: &str) -> String {
        let column = Column {
            name: "c".to_owned(),
            kind,
            is_list: false,
        };
        let forms = CellForms {
            time_zone: &TimeZone::UTC,
        };
        match forms.cell(&column, json).unwrap() {
            TypedCell::Number { digits, style } => format!("{digits} {style:?}"),
            TypedCell::Boolean(value) => value.to_string(),
            TypedCell::Text { text, style } => format!("'{text}' {style:?}"),
        }
    }

    #[test]
    fn numbers_with_more_digits_than_excel_has_are_text() {
        assert_eq!(cell(Kind::Int, "-5"), "-5 Decimals(0)");
        assert_eq!(
            cell(Kind::Custom, "999999999999999"),
            "999999999999999 Decimals(0)"
        );
        assert_eq!(
            cell(Kind::Custom, "1000000000000000"),
            "'1000000000000000' General"
        );
        assert_eq!(
            cell(Kind::Custom, "-1000000000000000"),
            "'-1000000000000000' Quoted"
        );
        assert_eq!(
            cell(Kind::Float, "12345678901234567890"),
            "'12345678901234567890' General"
        );
        assert_eq!(cell(Kind::Float, "0.50"), "0.50 General");
        assert_eq!(
            cell(Kind::Float, "66.66666666666667"),
            "66.66666666666667 General"
        );
        assert_eq!(
            cell(Kind::Float, "66.666666666666666666"),
            "'66.666666666666666666' General"
        );
        assert_eq!(cell(Kind::Float, "1e400"), "'1e400' General");
        assert_eq!(cell(Kind::Float, "0e400"), "0e400 General");
        assert_eq!(cell(Kind::Float, "1.5e-400"), "'1.5e-400' General");
        assert_eq!(cell(Kind::Id, "\"0013\""), "'0013' General");
    }

    #[test]
    fn exact_numbers_keep_their_decimals() {
        assert_eq!(cell(Kind::Decimal, "\"-12.50\""), "-12.50 Decimals(2)");
        assert_eq!(
            cell(Kind::Decimal, "\"0.000000000000001\""),
            "0.000000000000001 Decimals(15)"
        );
        assert_eq!(
            cell(Kind::Decimal, "\"0.0000000000000001\""),
            "'0.0000000000000001' General"
        );
        assert_eq!(
            cell(Kind::Decimal, "\"1234567890123456.7\""),
            "'1234567890123456.7' General"
        );
        assert_eq!(cell(Kind::Decimal, "\"-1+1\""), "'-1+1' Quoted");
        assert_eq!(cell(Kind::Text, "\"-12.50\""), "'-12.50' Quoted");
    }

    #[test]
    fn days_and_moments() {
        assert_eq!(cell(Kind::Date, "\"2026-10-31\""), "46326 Date");
        assert_eq!(cell(Kind::Date, "\"1900-03-01\""), "61 Date");
        assert_eq!(cell(Kind::Date, "\"1900-02-28\""), "'1900-02-28' General");
        assert_eq!(cell(Kind::Date, "\"2026-02-29\""), "'2026-02-29' General");
        assert_eq!(cell(Kind::Date, "\"20261031\""), "'20261031' General");
        assert_eq!(cell(Kind::Date, "\"9999-12-31\""), "2958465 Date");
        assert_eq!(cell(Kind::Month, "\"2026-10\""), "46296 Month");
        assert_eq!(cell(Kind::Month, "\"2026-13\""), "'2026-13' General");
        assert_eq!(
            cell(Kind::DateTime, "\"2026-10-31T18:00:00Z\""),
            "46326.75 DateTime"
        );
        assert_eq!(
            cell(Kind::DateTime, "\"2026-11-01T05:30:00+05:30\""),
            "46327 DateTime"
        );
        assert_eq!(cell(Kind::DateTime, "\"yesterday\""), "'yesterday' General");
    }
}
