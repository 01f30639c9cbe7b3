//! What an evaluation yields: a value, warnings and errors.

use crate::document::{Str, Value};

/// What an evaluation came to.
#[derive(Debug, Clone, Default)]
pub struct Evaluated {
    /// The result; `None` if it is missing.
    pub value: Option<Value>,
    /// What went wrong on the way without ending it, in the order in which it happened; at most
    /// as many as the [`EvaluationBudget`] allows.
    pub warnings: Vec<Warning>,
    /// How many more warnings there were.
    pub dropped_warnings: usize,
    /// Errors that belong into the answer to the client: raised by `->withError`, or the one that
    /// ended the evaluation.
    pub errors: Vec<MappingError>,
}

/// Something in the data that a selection could not use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Where in the input or a variable, as a path: `$.rows[3].name`, `$args.id->parseInt`.
    pub path: String,
    /// What went wrong there. Quotes neither keys nor values of the data, unless the mapping
    /// itself does so (`->withWarning`).
    pub message: String,
}

/// An error that belongs into the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingError {
    /// Of what kind it is.
    pub kind: MappingErrorKind,
    /// Where in the *result* it belongs, from the selection's value down.
    pub at: Vec<Segment>,
    /// What to tell the client.
    pub message: String,
}

/// Kinds of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MappingErrorKind {
    /// `->withError` said so; the value stands.
    Raised,
    /// The [`EvaluationBudget`] was used up; the value is missing.
    Limit,
}

/// A step down a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// Into a member.
    Key(Str),
    /// Into an element.
    Index(usize),
}
