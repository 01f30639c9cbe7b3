//! What an evaluation yields: a value, warnings and errors.

use crate::document::{Str, Value};

/// The outcome of an evaluation.
#[derive(Debug, Clone, Default)]
pub struct Evaluated {
    /// The result; `None` if it is missing.
    pub value: Option<Value>,
    /// Problems that did not end the evaluation, in the order in which they occurred; at most as
    /// many as the [`EvaluationBudget`](super::EvaluationBudget) allows.
    pub warnings: Vec<Warning>,
    /// The number of further warnings.
    pub dropped_warnings: usize,
    /// Errors for the response to the client: raised by `->withError`, or the one that ended the
    /// evaluation.
    pub errors: Vec<MappingError>,
}

/// Something in the data that a selection could not use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The path in the input or a variable: `$.rows[3].name`, `$args.id->parseInt`.
    pub path: String,
    /// The problem. It quotes neither keys nor values of the data, unless the mapping itself does
    /// so (`->withWarning`).
    pub message: String,
}

/// An error for the response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingError {
    /// Its kind.
    pub kind: MappingErrorKind,
    /// The path in the *result*, from the selection's value down.
    pub at: Vec<Segment>,
    /// The message for the client.
    pub message: String,
}

/// Kinds of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MappingErrorKind {
    /// Raised by `->withError`; the value stays.
    Raised,
    /// The [`EvaluationBudget`](super::EvaluationBudget) was used up; the value is missing.
    Limit,
}

/// A step of a path in the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// Into a member.
    Key(Str),
    /// Into an element.
    Index(usize),
}
