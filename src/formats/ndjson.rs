//! A table as NDJSON: a JSON object for each row, on a line of its own, with the columns as its names. Values are copied
//! from the response: numbers keep their digits, and lists of scalars are lists.

use super::error::FormatError;
use super::output::Output;
use super::rows;
use super::shape::Shape;
use crate::budget::Account;
use crate::document::{JsonReader, Reader, write_json_string};

/// How to write NDJSON.
#[derive(Debug, Clone, Copy, Default)]
pub struct NdjsonOptions<'o> {
    /// The table, by its name or path; see [`Shape::table`].
    pub path: Option<&'o str>,
    /// The JSON of `errors` in the response, if the rows may be incomplete: it makes a last record, `{"$errors":[…]}`.
    pub errors: Option<&'o [u8]>,
}

/// Writes a table as NDJSON. `data` is the JSON of `data` in the response.
///
/// # Errors
/// There is no such table, the account may not hold the result, or the data is not that of the operation.
pub fn ndjson(
    shape: &Shape,
    data: &[u8],
    options: NdjsonOptions,
    account: &Account,
) -> Result<Vec<u8>, FormatError> {
    let table = shape.table(options.path)?;
    let names = table.columns.iter().enumerate().map(|(index, column)| {
        let mut name = match index {
            0 => b"{".to_vec(),
            _ => b",".to_vec(),
        };
        write_json_string(&column.name, &mut name);
        name.push(b':');
        name
    });
    let names: Vec<Vec<u8>> = names.collect();
    let mut output = Output::new(account, 0)?;
    rows::rows(table, data, &mut |cells| {
        for (name, cell) in names.iter().zip(cells) {
            output.write(name)?;
            one_line(&mut output, cell.unwrap_or("null"))?;
        }
        Ok(output.write(b"}\n")?)
    })?;
    if let Some(errors) = options.errors {
        let mut reader = JsonReader::new(errors)?;
        let span = reader.capture()?;
        reader.finish()?;
        output.write(b"{\"$errors\":")?;
        one_line(&mut output, reader.slice(span))?;
        output.write(b"}\n")?;
    }
    Ok(output.finish())
}

/// Writes a JSON value without line ends. They occur between values only: in a string they are escaped.
fn one_line(output: &mut Output, json: &str) -> Result<(), FormatError> {
    for part in json.split(['\n', '\r']) {
        output.write(part.as_bytes())?;
    }
    Ok(())
}
