//! Responses as files. Each Markdown file is a case, and `docs/formats.md` is one: an operation, data, and the forms of the response.
//!
//! Blocks, in order:
//! - `graphql schema`: the public schema; once;
//! - `graphql operation`, `json data`, `json errors`: an operation, a response's data and errors, for the blocks after them;
//! - `text tables`: the tables of the operation and their columns;
//! - `csv file PATH`, `json lines PATH`, `json flat PATH`: the response as CSV, NDJSON, and as the values at the path. `-` is no path.
//!   Lines of CSV are shown without CR. An error is shown as its text;
//! - `text workbook`: the sheets of the response as a workbook, with the cells of each row: their place, style, type and content.

mod limits;
mod workbook;

use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use sangam::budget::Budget;
use sangam::formats::{
    CsvOptions, FormatError, NdjsonOptions, Shape, XlsxOptions, csv, flat, ndjson, xlsx,
};

use crate::support::cases::{Block, Case, Fence, Suite};

inventory::submit! {
    Suite {
        folders: &["formats", "docs/formats.md"],
        fences: &[
            Fence::single("graphql schema"),
            Fence::input("graphql operation"),
            Fence::input("json data"),
            Fence::input("json errors"),
            Fence::expected("text tables"),
            Fence::expected("csv file").named(),
            Fence::expected("json lines").named(),
            Fence::expected("json flat").named(),
            Fence::expected("text workbook"),
        ],
        run,
    }
}

fn run(case: &Case) -> Vec<Option<String>> {
    let schema = schema(case);
    let mut given = Given::default();
    let outputs = case.blocks.iter().map(|block| given.take(&schema, block));
    outputs.collect()
}

pub(crate) fn schema(case: &Case) -> Valid<Schema> {
    let text = case.block("graphql schema").unwrap_or_default();
    Schema::parse_and_validate(text, "schema.graphql")
        .unwrap_or_else(|wrong| panic!("{}: {wrong}", case.path.display()))
}

/// What the blocks so far say.
#[derive(Default)]
struct Given<'c> {
    shape: Option<Shape>,
    data: &'c str,
    errors: Option<&'c str>,
}

impl<'c> Given<'c> {
    fn take(&mut self, schema: &Valid<Schema>, block: &'c Block) -> Option<String> {
        match block.fence {
            "graphql operation" => {
                self.shape = Some(shape(schema, &block.body));
                (self.data, self.errors) = ("null", None);
            }
            "json data" => self.data = &block.body,
            "json errors" => self.errors = Some(&block.body),
            "text tables" => return Some(tables(self.shape.as_ref().unwrap())),
            "csv file" | "json lines" | "json flat" => return Some(self.file(block)),
            "text workbook" => return Some(self.workbook()),
            _ => {}
        }
        None
    }

    fn file(&self, block: &Block) -> String {
        let shape = self.shape.as_ref().unwrap();
        let data = self.data.as_bytes();
        let path = Some(block.name.as_str()).filter(|path| *path != "-");
        let account = Budget::unbounded().account(usize::MAX);
        let options = CsvOptions {
            path,
            byte_order_mark: false,
        };
        let errors = self.errors.map(str::as_bytes);
        let file = match block.fence {
            "csv file" => csv(shape, data, options, &account),
            "json lines" => ndjson(shape, data, NdjsonOptions { path, errors }, &account),
            _ => flat(shape, data, &block.name, &account),
        };
        shown(file)
    }

    fn workbook(&self) -> String {
        let mut options = XlsxOptions::new(Some("2026-11-30T18:30:00Z".parse().unwrap()));
        options.parameters = &[("lgdCode", "13")];
        options.errors = self.errors.map(str::as_bytes);
        let account = Budget::unbounded().account(usize::MAX);
        match xlsx(
            self.shape.as_ref().unwrap(),
            self.data.as_bytes(),
            &options,
            &account,
        ) {
            Ok(bytes) => workbook::shown(&bytes),
            Err(error) => format!("error: {error}\n"),
        }
    }
}

pub(crate) fn shape(schema: &Valid<Schema>, text: &str) -> Shape {
    let document = ExecutableDocument::parse_and_validate(schema, text, "operation.graphql")
        .unwrap_or_else(|wrong| panic!("{wrong}"));
    let operation = document.operations.iter().next().unwrap();
    Shape::of(&document, operation, schema)
}

/// The tables of a shape: the name, the path if it is another one, and a line for each column.
fn tables(shape: &Shape) -> String {
    let mut text = String::new();
    for table in shape.tables() {
        let path = match table.path == table.name || !table.is_list() {
            true => String::new(),
            false => format!(" ({})", table.path),
        };
        text += &format!("{}{path}\n", table.name);
        for column in &table.columns {
            let list = if column.is_list { " list" } else { "" };
            text += &format!("  {}: {:?}{list}\n", column.name, column.kind);
        }
    }
    text
}

fn shown(file: Result<Vec<u8>, FormatError>) -> String {
    match file {
        Ok(bytes) => String::from_utf8(bytes).unwrap().replace("\r\n", "\n"),
        Err(error) => format!("error: {error}\n"),
    }
}
