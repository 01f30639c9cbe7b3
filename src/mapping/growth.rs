//! Bounds how much deeper than its inputs the result of a selection can nest.
//!
//! The language has no loops: a value passes through each expression at most once, so the text
//! bounds how deep its results nest. The bound is checked here, once, when a text is parsed.
//! Therefore code that recurses over values needs no counter.

use super::ast::{Expr, ExprKind, Item, Path, Start, StepKind, SubSelection};
use super::method::Effect;
use super::problem::Problem;
use crate::document::Str;

/// The most levels that a selection may add.
const MAX_GROWTH: usize = 512;

/// The most names that may be bound at the same time.
const MAX_LOCALS: usize = 64;

/// The problem of a selection whose results may nest too deep.
pub(super) fn check(expr: &Expr) -> Option<Problem> {
    let mut walk = Growth {
        locals: Vec::new(),
        crowded: false,
        most: 0,
    };
    walk.expr(
        expr,
        At {
            input: 0,
            current: 0,
        },
    );
    let problem = |message: &str, help| Some(Problem::new(expr.span.clone(), message).help(help));
    if walk.crowded {
        return problem(
            "too many names are bound",
            format!("at most {MAX_LOCALS} hold at one place"),
        );
    }
    if walk.most > MAX_GROWTH {
        let help = format!("at most {MAX_GROWTH} levels may be added to what is read");
        return problem("this builds values that nest too deep", help);
    }
    None
}

/// The levels that the current values may already have added.
#[derive(Clone, Copy)]
struct At {
    input: usize,
    current: usize,
}

struct Growth {
    locals: Vec<(Str, usize)>,
    crowded: bool,
    /// The most levels that any intermediate value has added; a later step may flatten it again.
    most: usize,
}

impl Growth {
    fn expr(&mut self, expr: &Expr, at: At) -> usize {
        let growth = self.grown(expr, at);
        self.most = self.most.max(growth);
        growth
    }

    fn grown(&mut self, expr: &Expr, at: At) -> usize {
        match &expr.kind {
            ExprKind::Literal(_) => 0,
            ExprKind::Array(elements) => 1 + self.most_of(elements, at),
            ExprKind::Object(selection) => 1 + self.items(selection, at),
            ExprKind::Chain(_, operands) => self.most_of(operands, at),
            ExprKind::Path(path) => {
                let bound = self.locals.len();
                let growth = self.path(path, at);
                self.locals.truncate(bound);
                growth
            }
        }
    }

    fn most_of(&mut self, exprs: &[Expr], at: At) -> usize {
        exprs
            .iter()
            .map(|expr| self.expr(expr, at))
            .max()
            .unwrap_or(0)
    }

    fn items(&mut self, selection: &SubSelection, at: At) -> usize {
        let value = |item| match item {
            &Item::Field { ref value, .. } | &Item::Spread { ref value } => value,
        };
        selection
            .items
            .iter()
            .map(|item| self.expr(value(item), at))
            .max()
            .unwrap_or(0)
    }

    fn path(&mut self, path: &Path, at: At) -> usize {
        let mut growth = match &path.start {
            Start::Input => at.input,
            Start::Current => at.current,
            Start::Variable(name) => self
                .locals
                .iter()
                .rev()
                .find(|(local, _)| local == name)
                .map_or(0, |(_, growth)| *growth),
            Start::Expression(expr) => self.expr(expr, at),
        };
        for step in path.steps.iter() {
            match &step.kind {
                StepKind::Key(_) | StepKind::Optional => {}
                StepKind::Bind { name, value } => {
                    let here = At {
                        current: growth,
                        ..at
                    };
                    let bound = value
                        .as_ref()
                        .map_or(growth, |value| self.expr(value, here));
                    if self.locals.len() < MAX_LOCALS {
                        self.locals.push((name.clone(), bound));
                    } else {
                        self.crowded = true;
                    }
                }
                StepKind::Method(call) => {
                    let arguments = self.most_of(
                        &call.arguments,
                        At {
                            current: growth,
                            ..at
                        },
                    );
                    growth = match call.signature.effect {
                        Effect::Input | Effect::Part | Effect::Member => growth,
                        Effect::Argument | Effect::Arms => 1 + arguments,
                        Effect::Leaf(_) => 0,
                        Effect::Rows(_) => growth + 2,
                        Effect::Opaque(levels) => growth + levels,
                    };
                    self.most = self.most.max(growth);
                }
            }
        }
        match &path.selection {
            Some(selection) => {
                1 + self.items(
                    selection,
                    At {
                        input: growth,
                        current: growth,
                    },
                )
            }
            None => growth,
        }
    }
}
