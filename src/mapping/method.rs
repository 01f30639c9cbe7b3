//! The signature of a method, which is all that the parser and the analysis of a selection need.
//!
//! The functions are in [`methods`](super::methods), which import the evaluator and with it the
//! syntax tree. So that the tree does not import them in turn, a call in the tree has the index of
//! its method, and only evaluation looks up the function.

use super::shape::ScalarShape;

/// A method without its function.
#[derive(Debug)]
pub(super) struct Signature {
    /// Its name after `->`.
    pub(super) name: &'static str,
    /// Its arguments.
    pub(super) arguments: Arguments,
    /// Its effect on the shape of its input.
    pub(super) effect: Effect,
}

/// The index of a method in the tables of `methods`.
#[derive(Debug, Clone, Copy)]
pub(super) struct MethodIndex {
    /// Among the families.
    pub(super) family: usize,
    /// Among the methods of the family.
    pub(super) member: usize,
}

/// The arguments that a method takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arguments {
    /// From the first to the second number of expressions.
    Count(usize, usize),
    /// At least this number of expressions.
    AtLeast(usize),
    /// One or more arrays of two elements.
    Pairs,
}

impl Arguments {
    /// The expected arguments, if `count` arguments are too many or too few.
    pub(super) fn refuse(self, count: usize) -> Option<String> {
        let plural = |count: usize| match count {
            0 => "no arguments".to_owned(),
            1 => "1 argument".to_owned(),
            count => format!("{count} arguments"),
        };
        match self {
            Arguments::Count(least, most) if (least..=most).contains(&count) => None,
            Arguments::Count(least, most) if least == most => Some(plural(least)),
            Arguments::Count(least, most) if least + 1 == most => {
                Some(format!("{least} or {}", plural(most)))
            }
            Arguments::Count(least, most) => Some(format!("{least} to {}", plural(most))),
            Arguments::AtLeast(least) if count >= least => None,
            Arguments::AtLeast(least) => Some(format!("at least {}", plural(least))),
            Arguments::Pairs if count > 0 => None,
            Arguments::Pairs => Some("at least one pair".to_owned()),
        }
    }
}

/// The effect of a method on the shape of its input. A shape does not tell a list from a single
/// value, so `first` and `filter` have the effect [`Effect::Input`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// The result has the shape of the input.
    Input,
    /// The same; but a part of a string is another text.
    Part,
    /// The result has the shape of the first argument, with `@` as the input.
    Argument,
    /// The result is one of the second elements of the arguments.
    Arms,
    /// The result is the member or the element with the argument as key or index.
    Member,
    /// The result is a scalar computed from the whole input.
    Leaf(ScalarShape),
    /// The result is a list of objects with these fields, computed from the whole input.
    Rows(&'static [(&'static str, Option<ScalarShape>)]),
    /// The result is computed from the whole input, and nests this number of levels deeper.
    Opaque(usize),
}
