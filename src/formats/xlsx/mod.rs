//! All tables of a response as a workbook for Excel: one sheet each, a sheet *About*, and a sheet *Errors* if parts are
//! missing.
//!
//! Rows are compressed as they are read: what is held is the compressed workbook and one row. (`rust_xlsxwriter` holds all
//! cells, or puts them into temporary files and panics when the disk is full.) The parts of the package are those of
//! ECMA-376 that Excel needs, and no more.

mod about;
mod cell;
mod markup;
mod names;
mod options;
mod package;
mod sheet;
mod sink;
mod styles;

use jiff::tz::TimeZone;

use self::about::add_about;
use self::cell::{CellForms, TypedCell};
use self::names::SheetNames;
use self::options::SheetSummary;
pub use self::options::XlsxOptions;
use self::package::Package;
use super::error::FormatError;
use super::rows;
use super::shape::Shape;
use super::table::Table;
use crate::budget::Account;

/// How many rows a sheet of Excel can have, with the header.
const MAX_ROWS: u32 = 1_048_576;
/// How many columns a sheet of Excel can have.
const MAX_COLUMNS: usize = 16_384;

/// Writes a workbook with all tables of the operation. `data` is the JSON of `data` in the response.
///
/// # Errors
/// A table is larger than a sheet can be, the account may not hold the result, or the data is not that of the operation.
pub fn xlsx(
    shape: &Shape,
    data: &[u8],
    options: &XlsxOptions,
    account: &Account,
) -> Result<Vec<u8>, FormatError> {
    for table in &shape.tables {
        if table.columns.len() > MAX_COLUMNS {
            return Err(FormatError::TooManyColumns {
                table: table.name.clone(),
                columns: table.columns.len(),
            });
        }
    }
    let mut package = Package::new(account)?;
    let mut names = SheetNames::default();
    let mut sheets = Vec::with_capacity(shape.tables.len());
    for table in &shape.tables {
        let name = names.name_of(&table.name);
        let rows = add_table(&mut package, &name, table, data, &options.time_zone)?;
        sheets.push(SheetSummary {
            name,
            table: &table.name,
            rows,
        });
    }
    add_about(&mut package, shape, &sheets, options)?;
    // The workbook opens with what CSV has.
    let first = shape.table(None).ok();
    let is_first = |table: &Table| first.is_some_and(|first| std::ptr::eq(first, table));
    let active = shape.tables.iter().position(is_first);
    package.finish(active.unwrap_or_default())
}

/// Adds the sheet of a table. Returns the number of its rows.
fn add_table(
    package: &mut Package,
    name: &str,
    table: &Table,
    data: &[u8],
    time_zone: &TimeZone,
) -> Result<u32, FormatError> {
    let forms = CellForms { time_zone };
    let mut sheet = package.sheet(name, &table.columns)?;
    rows::rows(table, data, &mut |cells| {
        let row = sheet.rows_written();
        if row >= MAX_ROWS {
            return Err(FormatError::TooManyRows {
                table: table.name.clone(),
            });
        }
        for (index, (column, json)) in table.columns.iter().zip(cells).enumerate() {
            let Some(json) = json else { continue };
            let cell = forms.cell(column, json)?;
            if let TypedCell::Text { text, .. } = &cell
                && markup::is_too_long(text)
            {
                return Err(FormatError::TooLongText {
                    table: table.name.clone(),
                    column: column.name.clone(),
                    row,
                });
            }
            sheet.cell(index, &cell);
        }
        sheet.end_row()
    })?;
    let rows = sheet.rows_written() - 1;
    sheet.finish()?;
    Ok(rows)
}
