//! The methods: `->name(arguments)`.
//!
//! Each family of methods is one file with a table; a new family is a new file and one line in
//! [`FAMILIES`]. The row of a method gives its arguments, its effect on the shape of its input (for
//! `check`, and for reading only the necessary part of a response) and the function that computes
//! it. A method that cannot compute a value yields a *missing* one, with a warning; it never ends
//! the evaluation.
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

pub(super) use call::Call;

use self::call::Method;
use super::method::{MethodIndex, Signature};
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

/// The method of this name.
pub(super) fn find(name: &str) -> Option<(MethodIndex, &'static Signature)> {
    FAMILIES.iter().enumerate().find_map(|(family, methods)| {
        let member = methods
            .iter()
            .position(|method| method.signature.name == name)?;
        let index = MethodIndex { family, member };
        Some((index, &methods[member].signature))
    })
}

/// Computes a call of a method.
pub(super) fn apply(index: MethodIndex, call: &mut Call<'_, '_>) -> Option<Value> {
    let method = FAMILIES.get(index.family)?.get(index.member)?;
    (method.apply)(call)
}

/// The names of all methods, sorted.
pub fn names() -> Vec<&'static str> {
    let methods = FAMILIES.iter().flat_map(|family| family.iter());
    let names = methods.map(|method| method.signature.name);
    let mut names: Vec<_> = names.chain(["as"]).collect();
    names.sort_unstable();
    names
}
