//! The formats of results, by the suffix of the path.

use jiff::tz::TimeZone;

use super::super::refusal::HttpRefusal;
use crate::named::DescribedFormat;

/// A format of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// The response map of GraphQL. Its path has no suffix.
    Response,
    /// The same; with `path`, the values at this path.
    Json,
    /// A list, as comma-separated values.
    Csv,
    /// All lists, as a workbook for Excel.
    Xlsx,
    /// A list, with a JSON object on each line.
    Ndjson,
}

const PARTIAL: (&str, &str) = (
    "partial",
    "`true`: a part is sent if a field has failed, with the header Sangam-Partial.",
);

/// The formats that a suffix chooses.
pub(super) const BY_SUFFIX: [(Format, DescribedFormat); 4] = [
    (
        Format::Json,
        DescribedFormat {
            suffix: "json",
            media_type: "application/json",
            about: "The response of GraphQL; with `path`, the values at this path: through lists as one flat list.",
            parameters: &[
                (
                    "path",
                    "Names of response fields with a point between them, such as `district.works.nodes`.",
                ),
                PARTIAL,
            ],
        },
    ),
    (
        Format::Csv,
        DescribedFormat {
            suffix: "csv",
            media_type: "text/csv",
            about: "A list of the data, as comma-separated values.",
            parameters: &[
                (
                    "path",
                    "The list, by its name or its path; the first one if it is not given.",
                ),
                (
                    "bom",
                    "`true`: the file begins with a byte-order mark, by which Excel knows that it is UTF-8.",
                ),
                PARTIAL,
            ],
        },
    ),
    (
        Format::Xlsx,
        DescribedFormat {
            suffix: "xlsx",
            media_type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            about: "A workbook with a sheet for each list of the data.",
            parameters: &[
                (
                    "timezone",
                    "The time zone in which times are shown, such as `Asia/Kolkata`; UTC if it is not given.",
                ),
                PARTIAL,
            ],
        },
    ),
    (
        Format::Ndjson,
        DescribedFormat {
            suffix: "ndjson",
            media_type: "application/x-ndjson",
            about: "A list of the data, with a JSON object on each line.",
            parameters: &[
                (
                    "path",
                    "The list, by its name or its path; the first one if it is not given.",
                ),
                PARTIAL,
            ],
        },
    ),
];

/// The formats that a suffix chooses, as they are described.
pub(super) fn described() -> Vec<DescribedFormat> {
    let described = BY_SUFFIX.iter().map(|(_, described)| *described);
    described.collect()
}

/// The reserved parameters of a request, as its format understands them.
#[derive(Debug, Default)]
pub(super) struct Options {
    /// A path into the data, or the name of a list.
    pub(super) path: Option<String>,
    /// A part is sent if the whole cannot be.
    pub(super) is_partial: bool,
    /// The file begins with a byte-order mark.
    pub(super) byte_order_mark: bool,
    /// The time zone of times in a workbook, if it is not UTC. Excel knows no time zones.
    pub(super) time_zone: Option<TimeZone>,
}

impl Options {
    /// The name of the time zone of times in a workbook.
    pub(super) fn time_zone_name(&self) -> &str {
        let time_zone = self.time_zone.as_ref();
        time_zone.and_then(TimeZone::iana_name).unwrap_or("UTC")
    }
}

impl Format {
    /// The format of a suffix; `None` if there is none such.
    pub(super) fn of_suffix(suffix: Option<&str>) -> Option<Format> {
        let Some(suffix) = suffix else {
            return Some(Format::Response);
        };
        let known = BY_SUFFIX.iter();
        let mut fitting = known.filter(|(_, described)| described.suffix == suffix);
        fitting.next().map(|(format, _)| *format)
    }

    /// The suffixes, for a message.
    pub(super) fn suffixes() -> String {
        let known = BY_SUFFIX.iter();
        let known = known.map(|(_, described)| format!(".{}", described.suffix));
        known.collect::<Vec<_>>().join(", ")
    }

    /// Whether the result becomes a file, without the errors that stand beside the data in a response map.
    pub(super) fn is_file(self, options: &Options) -> bool {
        match self {
            Format::Response => false,
            Format::Json => options.path.is_some(),
            Format::Csv | Format::Xlsx | Format::Ndjson => true,
        }
    }

    fn described(self) -> Option<&'static DescribedFormat> {
        let mut known = BY_SUFFIX.iter();
        let found = known.find(|(format, _)| *format == self);
        found.map(|(_, described)| described)
    }

    /// The media type, for the header `Content-Type`.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Format::Response | Format::Json => "application/json; charset=utf-8",
            Format::Csv => "text/csv; charset=utf-8; header=present",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Format::Ndjson => "application/x-ndjson; charset=utf-8",
        }
    }

    /// The name of a file for a browser to save; `None` if it shows the result.
    pub(super) fn file_name(self, operation: &str) -> Option<String> {
        match self {
            Format::Response | Format::Json => None,
            _ => Some(format!("{operation}.{}", self.described()?.suffix)),
        }
    }

    /// Reads the reserved parameters.
    pub(super) fn options(
        self,
        reserved: Vec<(&'static str, String)>,
    ) -> Result<Options, HttpRefusal> {
        let parameters = self
            .described()
            .map_or(&[][..], |described| described.parameters);
        let mut options = Options::default();
        for (name, value) in reserved {
            if !parameters.iter().any(|(known, _)| *known == name) {
                return Err(HttpRefusal::malformed(format!(
                    "`{name}` is no parameter of this path"
                )));
            }
            match name {
                "path" => options.path = Some(value),
                "partial" => options.is_partial = is_set(name, &value)?,
                "bom" => options.byte_order_mark = is_set(name, &value)?,
                "timezone" => options.time_zone = Some(time_zone(name, &value)?),
                _ => {}
            }
        }
        Ok(options)
    }
}

/// A time zone of the IANA database. Its data are in the program, so that every machine knows the same.
fn time_zone(name: &str, value: &str) -> Result<TimeZone, HttpRefusal> {
    TimeZone::get(value).map_err(|_| {
        HttpRefusal::malformed(format!(
            "`{name}` must be the name of a time zone, such as `Asia/Kolkata` or `UTC`"
        ))
    })
}

/// The value of a parameter that is on or off.
pub(super) fn is_set(name: &str, value: &str) -> Result<bool, HttpRefusal> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(HttpRefusal::malformed(format!(
            "`{name}` must be `true` or `false`"
        ))),
    }
}
