//! Evaluation: computes a value from a syntax tree, an input and variables.
//!
//! The evaluation recurses over the tree, whose nesting the parser bounds. Values of the input are
//! borrowed until a step has to make new ones. Visiting or making a value is charged to an
//! [`EvaluationBudget`], so time and memory are bounded for every selection and every input.

mod budget;
mod compare;
mod describe;
mod evaluator;
mod object;
mod outcome;
mod path;
mod trail;

use std::borrow::Cow;

pub use budget::EvaluationBudget;
pub(super) use describe::describe;
pub(super) use evaluator::Evaluator;
pub use outcome::{Evaluated, MappingError, MappingErrorKind, Segment, Warning};
pub(super) use trail::{EvaluationScope, ResultPath, Trail};

use super::ast::{Expr, SubSelection};
use super::variables::Variables;
use crate::document::Value;

/// Evaluates a tree.
pub(super) fn evaluate(
    root: &Expr,
    input: Option<&Value>,
    variables: &Variables,
    budget: &EvaluationBudget,
) -> Evaluated {
    run(input, variables, budget, |evaluator, scope| {
        evaluator.expr(root, scope).map(Cow::into_owned)
    })
}

/// Evaluates `$ { … }`.
pub(super) fn evaluate_braces(
    selection: &SubSelection,
    input: &Value,
    variables: &Variables,
    budget: &EvaluationBudget,
) -> Evaluated {
    run(Some(input), variables, budget, |evaluator, scope| {
        evaluator.select(input, selection, scope.input_trail, scope)
    })
}

fn run(
    input: Option<&Value>,
    variables: &Variables,
    budget: &EvaluationBudget,
    value: impl FnOnce(&mut Evaluator, EvaluationScope<'_>) -> Option<Value>,
) -> Evaluated {
    let start = Trail::Root("$");
    let scope = EvaluationScope {
        input,
        input_trail: &start,
        current: input,
        current_trail: &start,
        result_path: &ResultPath::Root,
        variables,
    };
    let mut evaluator = Evaluator::new(budget);
    let value = value(&mut evaluator, scope);
    evaluator.finish(value, budget)
}
