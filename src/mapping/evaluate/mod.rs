//! Evaluation: a syntax tree, an input and variables become a value.
//!
//! Recursive over the tree, whose nesting the parser bounds; values of the input are borrowed
//! until a step has to make new ones. Everything that visits or makes a value pays for it from a
//! [`Budget`], so that no selection runs away, whatever it is and whatever it is fed.

mod budget;
mod compare;
mod object;
mod path;
mod trail;

use std::borrow::Cow;

pub use budget::Budget;
pub(super) use trail::{Place, Scope, Trail};

use super::ast::{Expr, ExprKind, Operator};
use super::variables::Variables;
use crate::document::{Str, Value};

/// What an evaluation came to.
#[derive(Debug, Clone, Default)]
pub struct Evaluated {
    /// The result; `None` if it is missing.
    pub value: Option<Value>,
    /// What went wrong on the way without ending it, in the order in which it happened; at most
    /// as many as the [`Budget`] allows.
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
    pub kind: ErrorKind,
    /// Where in the *result* it belongs, from the selection's value down.
    pub at: Vec<Segment>,
    /// What to tell the client.
    pub message: String,
}

/// Kinds of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// `->withError` said so; the value stands.
    Raised,
    /// The [`Budget`] was used up; the value is missing.
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

/// Evaluates a tree.
pub(super) fn evaluate(
    root: &Expr,
    input: Option<&Value>,
    variables: &Variables,
    budget: &Budget,
) -> Evaluated {
    let start = Trail::Root("$");
    let scope = Scope {
        input,
        input_trail: &start,
        current: input,
        current_trail: &start,
        place: &Place::Root,
        variables,
    };
    let mut evaluator = Evaluator::new(budget);
    let value = evaluator.expr(root, scope).map(Cow::into_owned);
    evaluator.finish(value, budget)
}

/// What is accumulated, and what may still be spent, during one evaluation.
pub(super) struct Evaluator {
    steps_left: usize,
    text_left: usize,
    warnings_left: usize,
    warnings: Vec<Warning>,
    dropped_warnings: usize,
    errors: Vec<MappingError>,
    exceeded: Option<&'static str>,
    /// Names bound by `->as`, innermost last. One bound to what is missing still hides others.
    locals: Vec<(Str, Option<Value>)>,
    /// Above zero within an operand of a chain whose absence the next operand makes good: what
    /// is merely not there is no cause for a warning then.
    expecting_absence: usize,
}

impl Evaluator {
    /// The value of an expression; `None` if it is missing.
    pub(super) fn expr<'s>(&mut self, expr: &'s Expr, scope: Scope<'s>) -> Option<Cow<'s, Value>> {
        self.charge(1)?;
        match &expr.kind {
            ExprKind::Literal(value) => Some(Cow::Borrowed(value)),
            ExprKind::Path(path) => self.path(path, scope),
            ExprKind::Object(selection) => self.object(selection, scope).map(Cow::Owned),
            ExprKind::Array(elements) => {
                let mut values = Vec::with_capacity(elements.len());
                for (index, element) in elements.iter().enumerate() {
                    let place = Place::Index(scope.place, index);
                    let value = self
                        .expr(
                            element,
                            Scope {
                                place: &place,
                                ..scope
                            },
                        )
                        .map(Cow::into_owned);
                    values.push(value.unwrap_or(Value::Null));
                }
                Some(Cow::Owned(values.into()))
            }
            ExprKind::Chain(operator, operands) => self.chain(*operator, operands, scope),
        }
    }

    fn chain<'s>(
        &mut self,
        operator: Operator,
        operands: &'s [Expr],
        scope: Scope<'s>,
    ) -> Option<Cow<'s, Value>> {
        let (last, others) = operands.split_last()?;
        for operand in others {
            self.expecting_absence += 1;
            let value = self.expr(operand, scope);
            self.expecting_absence -= 1;
            match value {
                None => {}
                Some(value) if operator == Operator::NullOrMissing && value.is_null() => {}
                Some(value) => return Some(value),
            }
        }
        self.expr(last, scope)
    }

    /// Records a warning at a path.
    pub(super) fn warn(&mut self, trail: &Trail<'_>, message: impl FnOnce() -> String) {
        if self.exceeded.is_some() {
            return;
        }
        if self.warnings_left == 0 {
            self.dropped_warnings += 1;
            return;
        }
        self.warnings_left -= 1;
        self.warnings.push(Warning {
            path: trail.to_string(),
            message: message(),
        });
    }

    /// How many warnings there have been.
    pub(super) fn warned(&self) -> usize {
        self.warnings.len() + self.dropped_warnings
    }

    /// Records an error at a place of the result; bounded as warnings are.
    pub(super) fn raise(&mut self, place: &Place<'_>, message: String) {
        if self.warnings_left > 0 {
            self.errors.push(MappingError {
                kind: ErrorKind::Raised,
                at: place.segments(),
                message,
            });
        }
    }
}
