//! Why a response has no such form.

use crate::budget::Exceeded;
use crate::document::ReadError;

/// Why a response cannot be written in a form. The text is for the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// A step of a path is no field of the operation.
    #[error("`path` has the step `{step}`, and {place} has {}", listed(.fields))]
    UnknownField {
        /// The step.
        step: String,
        /// What was selected there.
        place: String,
        /// The response names there.
        fields: Vec<String>,
    },
    /// A path goes on after a field without fields.
    #[error("`path` goes on after `{0}`, which has no fields")]
    BelowLeaf(String),
    /// The operation has no table of this name.
    #[error("The operation has no list `{name}`; `path` can be {}", listed(.tables))]
    UnknownTable {
        /// What was asked for.
        name: String,
        /// The names of the tables.
        tables: Vec<String>,
    },
    /// The result takes more memory than allowed.
    #[error("The file is too large: {0}")]
    TooLarge(Exceeded),
    /// A table has more rows than a sheet can.
    #[error(
        "`{table}` has more rows than a sheet of Excel can have (1048576); ask for less, or for .csv or .ndjson"
    )]
    TooManyRows {
        /// The name of the table.
        table: String,
    },
    /// A table has more columns than a sheet can.
    #[error(
        "`{table}` has {columns} columns, and a sheet of Excel can have 16384; ask for .csv or .ndjson"
    )]
    TooManyColumns {
        /// The name of the table.
        table: String,
        /// How many it has.
        columns: usize,
    },
    /// A text is longer than a cell can be.
    #[error(
        "Row {row} of `{table}` has a text in `{column}` that is longer than a cell of Excel can be (32767); ask for .csv or .ndjson"
    )]
    TooLongText {
        /// The name of the table.
        table: String,
        /// The name of the column.
        column: String,
        /// The number of the row; the first is 1.
        row: u32,
    },
    /// The data is not JSON.
    #[error("The response cannot be read")]
    Unreadable(ReadError),
    /// The data is not that of the operation.
    #[error("The response cannot be read as that of its operation")]
    Unfit,
    /// The workbook could not be made, because of the gateway's disk for example. The text is for the log.
    #[error("The workbook cannot be made")]
    Workbook(String),
}

/// Who can do something about a [`FormatError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormatFault {
    /// The client: it asked for something that does not exist, or that this form cannot hold.
    Request,
    /// The client: it asked for more than one request may hold.
    TooLarge,
    /// The same request may succeed later.
    Busy,
    /// The gateway's operator.
    Gateway,
}

impl FormatError {
    /// Who can do something about it.
    pub fn fault(&self) -> FormatFault {
        match self {
            FormatError::TooLarge(Exceeded::Account(_)) => FormatFault::TooLarge,
            FormatError::TooLarge(Exceeded::Budget(_)) => FormatFault::Busy,
            FormatError::Unreadable(_) | FormatError::Unfit | FormatError::Workbook(_) => {
                FormatFault::Gateway
            }
            _ => FormatFault::Request,
        }
    }
}

impl From<ReadError> for FormatError {
    fn from(error: ReadError) -> FormatError {
        FormatError::Unreadable(error)
    }
}

impl From<Exceeded> for FormatError {
    fn from(error: Exceeded) -> FormatError {
        FormatError::TooLarge(error)
    }
}

/// A text of a client, for a message: not more of it than one can read.
pub(super) fn quoted(text: &str) -> String {
    const MOST: usize = 100;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Names for a message: `a`, `b`.
fn listed(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match names.is_empty() {
        true => "nothing".to_owned(),
        false => names.join(", "),
    }
}
