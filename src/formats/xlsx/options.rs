//! What a workbook says of itself.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// What a workbook says of itself, and how.
#[derive(Debug, Clone)]
pub struct XlsxOptions<'o> {
    /// The time of the data, for the sheet *About*; `None` if it is not known.
    pub as_of: Option<Timestamp>,
    /// The time zone of times in the workbook: Excel knows no time zones. That of the sheet *About*, too.
    pub time_zone: TimeZone,
    /// What the operation was asked with, for the sheet *About*: names and values.
    pub parameters: &'o [(&'o str, &'o str)],
    /// The JSON of `errors` in the response, if the tables may be incomplete: they make the sheet *Errors*.
    pub errors: Option<&'o [u8]>,
}

impl XlsxOptions<'_> {
    /// No errors, no parameters, times in UTC.
    pub fn new(as_of: Option<Timestamp>) -> Self {
        XlsxOptions {
            as_of,
            time_zone: TimeZone::UTC,
            parameters: &[],
            errors: None,
        }
    }
}

/// A sheet of the workbook, for the sheet *About*.
pub(super) struct SheetSummary<'s> {
    pub(super) name: String,
    /// The name of its table.
    pub(super) table: &'s str,
    /// Without the header.
    pub(super) rows: u32,
}
