//! The state of one evaluation, and the evaluation of an expression.
//!
//! Paths and objects are evaluated in files of their own, which add to [`Evaluator`].

use std::borrow::Cow;

use super::budget::{EvaluationBudget, Meter};
use super::outcome::{Evaluated, MappingError, MappingErrorKind, Warning};
use super::trail::{EvaluationScope, ResultPath, Trail};
use crate::document::{Str, Value};
use crate::mapping::ast::{Expr, ExprKind, Operator};

/// The state of one evaluation: warnings, errors, bound names and the rest of the budget.
pub(in crate::mapping) struct Evaluator {
    meter: Meter,
    warnings_left: usize,
    warnings: Vec<Warning>,
    dropped_warnings: usize,
    errors: Vec<MappingError>,
    /// Names bound by `->as`, innermost last. A name bound to a missing value still hides outer
    /// ones.
    pub(super) locals: Vec<(Str, Option<Value>)>,
    /// Above zero in an operand of `??` or `?!` that has a successor: a missing value then causes
    /// no warning, because the next operand replaces it.
    pub(super) expecting_absence: usize,
}

/// The warnings at one moment.
pub(super) struct WarningMark {
    warnings: usize,
    dropped: usize,
}

impl Evaluator {
    pub(super) fn new(budget: &EvaluationBudget) -> Self {
        Evaluator {
            meter: Meter::new(budget),
            warnings_left: budget.warnings,
            warnings: Vec::new(),
            dropped_warnings: 0,
            errors: Vec::new(),
            locals: Vec::new(),
            expecting_absence: 0,
        }
    }

    /// Charges for `steps` values visited or made. `None` once the budget is used up.
    #[inline]
    pub(in crate::mapping) fn charge(&mut self, steps: usize) -> Option<()> {
        self.meter.charge(steps)
    }

    /// Charges for `bytes` of text about to be made.
    pub(in crate::mapping) fn charge_text(&mut self, bytes: usize) -> Option<()> {
        self.meter.charge_text(bytes)
    }

    /// Charges for visiting all parts of a value; returns its approximate length as JSON.
    pub(in crate::mapping) fn measure(&mut self, value: &Value) -> Option<usize> {
        self.meter.measure(value)
    }

    pub(super) fn finish(mut self, value: Option<Value>, budget: &EvaluationBudget) -> Evaluated {
        if let (Some(value), None) = (&value, self.meter.exceeded()) {
            self.meter.check_result(value, budget);
        }
        let value = match self.meter.exceeded() {
            None => value,
            Some(what) => {
                let message = format!("the mapping was stopped: it exceeds its limit of {what}");
                self.errors.push(MappingError {
                    kind: MappingErrorKind::Limit,
                    at: Vec::new(),
                    message,
                });
                None
            }
        };
        Evaluated {
            value,
            warnings: self.warnings,
            dropped_warnings: self.dropped_warnings,
            errors: self.errors,
        }
    }

    /// The value of an expression; `None` if it is missing.
    pub(in crate::mapping) fn expr<'s>(
        &mut self,
        expr: &'s Expr,
        scope: EvaluationScope<'s>,
    ) -> Option<Cow<'s, Value>> {
        self.charge(1)?;
        match &expr.kind {
            ExprKind::Literal(value) => Some(Cow::Borrowed(value)),
            ExprKind::Path(path) => self.path(path, scope),
            ExprKind::Object(selection) => self.object(selection, scope).map(Cow::Owned),
            ExprKind::Array(elements) => {
                let mut values = Vec::with_capacity(elements.len());
                for (index, element) in elements.iter().enumerate() {
                    let result_path = ResultPath::Index(scope.result_path, index);
                    let value = self
                        .expr(
                            element,
                            EvaluationScope {
                                result_path: &result_path,
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
        scope: EvaluationScope<'s>,
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
    pub(in crate::mapping) fn warn(&mut self, trail: &Trail<'_>, message: impl FnOnce() -> String) {
        if self.meter.exceeded().is_some() {
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

    /// The warnings so far, for [`Evaluator::take_back`].
    pub(super) fn mark(&self) -> WarningMark {
        WarningMark {
            warnings: self.warnings.len(),
            dropped: self.dropped_warnings,
        }
    }

    /// Removes the warnings since a mark.
    pub(super) fn take_back(&mut self, to: WarningMark) {
        self.warnings_left += self.warnings.len() - to.warnings;
        self.warnings.truncate(to.warnings);
        self.dropped_warnings = to.dropped;
    }

    /// The number of warnings so far.
    pub(in crate::mapping) fn warned(&self) -> usize {
        self.warnings.len() + self.dropped_warnings
    }

    /// Records an error at a path of the result; bounded as warnings are.
    pub(in crate::mapping) fn raise(&mut self, path: &ResultPath<'_>, message: String) {
        if self.warnings_left > 0 {
            self.errors.push(MappingError {
                kind: MappingErrorKind::Raised,
                at: path.segments(),
                message,
            });
        }
    }
}
