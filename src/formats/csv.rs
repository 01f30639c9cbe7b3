//! A table as CSV: RFC 4180, UTF-8, a header, lines that end with CR and LF.
//!
//! A spreadsheet that opens the file evaluates a cell that begins like a formula, also if a client has written it. Such a text gets an
//! apostrophe before it. Numbers are no text, and a `Decimal` that has the form of a number is none, either: `-12.50`
//! stays.

use std::borrow::Cow;

use super::error::FormatError;
use super::kind::{Kind, begins_like_a_formula, is_decimal};
use super::output::Output;
use super::rows::{self, elements, text_of, unescaped};
use super::shape::Shape;
use super::table::Column;
use crate::budget::Account;
use crate::document::JsonReader;

/// How to write CSV.
#[derive(Debug, Clone, Copy, Default)]
pub struct CsvOptions<'o> {
    /// The table, by its name or path; see [`Shape::table`].
    pub path: Option<&'o str>,
    /// Begin with a byte-order mark, by which Excel knows that the text is UTF-8.
    pub byte_order_mark: bool,
}

/// Writes a table as CSV. `data` is the JSON of `data` in the response.
///
/// # Errors
/// There is no such table, the account may not hold the result, or the data is not that of the operation.
pub fn csv(
    shape: &Shape,
    data: &[u8],
    options: CsvOptions,
    account: &Account,
) -> Result<Vec<u8>, FormatError> {
    let table = shape.table(options.path)?;
    let mut output = Output::new(account, 0)?;
    if options.byte_order_mark {
        output.write("\u{feff}".as_bytes())?;
    }
    for (index, column) in table.columns.iter().enumerate() {
        separate(&mut output, index)?;
        field(&mut output, &column.name)?;
    }
    output.write(b"\r\n")?;
    rows::rows(table, data, &mut |cells| {
        for (index, (column, cell)) in table.columns.iter().zip(cells).enumerate() {
            separate(&mut output, index)?;
            match cell {
                Some(json) => field(&mut output, &cell_of(column, json)?)?,
                // An empty line would be no row.
                None if cells.len() == 1 => output.write(b"\"\"")?,
                None => {}
            }
        }
        Ok(output.write(b"\r\n")?)
    })?;
    Ok(output.finish())
}

fn separate(output: &mut Output, index: usize) -> Result<(), FormatError> {
    match index {
        0 => Ok(()),
        _ => Ok(output.write(b",")?),
    }
}

/// The text of a cell, which no spreadsheet takes for a formula.
fn cell_of<'d>(column: &Column, json: &'d str) -> Result<Cow<'d, str>, FormatError> {
    let text = text_of(json, column.is_list)?;
    match begins_like_a_formula(&text) && !is_number(column.kind, json)? {
        true => Ok(Cow::Owned(format!("'{text}"))),
        false => Ok(text),
    }
}

/// Whether a value is a number, or a text that is one by the type of the column and by its form; a list, if its first
/// element is such a value and all are.
fn is_number(kind: Kind, json: &str) -> Result<bool, FormatError> {
    match json.as_bytes().first() {
        Some(b'-' | b'0'..=b'9') => Ok(true),
        Some(b'"') => Ok(kind.may_be_decimal() && is_decimal(&unescaped(json))),
        Some(b'[') => {
            let mut is_number = true;
            elements(&mut JsonReader::over(json)?, &mut |element| {
                is_number &= match element.as_bytes().first() {
                    Some(b'-' | b'0'..=b'9' | b'n') => true,
                    Some(b'"') => kind.may_be_decimal() && is_decimal(&unescaped(element)),
                    _ => false,
                };
            })?;
            Ok(is_number)
        }
        _ => Ok(false),
    }
}

/// Writes a field: in quotes if it has a comma, a quote or a line end, or is empty, which null is not.
fn field(output: &mut Output, text: &str) -> Result<(), FormatError> {
    let is_plain = |byte: u8| !matches!(byte, b',' | b'"' | b'\r' | b'\n');
    if !text.is_empty() && text.bytes().all(is_plain) {
        return Ok(output.write(text.as_bytes())?);
    }
    output.write(b"\"")?;
    for (index, part) in text.split('"').enumerate() {
        if index > 0 {
            output.write(b"\"\"")?;
        }
        output.write(part.as_bytes())?;
    }
    Ok(output.write(b"\"")?)
}
