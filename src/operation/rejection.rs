//! Why an operation is refused before it is executed.

use std::fmt;

use apollo_compiler::diagnostic::ToCliReport;
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::validation::DiagnosticList;

use crate::connector::syntax_error_in_words;
use crate::errors::{ErrorCode, ErrorKind, code};
use crate::plan::location;

/// The most violations that a rejection lists.
pub(super) const MOST_VIOLATIONS: usize = 20;

/// A message, and the locations (line and column) that it is about.
pub type Violation = (String, Vec<(usize, usize)>);

/// Why an operation is refused: each violation is an error of the response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The code of each error.
    pub code: ErrorCode,
    /// The kind of each error.
    pub kind: ErrorKind,
    /// At least one, and at most 20.
    pub violations: Vec<Violation>,
}

impl Rejection {
    /// One error without a location.
    pub(super) fn new(code: ErrorCode, kind: ErrorKind, message: impl Into<String>) -> Rejection {
        Rejection {
            code,
            kind,
            violations: vec![(message.into(), Vec::new())],
        }
    }

    /// The client's operation or variables are wrong. `Ok` if nothing is.
    pub(super) fn unless_valid(
        code: ErrorCode,
        mut violations: Vec<Violation>,
    ) -> Result<(), Rejection> {
        violations.truncate(MOST_VIOLATIONS);
        if violations.is_empty() {
            return Ok(());
        }
        Err(Rejection::invalid(code, violations))
    }

    /// The client's operation is wrong in these ways.
    pub(super) fn invalid(code: ErrorCode, violations: Vec<Violation>) -> Rejection {
        Rejection {
            code,
            kind: ErrorKind::Invalid,
            violations,
        }
    }

    /// The first syntax error. What the parser reports after it are mostly consequences.
    pub(super) fn syntax(diagnostics: &DiagnosticList) -> Rejection {
        let offset = |location: Option<SourceSpan>| location.map(|location| location.offset());
        let first = diagnostics
            .iter()
            .min_by_key(|diagnostic| offset(diagnostic.error.location()));
        let violations = first.into_iter().map(|diagnostic| {
            let location = location(diagnostic.error.location(), diagnostic.sources);
            let message = syntax_error_in_words(&diagnostic.error.to_string());
            (
                format!("syntax error: {message}"),
                location.into_iter().collect(),
            )
        });
        Rejection::invalid(code::GRAPHQL_PARSE_FAILED, violations.collect())
    }
}

/// A line for each violation, after its location if it has one: `3:5: message`.
impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (message, locations)) in self.violations.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            if let Some((line, column)) = locations.first() {
                write!(f, "{line}:{column}: ")?;
            }
            f.write_str(message)?;
        }
        Ok(())
    }
}
