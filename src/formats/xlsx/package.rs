//! The package of a workbook: a zip archive with the sheets, the styles, and the parts that say which there are.

use std::fmt::Write as _;
use std::io::Write as _;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::super::error::FormatError;
use super::super::output::Output;
use super::super::table::Column;
use super::markup::push_text;
use super::sheet::Sheet;
use super::sink::{Sink, failed, refused};
use super::styles;
use crate::budget::Account;

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const DOCUMENT: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const SHEET_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/// What compressing holds beside the package: tables and a window for each of the two sides.
const COMPRESSOR: usize = 400 * 1024;

/// A workbook while it is written.
pub(super) struct Package<'a> {
    zip: ZipWriter<Sink<'a>>,
    account: &'a Account,
    /// The names of the sheets.
    sheets: Vec<String>,
}

impl<'a> Package<'a> {
    pub(super) fn new(account: &'a Account) -> Result<Package<'a>, FormatError> {
        account.charge(COMPRESSOR)?;
        let sink = Sink::new(Output::new(account, 0)?);
        Ok(Package {
            zip: ZipWriter::new(sink),
            account,
            sheets: Vec::new(),
        })
    }

    /// Begins a sheet with these columns; see [`Sheet::finish`].
    pub(super) fn sheet(
        &mut self,
        name: &str,
        columns: &[Column],
    ) -> Result<Sheet<'_, 'a>, FormatError> {
        self.sheets.push(name.to_owned());
        let part = format!("xl/worksheets/sheet{}.xml", self.sheets.len());
        self.begin(&part)?;
        Sheet::new(&mut self.zip, columns)
    }

    /// The workbook. It opens with the sheet of this index.
    pub(super) fn finish(mut self, active: usize) -> Result<Vec<u8>, FormatError> {
        self.part("xl/styles.xml", &styles::part())?;
        self.part("xl/workbook.xml", &self.workbook(active))?;
        self.part("xl/_rels/workbook.xml.rels", &self.workbook_relations())?;
        self.part("[Content_Types].xml", &self.content_types())?;
        let relation = format!(
            "{XML}<Relationships xmlns=\"{PACKAGE}/relationships\">\
             <Relationship Id=\"rId1\" Type=\"{DOCUMENT}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
        );
        self.part("_rels/.rels", &relation)?;
        let sink = self.zip.finish().map_err(failed)?;
        self.account.release(COMPRESSOR);
        Ok(sink.finish())
    }

    fn begin(&mut self, part: &str) -> Result<(), FormatError> {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        self.zip.start_file(part, options).map_err(failed)
    }

    fn part(&mut self, name: &str, text: &str) -> Result<(), FormatError> {
        self.begin(name)?;
        self.zip.write_all(text.as_bytes()).map_err(refused)
    }

    fn workbook(&self, active: usize) -> String {
        let mut text = format!(
            "{XML}<workbook xmlns=\"{MAIN}\" xmlns:r=\"{DOCUMENT}\"><bookViews><workbookView activeTab=\"{active}\"/></bookViews><sheets>"
        );
        for (name, number) in self.sheets.iter().zip(1..) {
            text.push_str("<sheet name=\"");
            push_text(&mut text, name);
            // Writing to a string does not fail.
            let _ = write!(text, "\" sheetId=\"{number}\" r:id=\"rId{number}\"/>");
        }
        text.push_str("</sheets></workbook>");
        text
    }

    fn workbook_relations(&self) -> String {
        let mut text = format!("{XML}<Relationships xmlns=\"{PACKAGE}/relationships\">");
        let sheets = self.sheets.len();
        for number in 1..=sheets {
            let _ = write!(
                text,
                "<Relationship Id=\"rId{number}\" Type=\"{DOCUMENT}/worksheet\" Target=\"worksheets/sheet{number}.xml\"/>"
            );
        }
        let _ = write!(
            text,
            "<Relationship Id=\"rId{}\" Type=\"{DOCUMENT}/styles\" Target=\"styles.xml\"/></Relationships>",
            sheets + 1
        );
        text
    }

    fn content_types(&self) -> String {
        let mut text = format!(
            "{XML}<Types xmlns=\"{PACKAGE}/content-types\">\
             <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
             <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
             <Override PartName=\"/xl/workbook.xml\" ContentType=\"{SHEET_TYPE}.sheet.main+xml\"/>\
             <Override PartName=\"/xl/styles.xml\" ContentType=\"{SHEET_TYPE}.styles+xml\"/>"
        );
        for number in 1..=self.sheets.len() {
            let _ = write!(
                text,
                "<Override PartName=\"/xl/worksheets/sheet{number}.xml\" ContentType=\"{SHEET_TYPE}.worksheet+xml\"/>"
            );
        }
        text.push_str("</Types>");
        text
    }
}
