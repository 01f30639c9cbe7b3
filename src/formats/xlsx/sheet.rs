//! One sheet: a header that is bold and stays in view, and rows that are compressed as they are written.

use std::fmt::Write as _;
use std::io::Write as _;

use zip::ZipWriter;

use super::super::error::FormatError;
use super::super::kind::Kind;
use super::super::table::Column;
use super::cell::TypedCell;
use super::markup::{push_column, push_text};
use super::sink::{Sink, refused};
use super::styles::Style;

/// Rows are compressed in blocks of about so many bytes.
const BLOCK: usize = 16 * 1024;

/// A sheet while it is written.
pub(super) struct Sheet<'p, 'a> {
    zip: &'p mut ZipWriter<Sink<'a>>,
    /// What is not compressed yet: at most a block and a row.
    text: String,
    /// With the header.
    rows: u32,
    columns: usize,
    /// The columns of text: Excel is not to warn of numbers in them.
    texts: Vec<usize>,
    is_row_open: bool,
}

impl<'p, 'a> Sheet<'p, 'a> {
    /// Begins the part of a sheet, and writes the header.
    pub(super) fn new(
        zip: &'p mut ZipWriter<Sink<'a>>,
        columns: &[Column],
    ) -> Result<Sheet<'p, 'a>, FormatError> {
        let texts = columns.iter().enumerate();
        let texts = texts.filter(|(_, column)| matches!(column.kind, Kind::Id | Kind::Text));
        let mut sheet = Sheet {
            zip,
            text: String::with_capacity(2 * BLOCK),
            rows: 0,
            columns: columns.len(),
            texts: texts.map(|(index, _)| index).collect(),
            is_row_open: false,
        };
        sheet.text.push_str(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
             <worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">\
             <sheetViews><sheetView workbookViewId=\"0\">\
             <pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/>\
             <selection pane=\"bottomLeft\"/></sheetView></sheetViews>\
             <sheetFormatPr defaultRowHeight=\"15\"/><cols>",
        );
        for (column, number) in columns.iter().zip(1..) {
            let width = width(column);
            sheet.add(format_args!(
                "<col min=\"{number}\" max=\"{number}\" width=\"{width}\" customWidth=\"1\"/>"
            ));
        }
        sheet.text.push_str("</cols><sheetData>");
        for (index, column) in columns.iter().enumerate() {
            sheet.cell(
                index,
                &TypedCell::Text {
                    text: column.name.as_str().into(),
                    style: Style::Header,
                },
            );
        }
        sheet.end_row()?;
        Ok(sheet)
    }

    /// How many rows were written, with the header.
    pub(super) fn rows_written(&self) -> u32 {
        self.rows
    }

    /// Adds a cell to the row; none for an empty text.
    pub(super) fn cell(&mut self, column: usize, cell: &TypedCell) {
        if matches!(cell, TypedCell::Text { text, .. } if text.is_empty()) {
            return;
        }
        let row = self.rows + 1;
        if !self.is_row_open {
            self.is_row_open = true;
            self.add(format_args!("<row r=\"{row}\">"));
        }
        self.text.push_str("<c r=\"");
        push_column(&mut self.text, column);
        self.add(format_args!("{row}\""));
        let style = match cell {
            TypedCell::Number { style, .. } | TypedCell::Text { style, .. } => *style,
            TypedCell::Boolean(_) => Style::General,
        };
        if style != Style::General {
            self.add(format_args!(" s=\"{}\"", style.index()));
        }
        match cell {
            TypedCell::Number { digits, .. } => self.add(format_args!("><v>{digits}</v></c>")),
            TypedCell::Boolean(value) => {
                self.add(format_args!(" t=\"b\"><v>{}</v></c>", u8::from(*value)));
            }
            TypedCell::Text { text, .. } => {
                self.text
                    .push_str(" t=\"inlineStr\"><is><t xml:space=\"preserve\">");
                push_text(&mut self.text, text);
                self.text.push_str("</t></is></c>");
            }
        }
    }

    /// Ends the row. A row without cells is in the sheet, too.
    ///
    /// # Errors
    /// The account may not hold the package.
    pub(super) fn end_row(&mut self) -> Result<(), FormatError> {
        self.rows += 1;
        let row = self.rows;
        match std::mem::take(&mut self.is_row_open) {
            true => self.text.push_str("</row>"),
            false => self.add(format_args!("<row r=\"{row}\"/>")),
        }
        match self.text.len() >= BLOCK {
            true => self.flush(),
            false => Ok(()),
        }
    }

    /// Ends the sheet.
    pub(super) fn finish(mut self) -> Result<(), FormatError> {
        self.text.push_str("</sheetData>");
        let range = self.range(0, 1, self.columns.saturating_sub(1));
        self.add(format_args!("<autoFilter ref=\"{range}\"/>"));
        self.text.push_str(
            "<pageMargins left=\"0.7\" right=\"0.7\" top=\"0.75\" bottom=\"0.75\" header=\"0.3\" footer=\"0.3\"/>",
        );
        if self.rows > 1 && !self.texts.is_empty() {
            let columns = self.texts.iter();
            let ranges: Vec<String> = columns
                .map(|column| self.range(*column, 2, *column))
                .collect();
            self.add(format_args!(
                "<ignoredErrors><ignoredError sqref=\"{}\" numberStoredAsText=\"1\"/></ignoredErrors>",
                ranges.join(" ")
            ));
        }
        self.text.push_str("</worksheet>");
        self.flush()
    }

    /// The cells from a column and row to the last row of another column: `A1:C9`.
    fn range(&self, from: usize, row: u32, to: usize) -> String {
        let mut range = String::new();
        push_column(&mut range, from);
        range.push_str(&format!("{row}:"));
        push_column(&mut range, to);
        range.push_str(&self.rows.to_string());
        range
    }

    fn add(&mut self, text: std::fmt::Arguments) {
        // Writing to a string does not fail.
        let _ = self.text.write_fmt(text);
    }

    fn flush(&mut self) -> Result<(), FormatError> {
        self.zip.write_all(self.text.as_bytes()).map_err(refused)?;
        self.text.clear();
        Ok(())
    }
}

/// The width of a column, in characters: that of its kind, or of the header with the button of the filter.
fn width(column: &Column) -> usize {
    let least = match column.kind {
        Kind::Boolean => 8,
        Kind::Date | Kind::Month | Kind::Int => 11,
        Kind::Float | Kind::Decimal => 16,
        Kind::Id => 18,
        Kind::DateTime => 20,
        Kind::Text | Kind::Custom => 26,
    };
    (column.name.len() + 3).clamp(least, 48)
}
