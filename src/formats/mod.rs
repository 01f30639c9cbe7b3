//! Responses as files: CSV, NDJSON, workbooks for Excel, and the values at a path as one flat JSON array.
//!
//! A [`Shape`] is made of an operation when it is loaded: the tables of its response, with their columns, which depend on
//! the operation and the schema alone. Each form reads the JSON of a response's `data`, row by row, and copies the values:
//! numbers keep their digits. The result is charged to an account before it is held.
//!
//! ```
//! use apollo_compiler::{ExecutableDocument, Schema};
//! use sangam::budget::Budget;
//! use sangam::formats::{CsvOptions, Shape, csv};
//!
//! let schema = Schema::parse_and_validate("type Query { districts: [District] } type District { name: String }",
//! "s").unwrap(); let text = "query Districts { districts { name } }"; let document =
//! ExecutableDocument::parse_and_validate(&schema, text, "o").unwrap(); let operation =
//! document.operations.get(None).unwrap(); let shape = Shape::of(&document, operation, &schema);
//!
//! let data = br#"{"districts": [{"name": "Anantnag"}, {"name": "Bandipora"}]}"#;
//! let account = Budget::unbounded().account(usize::MAX);
//! let file = csv(&shape, data, CsvOptions::default(), &account)?;
//! assert_eq!(file, b"name\r\nAnantnag\r\nBandipora\r\n");
//! # Ok::<(), sangam::formats::FormatError>(())
//! ```

mod csv;
mod error;
mod flat;
mod kind;
mod ndjson;
mod output;
mod rows;
mod selected;
mod shape;
mod table;
mod xlsx;

pub use csv::{CsvOptions, csv};
pub use error::{FormatError, FormatFault};
pub use flat::flat;
pub use kind::Kind;
pub use ndjson::{NdjsonOptions, ndjson};
pub use shape::Shape;
pub use table::{Column, Table};
pub use xlsx::{XlsxOptions, xlsx};
