//! The syntax tree of a selection.
//!
//! Public, because the planner compiles it into projections. Two notations are normalised away: a
//! path that starts with a bare key starts at [`Start::Input`] with that key as its first step
//! (`a.b` is `$.a.b`), and a list of named selections is an [`ExprKind::Object`] with or without
//! braces around it.

use std::ops::Range;
use std::sync::Arc;

use super::method::{MethodIndex, Signature};
use crate::document::{Str, Value};

/// An expression: a part of the text that yields a value.
#[derive(Debug, Clone)]
pub struct Expr {
    /// Its kind.
    pub kind: ExprKind,
    /// Its location in the selection's text.
    pub span: Range<usize>,
}

/// The kinds of expressions.
#[derive(Debug, Clone)]
pub enum ExprKind {
    /// A number, string, boolean or null.
    Literal(Value),
    /// `[a, b]`: one element for each expression; a missing one is null.
    Array(Arc<[Expr]>),
    /// Named selections: an object built from the current `$`; a missing value is left out.
    Object(SubSelection),
    /// A path.
    Path(Path),
    /// `a ?? b ?? c` or `a ?! b ?! c`.
    Chain(Operator, Arc<[Expr]>),
}

/// When a chain continues with its next operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `??`: the operand is null or missing.
    NullOrMissing,
    /// `?!`: the operand is missing.
    Missing,
}

impl Operator {
    /// Its text.
    pub fn symbol(self) -> &'static str {
        match self {
            Operator::NullOrMissing => "??",
            Operator::Missing => "?!",
        }
    }
}

/// The items between braces (or those of a whole selection).
#[derive(Debug, Clone)]
pub struct SubSelection {
    /// In the order of the text. Names may repeat: their values merge.
    pub items: Arc<[Item]>,
    /// Its location, with its braces.
    pub span: Range<usize>,
}

/// One item of an object.
#[derive(Debug, Clone)]
pub enum Item {
    /// A value under a name: `id`, `id: workId`, `district { name }`, `place: { lat lon }`.
    Field {
        /// The name in the result.
        name: Str,
        /// The location of the name.
        name_span: Range<usize>,
        /// The value.
        value: Expr,
    },
    /// A value that merges into the object: `$.data { id }`, and since v0.4 `...expression`.
    Spread {
        /// The value.
        value: Expr,
    },
}

/// A path: a start, steps, and a selection from the value that they lead to.
#[derive(Debug, Clone)]
pub struct Path {
    /// Its start.
    pub start: Start,
    /// Whether it starts with a bare key: `a.b`, not `$.a.b`. The value is the same; only a path that is
    /// a bare key names its value.
    pub bare: bool,
    /// Each applies to the value of the previous step as a whole, so a method can see an array.
    pub steps: Arc<[Step]>,
    /// `{ … }` at its end: maps over arrays; each object is the `$` of its items.
    pub selection: Option<SubSelection>,
}

/// The start of a path.
#[derive(Debug, Clone)]
pub enum Start {
    /// `$`, or a bare key: the input of the nearest enclosing braces.
    Input,
    /// `@`: the current value: a method's input in its arguments, otherwise the same as `$`.
    Current,
    /// `$args`, or a name bound by `->as`; with its `$`.
    Variable(Str),
    /// `$(expression)`, or a literal followed by steps.
    Expression(Arc<Expr>),
}

/// One step of a path.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its kind.
    pub kind: StepKind,
    /// Its location, with its `.` or `->`.
    pub span: Range<usize>,
}

/// The kinds of steps.
#[derive(Debug, Clone)]
pub enum StepKind {
    /// `.key`: a member; maps over arrays.
    Key(Str),
    /// `?`: null becomes missing.
    Optional,
    /// `->as($name)` or `->as($name, expression)`: binds a variable for the rest of the path, its
    /// braces included; the value of the path stays as it is.
    Bind {
        /// With its `$`.
        name: Str,
        /// The value to bind; if absent, the value of the path before this step.
        value: Option<Arc<Expr>>,
    },
    /// `->method(arguments)`.
    Method(MethodCall),
}

/// A method with its arguments. The method decides when, how often and whether each is evaluated.
#[derive(Debug, Clone)]
pub struct MethodCall {
    pub(super) index: MethodIndex,
    pub(super) signature: &'static Signature,
    /// Their number is valid for the method.
    pub arguments: Arc<[Expr]>,
}

impl MethodCall {
    /// The method's name.
    pub fn name(&self) -> &'static str {
        self.signature.name
    }
}

impl Expr {
    /// Whether it may have a value where `$` is a scalar or null. A group has one if an item of it has.
    fn fits_leaf(&self) -> bool {
        match &self.kind {
            ExprKind::Literal(_) | ExprKind::Array(_) => true,
            ExprKind::Object(selection) => selection.fits_leaf(),
            ExprKind::Path(path) => path.fits_leaf(),
            ExprKind::Chain(_, operands) => operands.iter().any(Expr::fits_leaf),
        }
    }

    /// The path, if it is one.
    pub fn as_path(&self) -> Option<&Path> {
        if let ExprKind::Path(path) = &self.kind {
            Some(path)
        } else {
            None
        }
    }

    /// The value, if it is a literal.
    pub fn as_literal(&self) -> Option<&Value> {
        if let ExprKind::Literal(value) = &self.kind {
            Some(value)
        } else {
            None
        }
    }
}

impl SubSelection {
    /// Whether an item may have a value where `$` is a scalar or null: it is a literal, or reads a variable or `$` as
    /// a whole. A key of a scalar is missing, and the name of a type alone makes no object.
    pub fn fits_leaf(&self) -> bool {
        self.items.iter().any(|item| match item {
            Item::Field { name, value, .. } => **name != *"__typename" && value.fits_leaf(),
            Item::Spread { value } => value.fits_leaf(),
        })
    }

    /// The items of a group of this name: `place: { lat lon }`.
    pub(super) fn group(&self, wanted: &str) -> Option<&SubSelection> {
        self.items.iter().find_map(|item| match item {
            Item::Field { name, value, .. } if **name == *wanted => match &value.kind {
                ExprKind::Object(group) => Some(group),
                _ => None,
            },
            _ => None,
        })
    }
}

impl Path {
    /// Whether it may have a value where `$` is a scalar or null.
    fn fits_leaf(&self) -> bool {
        let changes =
            |step: &&Step| !matches!(step.kind, StepKind::Optional | StepKind::Bind { .. });
        match &self.start {
            Start::Input | Start::Current => {
                let first = self.steps.iter().find(changes);
                !matches!(first, Some(step) if matches!(step.kind, StepKind::Key(_)))
            }
            Start::Variable(_) => true,
            Start::Expression(expr) => expr.fits_leaf(),
        }
    }

    /// The name of its only key, if the path is `key` or `key?`, with or without braces at its end.
    pub(super) fn single_key(&self) -> Option<&Str> {
        if !self.bare {
            return None;
        }
        let (first, rest) = self.steps.split_first()?;
        let StepKind::Key(name) = &first.kind else {
            return None;
        };
        rest.iter()
            .all(|step| matches!(step.kind, StepKind::Optional))
            .then_some(name)
    }
}
