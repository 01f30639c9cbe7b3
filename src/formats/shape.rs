//! The shape of a response: the tables of an operation, and how they are named.

use apollo_compiler::executable::Operation;
use apollo_compiler::{ExecutableDocument, Schema};

use super::error::{FormatError, quoted};
use super::selected::Selected;
use super::table::Table;

/// The shape of an operation's response, with its tables. It is made once, when the operation is loaded.
#[derive(Debug)]
pub struct Shape {
    pub(super) selected: Box<Selected>,
    /// What is in no list first, then the lists, in the order of the operation.
    pub(super) tables: Box<[Table]>,
}

impl Shape {
    /// The shape of an operation that is valid for the schema and has passed the limits of operations: fragments are
    /// expanded.
    pub fn of(document: &ExecutableDocument, operation: &Operation, schema: &Schema) -> Shape {
        let selected = Box::new(Selected::of(document, operation, schema));
        let tables = Table::all(&selected).into_boxed_slice();
        Shape { selected, tables }
    }

    /// The tables, in the order of the operation. The first is a row of what is in no list, if there is anything.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The table with this name or path; without one, the first list, and if there is none, what is in no list.
    ///
    /// # Errors
    /// There is none with this name. The error says which ones there are.
    pub fn table(&self, path: Option<&str>) -> Result<&Table, FormatError> {
        let tables = &self.tables;
        let found = match path {
            None => {
                let first = tables.iter().find(|table| table.is_list());
                first.or(tables.first())
            }
            Some(path) => {
                let of_path = tables
                    .iter()
                    .find(|table| table.is_list() && table.path == path);
                let of_name = || tables.iter().rev().find(|table| table.name == path);
                of_path.or_else(of_name)
            }
        };
        found.ok_or_else(|| FormatError::UnknownTable {
            name: quoted(path.unwrap_or_default()),
            tables: tables.iter().map(|table| table.name.clone()).collect(),
        })
    }
}
