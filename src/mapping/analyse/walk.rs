//! Evaluation on abstract values.

use std::ops::Range;

use super::abstracts::{Abstract, AbstractKind, Positions};
use crate::document::{Str, Value};
use crate::mapping::ast::{Expr, ExprKind, MethodCall, Path, Start, StepKind};
use crate::mapping::method::Effect;
use crate::mapping::shape::ScalarShape;

/// The most parts of a value that are followed one by one; all of a larger value counts as read.
const MAX_PARTS: usize = 20_000;

/// The most bound names that are collected.
const MAX_BOUND: usize = 64;

#[derive(Clone)]
pub(super) struct AbstractScope {
    pub(super) input: Abstract,
    pub(super) current: Abstract,
}

pub(super) struct Walk {
    pub(super) positions: Positions,
    locals: Vec<(Str, Abstract)>,
    /// All names that are bound somewhere, up to [`MAX_BOUND`].
    pub(super) bound: Vec<Str>,
}

impl Walk {
    pub(super) fn new() -> Self {
        Walk {
            positions: Positions::new(),
            locals: Vec::new(),
            bound: Vec::new(),
        }
    }

    pub(super) fn root(&mut self, expr: &Expr) -> Abstract {
        let input = Abstract::new(AbstractKind::At(Positions::INPUT, expr.span.clone()));
        self.expr(
            expr,
            &AbstractScope {
                input: input.clone(),
                current: input,
            },
        )
    }

    /// Records that all of a value is read.
    pub(super) fn demand(&mut self, value: &Abstract) {
        match &*value.kind {
            AbstractKind::Any | AbstractKind::Literal(_) | AbstractKind::Scalar(_) => {}
            AbstractKind::At(position, span) => self.positions.demand(*position, span),
            AbstractKind::Object { fields, .. } => {
                fields.iter().for_each(|(_, field)| self.demand(field))
            }
            AbstractKind::Array(parts) | AbstractKind::OneOf(parts) => {
                parts.iter().for_each(|part| self.demand(part))
            }
        }
    }

    /// The value itself, unless it has more than [`MAX_PARTS`].
    pub(super) fn bounded(&mut self, value: Abstract) -> Abstract {
        if value.size <= MAX_PARTS {
            return value;
        }
        self.demand(&value);
        Abstract::any()
    }

    pub(super) fn expr(&mut self, expr: &Expr, scope: &AbstractScope) -> Abstract {
        let value = match &expr.kind {
            ExprKind::Literal(value) => Abstract::new(AbstractKind::Literal(value.clone())),
            ExprKind::Array(elements) => Abstract::new(AbstractKind::Array(
                elements
                    .iter()
                    .map(|element| self.expr(element, scope))
                    .collect(),
            )),
            ExprKind::Object(selection) => self.object(selection, scope),
            ExprKind::Chain(_, operands) => Abstract::one_of(
                operands
                    .iter()
                    .map(|operand| self.expr(operand, scope))
                    .collect::<Vec<_>>(),
            ),
            ExprKind::Path(path) => {
                let bound = self.locals.len();
                let value = self.path(path, &expr.span, scope);
                self.locals.truncate(bound);
                value
            }
        };
        self.bounded(value)
    }

    fn path(&mut self, path: &Path, span: &Range<usize>, scope: &AbstractScope) -> Abstract {
        let mut value = match &path.start {
            Start::Input => seen_at(&scope.input, span),
            Start::Current => seen_at(&scope.current, span),
            Start::Variable(name) => self.variable(name, span),
            Start::Expression(expr) => self.expr(expr, scope),
        };
        for step in path.steps.iter() {
            value = match &step.kind {
                StepKind::Key(key) => self.key(&value, key),
                StepKind::Optional => value,
                StepKind::Bind { name, value: bound } => {
                    let here = AbstractScope {
                        input: scope.input.clone(),
                        current: value.clone(),
                    };
                    let bound = bound
                        .as_ref()
                        .map_or_else(|| value.clone(), |bound| self.expr(bound, &here));
                    self.locals.push((name.clone(), bound));
                    if self.bound.len() < MAX_BOUND && !self.bound.contains(name) {
                        self.bound.push(name.clone());
                    }
                    value
                }
                StepKind::Method(call) => self.method(call, value, scope),
            };
            value = self.bounded(value);
        }
        match &path.selection {
            Some(selection) => self.select(&value, selection),
            None => value,
        }
    }

    fn variable(&mut self, name: &Str, span: &Range<usize>) -> Abstract {
        if let Some((_, local)) = self.locals.iter().rev().find(|(local, _)| local == name) {
            return local.clone();
        }
        let root = self.positions.variable(name);
        self.positions.meet(root, span);
        Abstract::new(AbstractKind::At(root, span.clone()))
    }

