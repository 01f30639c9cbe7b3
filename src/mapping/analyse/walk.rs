//! Evaluation over abstract values.

use std::collections::HashMap;
use std::ops::Range;

use super::abstracts::{Abstract, Kind, Positions};
use crate::document::{Str, Value};
use crate::mapping::ast::{Expr, ExprKind, Item, MethodCall, Path, Start, StepKind, SubSelection};
use crate::mapping::methods::Effect;
use crate::mapping::shape::Scalar;

/// A value of more parts than this is no longer told apart: all of it counts as read.
const MAX_PARTS: usize = 20_000;

/// So many alternatives of one object are told apart.
const MAX_ALTERNATIVES: usize = 64;

#[derive(Clone)]
struct Scope {
    input: Abstract,
    current: Abstract,
}

pub(super) struct Walk {
    pub(super) positions: Positions,
    locals: Vec<(Str, Abstract)>,
}

impl Walk {
    pub(super) fn new() -> Self {
        Walk {
            positions: Positions::new(),
            locals: Vec::new(),
        }
    }

    pub(super) fn root(&mut self, expr: &Expr) -> Abstract {
        let input = Abstract::new(Kind::At(Positions::INPUT, expr.span.clone()));
        self.expr(
            expr,
            &Scope {
                input: input.clone(),
                current: input,
            },
        )
    }

    /// Notes that all of a value is read.
    pub(super) fn demand(&mut self, value: &Abstract) {
        match &*value.kind {
            Kind::Any | Kind::Literal(_) | Kind::Scalar(_) => {}
            Kind::At(position, span) => self.positions.demand(*position, span),
            Kind::Object { fields, .. } => fields.iter().for_each(|(_, field)| self.demand(field)),
            Kind::Array(parts) | Kind::OneOf(parts) => {
                parts.iter().for_each(|part| self.demand(part))
            }
        }
    }

    /// The value itself, unless it has grown too large to be worth following.
    fn bounded(&mut self, value: Abstract) -> Abstract {
        if value.size <= MAX_PARTS {
            return value;
        }
        self.demand(&value);
        Abstract::any()
    }

