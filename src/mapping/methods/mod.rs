//! The methods: `->name(arguments)`.
//!
//! One file per family, each with a table of what it offers; a new family is a new file and one
//! line in [`FAMILIES`]. A method says in its row what it takes, what it does to the shape of its
//! input (for `check` and for reading only what is needed), and how it computes. What a method
//! cannot compute is *missing*, with a warning; nothing ends the evaluation.
//!
//! `->as` is not here: it binds a name, so it is syntax.

mod arithmetic;
mod call;
mod camel_case;
mod echo;
mod ends;
mod entries;
mod equality;
mod filter;
mod get;
mod join;
mod json;
mod logic;
mod map;
mod membership;
mod order;
mod parse_int;
mod report;
mod select_case;
mod size;
mod slice;
mod split;
mod to_string;
mod trim;

use std::fmt;

pub(super) use call::{Call, describe};

use super::shape::Scalar;
use crate::document::Value;

/// All methods, by family.
const FAMILIES: &[&[Method]] = &[
    arithmetic::METHODS,
    camel_case::METHODS,
    echo::METHODS,
    ends::METHODS,
    entries::METHODS,
    equality::METHODS,
    filter::METHODS,
    get::METHODS,
    join::METHODS,
    json::METHODS,
    logic::METHODS,
    map::METHODS,
    membership::METHODS,
    order::METHODS,
    parse_int::METHODS,
    report::METHODS,
    select_case::METHODS,
    size::METHODS,
    slice::METHODS,
    split::METHODS,
    to_string::METHODS,
    trim::METHODS,
];

/// One method.
pub(super) struct Method {
    /// As it is written after `->`.
    pub(super) name: &'static str,
    /// What may stand in its parentheses.
    pub(super) arguments: Arguments,
    /// What it does to the shape of its input.
    pub(super) effect: Effect,
    /// Computes it.
    pub(super) apply: fn(&mut Call<'_, '_>) -> Option<Value>,
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "->{}", self.name)
    }
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
    Leaf(Scalar),
    /// The result is something computed from the whole input, nesting so many levels deeper.
    Opaque(usize),
}

/// The method of this name.
pub(super) fn find(name: &str) -> Option<&'static Method> {
    all().find(|method| method.name == name)
}

/// The names of all methods, sorted.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = all().map(|method| method.name).chain(["as"]).collect();
    names.sort_unstable();
    names
}

fn all() -> impl Iterator<Item = &'static Method> {
    FAMILIES.iter().flat_map(|family| family.iter())
}
