//! A method and a call of it: its input, its arguments, and the evaluator to which it reports.

use crate::document::Value;
use crate::mapping::ast::Expr;
use crate::mapping::evaluate::{EvaluationScope, Evaluator, ResultPath, Trail, describe};
use crate::mapping::method::Signature;

/// One method: a row in the table of its family.
pub(super) struct Method {
    pub(super) signature: Signature,
    /// Computes it; `None` if the result is missing.
    pub(super) apply: fn(&mut Call<'_, '_>) -> Option<Value>,
}

/// One call of a method.
pub(in crate::mapping) struct Call<'c, 'e> {
    /// The value before `->`.
    pub(in crate::mapping) input: &'c Value,
    pub(in crate::mapping) arguments: &'c [Expr],
    /// The scope of the arguments, except for `@`.
    pub(in crate::mapping) scope: EvaluationScope<'c>,
    /// The path of the input.
    pub(in crate::mapping) trail: &'c Trail<'c>,
    pub(in crate::mapping) name: &'static str,
    pub(in crate::mapping) evaluator: &'e mut Evaluator,
}

impl<'c> Call<'c, '_> {
    /// The number of arguments.
    pub(super) fn given(&self) -> usize {
        self.arguments.len()
    }

    /// An argument's value, with `@` as the input.
    pub(super) fn argument(&mut self, index: usize) -> Option<Value> {
        self.evaluate(self.arguments.get(index)?)
    }

    /// The value of an expression in the arguments, with `@` as the input.
    pub(super) fn evaluate(&mut self, expr: &Expr) -> Option<Value> {
        let scope = EvaluationScope {
            current: Some(self.input),
            current_trail: self.trail,
            ..self.scope
        };
        Some(self.evaluator.expr(expr, scope)?.into_owned())
    }

    /// An argument's value, with `@` as an element of the input, or as the input if that is no array.
    pub(super) fn for_element(
        &mut self,
        argument: usize,
        index: usize,
        element: &Value,
    ) -> Option<Value> {
        let argument = self.arguments.get(argument)?;
        let whole = !matches!(self.input, Value::Array(_));
        let element_trail = Trail::Index(self.trail, index);
        let result_path = ResultPath::Index(self.scope.result_path, index);
        let scope = EvaluationScope {
            current: Some(element),
            current_trail: if whole { self.trail } else { &element_trail },
            result_path: &result_path,
            ..self.scope
        };
        Some(self.evaluator.expr(argument, scope)?.into_owned())
    }

    /// The elements of the input; a value that is no array counts as one element.
    pub(super) fn elements(&self) -> &'c [Value] {
        match self.input {
            Value::Array(elements) => elements,
            other => std::slice::from_ref(other),
        }
    }

    /// Charges for `count` values visited or made. `None` when the budget is used up.
    pub(super) fn charge(&mut self, count: usize) -> Option<()> {
        self.evaluator.charge(count)
    }

    /// Charges for reading `bytes` of text.
    pub(super) fn charge_reading(&mut self, bytes: usize) -> Option<()> {
        self.evaluator.charge(bytes / 32)
    }

    /// Charges for `bytes` of text that are about to be made.
    pub(super) fn charge_text(&mut self, bytes: usize) -> Option<()> {
        self.evaluator.charge_text(bytes)
    }

    /// Records a warning at this method.
    pub(super) fn warn(&mut self, message: impl FnOnce() -> String) {
        let method = Trail::Method(self.trail, self.name);
        self.evaluator.warn(&method, message);
    }

    /// Records a warning at one element of the input.
    pub(super) fn warn_element(&mut self, index: usize, message: impl FnOnce() -> String) {
        let element = Trail::Index(self.trail, index);
        let method = match self.input {
            Value::Array(_) => Trail::Method(&element, self.name),
            _ => Trail::Method(self.trail, self.name),
        };
        self.evaluator.warn(&method, message);
    }

    /// Missing, because the input does not fit the method; adds a warning.
    pub(super) fn unfit(&mut self, wanted: &str) -> Option<Value> {
        let (name, found) = (self.name, describe(Some(self.input)));
        self.warn(|| format!("`->{name}` needs {wanted}, found {found}"));
        None
    }

    /// Missing, because an argument does not fit the method; adds a warning.
    pub(super) fn unfit_argument(
        &mut self,
        wanted: &str,
        argument: Option<&Value>,
    ) -> Option<Value> {
        let (name, found) = (self.name, describe(argument));
        self.warn(|| format!("`->{name}` needs {wanted} as argument, found {found}"));
        None
    }

    /// Missing, with this warning.
    pub(super) fn fail(&mut self, reason: impl FnOnce() -> String) -> Option<Value> {
        let name = self.name;
        self.warn(|| format!("`->{name}`: {}", reason()));
        None
    }
}
