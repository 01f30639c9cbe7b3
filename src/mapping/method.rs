//! What the parser and the analysis of a selection know of a method: its signature.
//!
//! How a method computes is in [`methods`](super::methods), above the syntax tree: a method evaluates expressions, which
//! hold calls of methods.

use super::shape::ScalarShape;

/// A method, without how it computes.
#[derive(Debug)]
pub(super) struct Signature {
    /// As it is written after `->`.
    pub(super) name: &'static str,
    /// What may stand in its parentheses.
    pub(super) arguments: Arguments,
    /// What it does to the shape of its input.
    pub(super) effect: Effect,
}

/// Which method it is: its index in the tables of `methods`.
#[derive(Debug, Clone, Copy)]
pub(super) struct MethodIndex {
    /// Among the families.
    pub(super) family: usize,
    /// Among the methods of the family.
    pub(super) member: usize,
}

/// What may stand in a method's parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arguments {
    /// From so many to so many expressions.
    Count(usize, usize),
    /// So many expressions or more.
    AtLeast(usize),
    /// One or more arrays of two.
    Pairs,
}

impl Arguments {
    /// What is wanted, if `found` arguments are too many or too few.
    pub(super) fn refuse(self, found: usize) -> Option<String> {
        let plural = |count: usize| match count {
            0 => "no arguments".to_owned(),
            1 => "1 argument".to_owned(),
            count => format!("{count} arguments"),
        };
        match self {
            Arguments::Count(least, most) if (least..=most).contains(&found) => None,
            Arguments::Count(least, most) if least == most => Some(plural(least)),
            Arguments::Count(least, most) if least + 1 == most => {
                Some(format!("{least} or {}", plural(most)))
            }
            Arguments::Count(least, most) => Some(format!("{least} to {}", plural(most))),
            Arguments::AtLeast(least) if found >= least => None,
            Arguments::AtLeast(least) => Some(format!("at least {}", plural(least))),
            Arguments::Pairs if found > 0 => None,
            Arguments::Pairs => Some("at least one pair".to_owned()),
        }
    }
}

/// What a method does to the shape of its input. Whether something is a list is not part of a
/// shape, so that `first` and `filter` leave it as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// The result has the shape of the input.
    Input,
    /// The same; but of a string it is other text.
    Part,
    /// The result has the shape of the first argument, with `@` as the input.
    Argument,
    /// The result is one of the second elements of the arguments.
    Arms,
    /// The result is the member, or the element, that the argument names.
    Member,
    /// The result is a scalar computed from the whole input.
    Leaf(ScalarShape),
    /// The result is something computed from the whole input, nesting so many levels deeper.
    Opaque(usize),
}