    fn expr(&mut self, expr: &Expr, scope: &Scope) -> Abstract {
        let value = match &expr.kind {
            ExprKind::Literal(value) => Abstract::new(Kind::Literal(value.clone())),
            ExprKind::Array(elements) => Abstract::new(Kind::Array(
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

    fn path(&mut self, path: &Path, span: &Range<usize>, scope: &Scope) -> Abstract {
        let mut value = match &path.start {
            Start::Input => seen_at(&scope.input, span),
            Start::Current => seen_at(&scope.current, span),
            Start::Variable(name) => self.variable(name, path, span),
            Start::Expression(expr) => self.expr(expr, scope),
        };
        for step in &path.steps {
            value = match &step.kind {
                StepKind::Key(key) => self.key(&value, key),
                StepKind::Optional => value,
                StepKind::Bind { name, value: bound } => {
                    let here = Scope {
                        input: scope.input.clone(),
                        current: value.clone(),
                    };
                    let bound = bound
                        .as_ref()
                        .map_or_else(|| value.clone(), |bound| self.expr(bound, &here));
                    self.locals.push((name.clone(), bound));
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

    fn variable(&mut self, name: &Str, path: &Path, span: &Range<usize>) -> Abstract {
        if let Some((_, local)) = self.locals.iter().rev().find(|(local, _)| local == name) {
            return local.clone();
        }
        let root = self.positions.variable(name);
        let mut end = root;
        for step in &path.steps {
            match &step.kind {
                StepKind::Key(key) => end = self.positions.child(end, key).unwrap_or(end),
                StepKind::Optional => {}
                StepKind::Bind { .. } | StepKind::Method(_) => break,
            }
        }
        self.positions.meet(end, span.clone());
        Abstract::new(Kind::At(root, span.clone()))
    }

    fn key(&mut self, value: &Abstract, key: &Str) -> Abstract {
        let missing = || Abstract::one_of([]);
        match &*value.kind {
            Kind::Any => Abstract::any(),
            Kind::At(position, span) => match self.positions.child(*position, key) {
                Some(child) => Abstract::new(Kind::At(child, span.clone())),
                None => missing(),
            },

            Kind::Literal(literal) => match literal.get(key) {
                Some(member) => Abstract::new(Kind::Literal(member.clone())),
                None => missing(),
            },
            Kind::Scalar(_) => missing(),
            Kind::Object { fields, open } => match fields.iter().find(|(name, _)| name == key) {
                Some((_, field)) => field.clone(),
                None if *open => Abstract::any(),
                None => missing(),
            },
            Kind::Array(elements) => Abstract::new(Kind::Array(
                elements
                    .iter()
                    .map(|element| self.key(element, key))
                    .collect(),
            )),
            Kind::OneOf(options) => Abstract::one_of(
                options
                    .iter()
                    .map(|option| self.key(option, key))
                    .collect::<Vec<_>>(),
            ),
        }
    }

    fn method(&mut self, call: &MethodCall, input: Abstract, scope: &Scope) -> Abstract {
        let element = match &*input.kind {
            // Most methods with an expression apply it to each element.
            Kind::Array(elements) if call.method.name != "echo" => {
                Abstract::one_of(elements.iter().cloned())
            }
            _ => input.clone(),
        };
        let here = Scope {
            input: scope.input.clone(),
            current: element,
        };
        match call.method.effect {
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
                Abstract::new(Kind::Scalar(scalar))
            }
            Effect::Opaque(_) => {
                self.demand(&input);
                self.demand_arguments(call, &here);
                Abstract::any()
            }
        }
    }

    fn demand_arguments(&mut self, call: &MethodCall, scope: &Scope) {
        for argument in &call.arguments {
            let value = self.expr(argument, scope);
            self.demand(&value);
        }
    }

    fn arms(&mut self, call: &MethodCall, input: Abstract, scope: &Scope) -> Abstract {
        self.demand(&input);
        let here = Scope {
            input: scope.input.clone(),
            current: input,
        };
        let mut results = Vec::new();
        for argument in &call.arguments {
            if let ExprKind::Array(pair) = &argument.kind
                && let [candidate, result] = pair.as_slice()
            {
                let candidate = self.expr(candidate, &here);
                self.demand(&candidate);
                results.push(self.expr(result, &here));
            }
        }
        Abstract::one_of(results)
    }

    /// `->get(…)`.
    fn member(&mut self, call: &MethodCall, input: &Abstract, scope: &Scope) -> Abstract {
        match call.arguments.first().and_then(Expr::as_literal) {
            Some(Value::String(key)) => match &*input.kind {
                // Of an array or a string it is missing; the key is read of objects only.
                Kind::At(..) | Kind::Object { .. } | Kind::OneOf(_) => self.key(input, key),
                _ => Abstract::any(),
            },
            Some(_) => part_of(input),
            None => {
                let here = Scope {
                    input: scope.input.clone(),
                    current: input.clone(),
                };
                self.demand(input);
                self.demand_arguments(call, &here);
                Abstract::any()
            }
        }
    }

    /// `{ … }` after a value.
    fn select(&mut self, value: &Abstract, selection: &SubSelection) -> Abstract {
        let (mut structured, mut leaves) = (Vec::new(), Vec::new());
        sort_out(value, &mut structured, &mut leaves);
        let none = structured.is_empty() && !leaves.is_empty();
        let input = Abstract::one_of(structured);
        // The items are looked at once, whatever their input can be.
        let object = self.object(
            selection,
            &Scope {
                input: input.clone(),
                current: input,
            },
        );
        if none {
            return Abstract::one_of(leaves);
        }
        // A scalar where an object was expected comes through as it is; what is told of an object
        // allows for that, what is told of other things does not.
        let scalar = (!is_built(&object)).then(Abstract::any);
        Abstract::one_of([object].into_iter().chain(leaves).chain(scalar))
    }

    fn object(&mut self, selection: &SubSelection, scope: &Scope) -> Abstract {
        let mut fields = Fields::default();
        let mut whole: Option<Abstract> = None;
        for item in &selection.items {
            match item {
                Item::Field { name, value, .. } => {
                    let value = self.expr(value, scope);
                    let value = match fields.get(name) {
                        Some(former) => self.merge(&former.clone(), value),
                        None => value,
                    };
                    fields.set(name, value);
                }
                Item::Spread { value } => {
                    let before = self.joined(whole.take(), std::mem::take(&mut fields));
                    let value = self.expr(value, scope);
                    let merged = match before {
                        Some(before) => self.merge(&before, value),
                        None => value,
                    };
                    whole = Some(self.bounded(merged));
                }
            }
        }
        self.joined(whole, fields)
            .unwrap_or_else(|| Fields::default().into_object())
    }

    /// What came before, merged with the fields since.
    fn joined(&mut self, before: Option<Abstract>, fields: Fields) -> Option<Abstract> {
        if fields.list.is_empty() {
            return before;
        }
        let object = fields.into_object();
        let merged = match before {
            Some(before) => self.merge(&before, object),
            None => object,
        };
        Some(self.bounded(merged))
    }

    /// Two values that merge into one.
    fn merge(&mut self, first: &Abstract, second: Abstract) -> Abstract {
        match (&*first.kind, &*second.kind) {
            (
                Kind::Object { fields, open },
                Kind::Object {
                    fields: others,
                    open: other_open,
                },
            ) => {
                let mut merged = fields.clone();
                for (name, value) in others {
                    match merged.iter().position(|(known, _)| known == name) {
                        Some(at) => merged[at].1 = self.merge(&merged[at].1.clone(), value.clone()),
                        None => merged.push((name.clone(), value.clone())),
                    }
                }
                Abstract::new(Kind::Object {
                    fields: merged,
                    open: *open || *other_open,
                })
            }
            (Kind::OneOf(options), _) if options.len() <= MAX_ALTERNATIVES => {
                let merged: Vec<_> = options
                    .iter()
                    .map(|option| self.merge(option, second.clone()))
                    .collect();
                if merged.is_empty() {
                    second
                } else {
                    Abstract::one_of(merged)
                }
            }
            (_, Kind::OneOf(options)) if options.len() <= MAX_ALTERNATIVES => {
                let merged: Vec<_> = options
                    .iter()
                    .map(|option| self.merge(first, option.clone()))
                    .collect();
                if merged.is_empty() {
                    first.clone()
                } else {
                    Abstract::one_of(merged)
                }
            }
            (Kind::Object { fields, .. }, Kind::At(..) | Kind::Any) => {
                self.demand(&second);
                Abstract::new(Kind::Object {
                    fields: fields.clone(),
                    open: true,
                })
            }
            (Kind::At(..) | Kind::Any, Kind::Object { fields, .. }) => {
                self.demand(first);
                Abstract::new(Kind::Object {
                    fields: fields.clone(),
                    open: true,
                })
            }
            (Kind::Array(_) | Kind::At(..) | Kind::Any, _)
            | (_, Kind::Array(_) | Kind::At(..) | Kind::Any) => {
                self.demand(first);
                self.demand(&second);
                Abstract::any()
            }
            // Either may be missing; else the last one counts.
            _ => Abstract::one_of([first.clone(), second]),
        }
    }
}

/// Named fields, found by name without looking at all of them.
#[derive(Default)]
struct Fields {
    list: Vec<(Str, Abstract)>,
    places: HashMap<Str, usize>,
}

impl Fields {
    fn get(&self, name: &Str) -> Option<&Abstract> {
        self.places.get(name).map(|at| &self.list[*at].1)
    }

    fn set(&mut self, name: &Str, value: Abstract) {
        match self.places.get(name) {
            Some(at) => self.list[*at].1 = value,
            None => {
                self.places.insert(name.clone(), self.list.len());
                self.list.push((name.clone(), value));
            }
        }
    }

    fn into_object(self) -> Abstract {
        Abstract::new(Kind::Object {
            fields: self.list,
            open: false,
        })
    }
}

/// The same value as this path sees it: what it demands, it demands.
fn seen_at(value: &Abstract, span: &Range<usize>) -> Abstract {
    match &*value.kind {
        Kind::At(position, _) => Abstract::new(Kind::At(*position, span.clone())),
        _ => value.clone(),
    }
}

/// Whether this is an object that the text builds, in each alternative.
fn is_built(value: &Abstract) -> bool {
    match &*value.kind {
        Kind::Object { .. } => true,
        Kind::OneOf(options) => !options.is_empty() && options.iter().all(is_built),
        _ => false,
    }
}

/// A value, or an element of it if the text spells out an array.
fn element_of(value: &Abstract) -> Abstract {
    match &*value.kind {
        Kind::Array(elements) => Abstract::one_of(elements.iter().cloned()),
        _ => value.clone(),
    }
}

/// The same; of a string it is some of its characters.
fn part_of(value: &Abstract) -> Abstract {
    match &*value.kind {
        Kind::Literal(Value::String(_)) => Abstract::new(Kind::Scalar(Scalar::String)),
        Kind::OneOf(options) => Abstract::one_of(options.iter().map(part_of).collect::<Vec<_>>()),
        _ => element_of(value),
    }
}

/// Parts of a value on which `{ … }` selects, and parts that it gives back.
fn sort_out(value: &Abstract, structured: &mut Vec<Abstract>, leaves: &mut Vec<Abstract>) {
    match &*value.kind {
        Kind::Scalar(_) => leaves.push(value.clone()),
        Kind::Literal(literal) if literal.as_object().is_none() => leaves.push(value.clone()),
        Kind::Array(parts) | Kind::OneOf(parts) => {
            parts
                .iter()
                .for_each(|part| sort_out(part, structured, leaves));
        }
        _ => structured.push(value.clone()),
    }
}