    fn key(&mut self, value: &Abstract, key: &Str) -> Abstract {
        let missing = || Abstract::one_of([]);
        match &*value.kind {
            AbstractKind::Any => Abstract::any(),
            AbstractKind::At(position, span) => match self.positions.child(*position, key) {
                Some(child) => {
                    self.positions.meet(child, span);
                    Abstract::new(AbstractKind::At(child, span.clone()))
                }
                None => missing(),
            },

            AbstractKind::Literal(literal) => match literal.get(key) {
                Some(member) => Abstract::new(AbstractKind::Literal(member.clone())),
                None => missing(),
            },
            AbstractKind::Scalar(_) => missing(),
            AbstractKind::Object { fields, open } => {
                match fields.iter().find(|(name, _)| name == key) {
                    Some((_, field)) => field.clone(),
                    None if *open => Abstract::any(),
                    None => missing(),
                }
            }
            AbstractKind::Array(elements) => Abstract::new(AbstractKind::Array(
                elements
                    .iter()
                    .map(|element| self.key(element, key))
                    .collect(),
            )),
            AbstractKind::OneOf(options) => Abstract::one_of(
                options
                    .iter()
                    .map(|option| self.key(option, key))
                    .collect::<Vec<_>>(),
            ),
        }
    }

    fn method(&mut self, call: &MethodCall, input: Abstract, scope: &AbstractScope) -> Abstract {
        let element = match &*input.kind {
            // Most methods apply an expression to each element.
            AbstractKind::Array(elements) if call.signature.name != "echo" => {
                Abstract::one_of(elements.iter().cloned())
            }
            _ => input.clone(),
        };
        let here = AbstractScope {
            input: scope.input.clone(),
            current: element,
        };
        match call.signature.effect {
            Effect::Input => {
                self.demand_arguments(call, &here);
                element_of(&input)
            }
            Effect::Part => {
                self.demand_arguments(call, &here);
                part_of(&input)
            }
            Effect::Argument => call
                .arguments
                .first()
                .map_or_else(Abstract::any, |argument| self.expr(argument, &here)),
            Effect::Arms => self.arms(call, input, scope),
            Effect::Member => self.member(call, &input, scope),
            Effect::Leaf(scalar) => {
                self.demand(&input);
                self.demand_arguments(call, &here);
                Abstract::new(AbstractKind::Scalar(scalar))
            }
            Effect::Rows(fields) => {
                self.demand(&input);
                self.demand_arguments(call, &here);
                rows(fields)
            }
            Effect::Opaque(_) => {
                self.demand(&input);
                self.demand_arguments(call, &here);
                Abstract::any()
            }
        }
    }

    fn demand_arguments(&mut self, call: &MethodCall, scope: &AbstractScope) {
        for argument in call.arguments.iter() {
            let value = self.expr(argument, scope);
            self.demand(&value);
        }
    }

    fn arms(&mut self, call: &MethodCall, input: Abstract, scope: &AbstractScope) -> Abstract {
        self.demand(&input);
        let here = AbstractScope {
            input: scope.input.clone(),
            current: input,
        };
        let mut results = Vec::new();
        for argument in call.arguments.iter() {
            if let ExprKind::Array(pair) = &argument.kind
                && let [candidate, result] = &**pair
            {
                let candidate = self.expr(candidate, &here);
                self.demand(&candidate);
                results.push(self.expr(result, &here));
            }
        }
        Abstract::one_of(results)
    }

    /// `->get(…)`.
    fn member(&mut self, call: &MethodCall, input: &Abstract, scope: &AbstractScope) -> Abstract {
        match call.arguments.first().and_then(Expr::as_literal) {
            Some(Value::String(key)) => match &*input.kind {
                // Only objects have a key; of an array or a string it is missing.
                AbstractKind::At(..) | AbstractKind::Object { .. } | AbstractKind::OneOf(_) => {
                    self.key(input, key)
                }
                _ => Abstract::any(),
            },
            Some(_) => part_of(input),
            None => {
                let here = AbstractScope {
                    input: scope.input.clone(),
                    current: input.clone(),
                };
                self.demand(input);
                self.demand_arguments(call, &here);
                Abstract::any()
            }
        }
    }
}

/// Objects with these fields, each a scalar or unknown.
fn rows(fields: &[(&str, Option<ScalarShape>)]) -> Abstract {
    let field = |(name, scalar): &(&str, Option<ScalarShape>)| {
        let value = scalar.map_or_else(Abstract::any, |scalar| {
            Abstract::new(AbstractKind::Scalar(scalar))
        });
        (Str::from(*name), value)
    };
    Abstract::new(AbstractKind::Object {
        fields: fields.iter().map(field).collect(),
        open: false,
    })
}

/// The same value, with its reads recorded at this path.
fn seen_at(value: &Abstract, span: &Range<usize>) -> Abstract {
    match &*value.kind {
        AbstractKind::At(position, _) => Abstract::new(AbstractKind::At(*position, span.clone())),
        _ => value.clone(),
    }
}

/// A value, or the elements of an array literal.
fn element_of(value: &Abstract) -> Abstract {
    match &*value.kind {
        AbstractKind::Array(elements) => Abstract::one_of(elements.iter().cloned()),
        _ => value.clone(),
    }
}

/// The same for methods that return a part: of a string, some of its characters.
fn part_of(value: &Abstract) -> Abstract {
    match &*value.kind {
        AbstractKind::Literal(Value::String(_)) => {
            Abstract::new(AbstractKind::Scalar(ScalarShape::String))
        }
        AbstractKind::OneOf(options) => {
            Abstract::one_of(options.iter().map(part_of).collect::<Vec<_>>())
        }
        _ => element_of(value),
    }
}
