//! The context of an expression: its path in the input, for warnings; its path in the result, for
//! errors; and the values of its names.
//!
//! The paths are linked lists on the stack, and become text only when something is reported.

use std::fmt;

use super::outcome::Segment;
use crate::document::{Str, Value};
use crate::mapping::ast::{Step, StepKind};
use crate::mapping::variables::Variables;

/// The values of the names that an expression can use.
#[derive(Clone, Copy)]
pub(in crate::mapping) struct EvaluationScope<'s> {
    /// `$`.
    pub(in crate::mapping) input: Option<&'s Value>,
    pub(in crate::mapping) input_trail: &'s Trail<'s>,
    /// `@`.
    pub(in crate::mapping) current: Option<&'s Value>,
    pub(in crate::mapping) current_trail: &'s Trail<'s>,
    /// The path in the result of the expression's value.
    pub(in crate::mapping) result_path: &'s ResultPath<'s>,
    pub(in crate::mapping) variables: &'s Variables,
}

/// The path by which a value was reached.
#[derive(Clone, Copy)]
pub(in crate::mapping) enum Trail<'t> {
    /// `$`, or a variable.
    Root(&'t str),
    /// Steps of a path.
    Steps(&'t Trail<'t>, &'t [Step]),
    /// A key.
    Key(&'t Trail<'t>, &'t str),
    /// An element of a list.
    Index(&'t Trail<'t>, usize),
    /// A method.
    Method(&'t Trail<'t>, &'t str),
}

impl fmt::Display for Trail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trail::Root(name) => f.write_str(name),
            Trail::Steps(from, steps) => {
                from.fmt(f)?;
                steps.iter().try_for_each(|step| match &step.kind {
                    StepKind::Key(key) => write_key(key, f),
                    StepKind::Method(call) => write!(f, "->{}", call.name()),
                    StepKind::Optional => f.write_str("?"),
                    StepKind::Bind { .. } => Ok(()),
                })
            }
            Trail::Key(from, key) => {
                from.fmt(f)?;
                write_key(key, f)
            }
            Trail::Index(from, index) => write!(f, "{from}[{index}]"),
            Trail::Method(from, name) => write!(f, "{from}->{name}"),
        }
    }
}

fn write_key(key: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let plain = key
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain && !key.is_empty() {
        write!(f, ".{key}")
    } else {
        write!(f, ".{key:?}")
    }
}

/// A path in the result.
#[derive(Clone, Copy)]
pub(in crate::mapping) enum ResultPath<'p> {
    /// It is the result.
    Root,
    /// Into a member.
    Key(&'p ResultPath<'p>, &'p Str),
    /// Into an element.
    Index(&'p ResultPath<'p>, usize),
}

impl ResultPath<'_> {
    pub(super) fn segments(&self) -> Vec<Segment> {
        let mut segments = Vec::new();
        let mut path = self;
        loop {
            match path {
                ResultPath::Root => break,
                ResultPath::Key(outer, key) => {
                    segments.push(Segment::Key((*key).clone()));
                    path = outer;
                }
                ResultPath::Index(outer, index) => {
                    segments.push(Segment::Index(*index));
                    path = outer;
                }
            }
        }
        segments.reverse();
        segments
    }
}
