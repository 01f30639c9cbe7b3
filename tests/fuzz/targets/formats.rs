//! Data of responses as files: the forms refuse the same data, and hold the same rows; no cell of CSV is a formula.

use sangam::budget::{Account, Budget};
use sangam::formats::{
    CsvOptions, NdjsonOptions, Shape, Table, XlsxOptions, csv, flat, ndjson, xlsx,
};

use super::super::input::{Input, Language};
use super::super::run::{REFUSED, Target};
use crate::support::cases::Suite;

struct Formats {
    /// Those of all cases.
    shapes: Vec<Shape>,
    data: Vec<String>,
}

pub(super) fn make(_: u64, _: bool) -> Box<dyn Target> {
    let (mut shapes, mut data) = (Vec::new(), Vec::new());
    for case in Suite::of("formats").cases() {
        let schema = crate::formats::schema(&case);
        for block in &case.blocks {
            match block.fence {
                "graphql operation" => shapes.push(crate::formats::shape(&schema, &block.body)),
                "json data" => data.push(block.body.clone()),
                _ => {}
            }
        }
    }
    Box::new(Formats { shapes, data })
}

impl Target for Formats {
    fn corpus(&self) -> Vec<Input> {
        let data = self.data.iter();
        data.map(|data| Input::one(Language::Json, "data", data.clone()))
            .collect()
    }

    fn run(&self, input: &Input) -> Result<String, String> {
        let data = input.bytes("data");
        let mut rows = Vec::new();
        for shape in &self.shapes {
            let before = rows.len();
            for table in shape.tables() {
                rows.push(hold_the_same(shape, table, data)?);
            }
            if rows[before..].iter().flatten().any(|rows| *rows > 0) {
                workbook(shape, data)?;
            }
        }
        let read = rows.iter().flatten().count();
        match read {
            0 => Ok(format!("{REFUSED}by all")),
            read => Ok(format!("{read} {:?}", rows.iter().flatten().max())),
        }
    }
}

/// The number of rows of a table; `None` if the data is refused.
fn hold_the_same(shape: &Shape, table: &Table, data: &[u8]) -> Result<Option<usize>, String> {
    let account = account();
    let path = Some(table.name.as_str());
    let options = CsvOptions {
        path,
        byte_order_mark: false,
    };
    let table = shape
        .table(path)
        .map_err(|error| format!("no table: {error}"))?;
    let file = csv(shape, data, options, &account);
    let options = NdjsonOptions { path, errors: None };
    let lines = ndjson(shape, data, options, &account);
    let (file, lines) = match (file, lines) {
        (Ok(file), Ok(lines)) => (file, lines),
        (Err(_), Err(_)) => return Ok(None),
        (file, lines) => return Err(format!("one form is refused: {file:?} {lines:?}")),
    };
    let file = String::from_utf8(file).map_err(|error| format!("not UTF-8: {error}"))?;
    let records = records(&file)?;
    let mut count = 0;
    for (line, record) in lines
        .split_inclusive(|byte| *byte == b'\n')
        .zip(&records[1..])
    {
        count += 1;
        let row: serde_json::Value =
            serde_json::from_slice(line).map_err(|error| format!("a line is no JSON: {error}"))?;
        let row = row.as_object().ok_or("a line is no object")?;
        if row.len() != table.columns.len() || record.len() != table.columns.len() {
            return Err(format!("not all columns: {row:?} {record:?}"));
        }
        for cell in record {
            let begins = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
            if begins
                && !cell
                    .bytes()
                    .all(|byte| b"+-.eE0123456789; ".contains(&byte))
            {
                return Err(format!("a formula: {cell}"));
            }
        }
    }
    match count + 1 == records.len() {
        true => Ok(Some(count)),
        false => Err(format!("other rows: {count} and {}", records.len() - 1)),
    }
}

/// The records of a CSV file, by a reader that takes nothing but RFC 4180.
fn records(file: &str) -> Result<Vec<Vec<String>>, String> {
    let mut records = Vec::new();
    let mut record = Vec::new();
    let mut rest = file;
    while !rest.is_empty() {
        let mut field = String::new();
        match rest.strip_prefix('"') {
            Some(mut quoted) => loop {
                let end = quoted.find('"').ok_or("a quote without an end")?;
                field += &quoted[..end];
                quoted = &quoted[end + 1..];
                match quoted.strip_prefix('"') {
                    Some(after) => quoted = after,
                    None => {
                        rest = quoted;
                        break;
                    }
                }
                field.push('"');
            },
            None => {
                let end = rest
                    .find([',', '\r', '\n', '"'])
                    .ok_or("a line without an end")?;
                field += &rest[..end];
                rest = &rest[end..];
            }
        }
        record.push(field);
        if let Some(after) = rest.strip_prefix(',') {
            rest = after;
        } else if let Some(after) = rest.strip_prefix("\r\n") {
            rest = after;
            records.push(std::mem::take(&mut record));
        } else {
            return Err(format!("after a field: {rest:.20}"));
        }
    }
    Ok(records)
}

/// A workbook, and the values of each path of one step.
fn workbook(shape: &Shape, data: &[u8]) -> Result<(), String> {
    let account = account();
    let options = XlsxOptions::new(None);
    if let Ok(book) = xlsx(shape, data, &options, &account) {
        let archive = zip::ZipArchive::new(std::io::Cursor::new(book));
        archive.map_err(|error| format!("no archive: {error}"))?;
    }
    for table in shape.tables().iter().filter(|table| table.is_list()) {
        if let Ok(values) = flat(shape, data, &table.path, &account) {
            let read = serde_json::from_slice::<Vec<serde::de::IgnoredAny>>(&values);
            read.map_err(|error| format!("values are no list: {error}"))?;
        }
    }
    Ok(())
}

fn account() -> Account {
    Budget::unbounded().account(64 << 20)
}
