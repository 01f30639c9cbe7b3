//! The sheet *About*, which says what the workbook is, and the sheet *Errors*.

use std::borrow::Cow;

use jiff::Timestamp;

use super::super::error::FormatError;
use super::super::kind::Kind;
use super::super::shape::Shape;
use super::super::table::Column;
use super::cell::{TypedCell, days_of_time};
use super::names::{ABOUT, ERRORS};
use super::options::{SheetSummary, XlsxOptions};
use super::package::Package;
use super::styles::Style;
use crate::document::Value;

/// A value or message is not longer than this, so that it fits into a cell.
const MOST_CHARACTERS: usize = 8_000;

/// Adds the two sheets; that of errors only if there are some.
pub(super) fn add_about(
    package: &mut Package,
    shape: &Shape,
    sheets: &[SheetSummary],
    options: &XlsxOptions,
) -> Result<(), FormatError> {
    let errors = errors(options.errors)?;
    if !errors.is_empty() {
        let columns = ["path", "message", "code"].map(text_column);
        let mut sheet = package.sheet(ERRORS, &columns)?;
        for error in errors {
            for (index, text) in error.into_iter().enumerate() {
                sheet.cell(index, &text_cell(text));
            }
            sheet.end_row()?;
        }
        sheet.finish()?;
    }
    let mut sheet = package.sheet(ABOUT, &["subject", "value"].map(text_column))?;
    for (subject, value) in facts(shape, sheets, options)? {
        sheet.cell(0, &text_cell(subject));
        sheet.cell(1, &value);
        sheet.end_row()?;
    }
    sheet.finish()
}

/// What the sheet says, line by line.
fn facts<'s>(
    shape: &'s Shape,
    sheets: &[SheetSummary],
    options: &XlsxOptions,
) -> Result<Vec<(String, TypedCell<'s>)>, FormatError> {
    let time = |time: Timestamp| {
        let days = days_of_time(options.time_zone.to_datetime(time));
        match days {
            Some(days) => TypedCell::Number {
                digits: Cow::Owned(days),
                style: Style::DateTime,
            },
            None => text_cell(time.to_string()),
        }
    };
    let as_of = options
        .as_of
        .map_or_else(|| text_cell("unknown".to_owned()), time);
    let zone = options.time_zone.iana_name().unwrap_or("UTC");
    let is_complete = match errors(options.errors)?.is_empty() {
        true => "yes".to_owned(),
        false => format!("no, see the sheet {ERRORS}"),
    };
    let mut facts = vec![
        (
            "operation".to_owned(),
            text_cell(shape.selected.name.clone()),
        ),
        ("data as of".to_owned(), as_of),
        ("time zone".to_owned(), text_cell(zone.to_owned())),
        ("complete".to_owned(), text_cell(is_complete)),
    ];
    let parameters = options.parameters.iter();
    facts.extend(
        parameters
            .map(|(name, value)| (format!("parameter {name}"), text_cell((*value).to_owned()))),
    );
    facts.extend(sheets.iter().map(|sheet| {
        let rows = match sheet.rows {
            1 => "1 row".to_owned(),
            rows => format!("{rows} rows"),
        };
        (
            format!("sheet {}", sheet.name),
            text_cell(format!("{rows} of {}", sheet.table)),
        )
    }));
    Ok(facts)
}

/// The path, message and code of each error.
fn errors(json: Option<&[u8]>) -> Result<Vec<[String; 3]>, FormatError> {
    let Some(json) = json else {
        return Ok(Vec::new());
    };
    let errors = Value::parse_json(json)?;
    let errors = errors.as_array().unwrap_or_default().iter();
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let described = errors.map(|error| {
        let path = error
            .get("path")
            .and_then(Value::as_array)
            .unwrap_or_default();
        let steps: Vec<String> = path.iter().map(step).collect();
        let code = error
            .get("extensions")
            .and_then(|extensions| extensions.get("code"));
        [steps.join("."), text(error.get("message")), text(code)]
    });
    Ok(described.collect())
}

/// A step of an error's path: a name or an index.
fn step(step: &Value) -> String {
    match step.as_str() {
        Some(name) => name.to_owned(),
        None => step.to_json(),
    }
}

fn text_cell(text: String) -> TypedCell<'static> {
    let end = text.char_indices().nth(MOST_CHARACTERS);
    match end {
        Some((end, _)) => TypedCell::plain(Cow::Owned(text[..end].to_owned())),
        None => TypedCell::plain(Cow::Owned(text)),
    }
}

fn text_column(name: &str) -> Column {
    Column {
        name: name.to_owned(),
        kind: Kind::Text,
        is_list: false,
    }
}
