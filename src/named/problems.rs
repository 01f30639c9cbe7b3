//! What can be wrong with a file of named operations, as diagnostics with the place in the file.

use std::sync::Arc;

use crate::connector::Diagnostic;
use crate::connector::diagnostic::{LineColumn, Severity, SourceText, gateway_code};
use crate::operation::Rejection;

/// One for each violation.
pub(super) fn rejected(source: &Arc<SourceText>, rejection: &Rejection) -> Vec<Diagnostic> {
    let violations = rejection.violations.iter();
    let diagnostics = violations.map(|(message, locations)| {
        // A limit of the whole operation has no location of its own.
        let at = locations.first().copied().unwrap_or((1, 1));
        invalid(source, message, at)
    });
    diagnostics.collect()
}

/// The location of a problem, a line and a column.
pub(super) fn location(problem: &Diagnostic) -> Option<(usize, usize)> {
    let LineColumn { line, column } = problem.labels.first()?.span.start();
    Some((line, column))
}

/// Whether both say the same of the same place.
pub(super) fn is_same(one: &Diagnostic, other: &Diagnostic) -> bool {
    let place = |problem: &Diagnostic| problem.labels.first().map(|label| label.span.clone());
    one.message == other.message && place(one) == place(other)
}

/// A problem of a file that no operation has: they are served.
pub(super) fn of_file(problem: Diagnostic) -> Diagnostic {
    let severity = Severity::Warning;
    Diagnostic {
        severity,
        ..problem
    }
}

/// An operation that the gateway refuses. `at` is a line and a column.
pub(super) fn invalid(source: &Arc<SourceText>, message: &str, at: (usize, usize)) -> Diagnostic {
    let (line, column) = at;
    let finding = Diagnostic::error(&gateway_code::INVALID_OPERATION, "", message);
    finding.at(Some(source.word(LineColumn { line, column })))
}

/// A name that an operation or a variable may not have.
pub(super) fn reserved(
    source: &Arc<SourceText>,
    message: &str,
    help: &str,
    at: (usize, usize),
) -> Diagnostic {
    let (line, column) = at;
    let finding = Diagnostic::error(&gateway_code::RESERVED_NAME, "", message);
    let at = source.word(LineColumn { line, column });
    finding.at(Some(at)).help(help)
}
