//! Results as files: CSV, workbooks, NDJSON, and the values at a path as JSON.
//!
//! A file cannot show errors beside the data. So it is made of a complete result, or of a part if the request says
//! `partial=true`.

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::refusal::HttpRefusal;
use super::format::{Format, Options};

use crate::budget::Account;
use crate::formats::{
    CsvOptions, FormatError, FormatFault, NdjsonOptions, Shape, XlsxOptions, csv, flat, ndjson,
    xlsx,
};
use crate::gateway::ResponseParts;
use crate::named::NamedOperation;
use crate::priority;

/// Making a file of so many bytes of JSON takes milliseconds, so the task moves to a thread of lower priority first.
const LONG: usize = 64 * 1024;

/// A result that becomes a file.
pub(super) struct Conversion<'c> {
    pub(super) operation: &'c NamedOperation,
    pub(super) format: Format,
    pub(super) options: &'c Options,
    pub(super) parts: &'c ResponseParts,
    /// The time as of which the data are.
    pub(super) as_of: Timestamp,
    /// The parameters of the request, for people who read the file.
    pub(super) parameters: &'c [(&'c str, &'c str)],
}

impl Conversion<'_> {
    /// Makes the file. Its bytes are charged to the account.
    pub(super) async fn file(&self, account: &Account) -> Result<Bytes, HttpRefusal> {
        if self.parts.data.len() >= LONG {
            priority::lower().await;
        }
        self.bytes(account).map(Bytes::from).map_err(refusal)
    }

    fn bytes(&self, account: &Account) -> Result<Vec<u8>, FormatError> {
        let (shape, data) = (&self.operation.shape, &*self.parts.data);
        let (path, errors) = (self.options.path.as_deref(), self.parts.errors.as_deref());
        match self.format {
            Format::Csv => {
                let options = CsvOptions {
                    path,
                    byte_order_mark: self.options.byte_order_mark,
                };
                csv(shape, data, options, account)
            }
            Format::Ndjson => ndjson(shape, data, NdjsonOptions { path, errors }, account),
            Format::Xlsx => {
                let options = XlsxOptions {
                    parameters: self.parameters,
                    errors,
                    time_zone: self.options.time_zone.clone().unwrap_or(TimeZone::UTC),
                    ..XlsxOptions::new(Some(self.as_of))
                };
                xlsx(shape, data, &options, account)
            }
            Format::Response | Format::Json => flat(shape, data, path.unwrap_or_default(), account),
        }
    }
}

/// Checks that the operation has what the path names, before it is executed.
pub(super) fn check_path(
    shape: &Shape,
    format: Format,
    options: &Options,
) -> Result<(), HttpRefusal> {
    let Some(path) = &options.path else {
        return Ok(());
    };
    let checked = match format {
        Format::Csv | Format::Ndjson => shape.table(Some(path)).map(|_| ()),
        _ => shape.check_path(path),
    };
    checked.map_err(refusal)
}

fn refusal(error: FormatError) -> HttpRefusal {
    match error.fault() {
        FormatFault::Request => HttpRefusal::malformed(error.to_string()),
        FormatFault::TooLarge => HttpRefusal::too_much(error.to_string()),
        FormatFault::Busy => HttpRefusal::busy(),
        FormatFault::Gateway => {
            tracing::error!(error = ?error, "a result cannot be made a file");
            HttpRefusal::internal()
        }
    }
}
