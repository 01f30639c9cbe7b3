//! The formats of results, by the suffix of the path.

use super::super::refusal::HttpRefusal;
use crate::named::DescribedFormat;

/// A format of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// The response map of GraphQL. Its path has no suffix.
    Response,
    /// The same; with `path`, the values at this path.
    Json,
}

/// The formats that a suffix chooses.
pub(super) const BY_SUFFIX: [(Format, DescribedFormat); 1] = [(
    Format::Json,
    DescribedFormat {
        suffix: "json",
        media_type: "application/json",
        about: "The response of GraphQL; with `path`, the values at this path.",
        parameters: &[],
    },
)];

/// The formats that a suffix chooses, as they are described.
pub(super) fn described() -> Vec<DescribedFormat> {
    let described = BY_SUFFIX.iter().map(|(_, described)| *described);
    described.collect()
}

/// The reserved parameters of a request, as its format understands them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    /// A dot path into the data.
    pub(super) path: Option<String>,
    /// A part is sent if the whole cannot be.
    pub(super) is_partial: bool,
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

    /// Reads the reserved parameters.
    pub(super) fn options(
        self,
        reserved: Vec<(&'static str, String)>,
    ) -> Result<Options, HttpRefusal> {
        let of_format = BY_SUFFIX.iter().find(|(format, _)| *format == self);
        let parameters = of_format.map_or(&[][..], |(_, described)| described.parameters);
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
                _ => {}
            }
        }
        Ok(options)
    }
}

/// The value of a parameter that is on or off.
fn is_set(name: &str, value: &str) -> Result<bool, HttpRefusal> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(HttpRefusal::malformed(format!(
            "`{name}` must be `true` or `false`"
        ))),
    }
}
