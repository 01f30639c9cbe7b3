//! The methods: `->name(arguments)`.
//!
//! Each family of methods is one file with a table; a new family is a new file and one line in
//! [`FAMILIES`], or in [`WIRE`] if Connectors do not have it: then only folders that link the `wire` namespace know it, so that
//! the others are understood elsewhere too. The row of a method gives its arguments, its effect on the shape of its input (for
//! `check`, and for reading only the necessary part of a response) and the function that computes
//! it. A method that cannot compute a value yields a *missing* one, with a warning; it never ends
//! the evaluation.
//!
//! `->as` is not here: it binds a name, so it is syntax.

mod aggregate;
mod arithmetic;
mod base64;
mod call;
mod camel_case;
mod cross;
mod date;
mod decimal;
mod distinct;
mod echo;
mod ends;
mod entries;
mod equality;
mod filter;
mod flatten;
mod from_entries;
mod get;
mod join;
mod json;
mod letter_case;
mod logic;
mod map;
mod membership;
mod order;
mod parse_float;
mod parse_int;
mod replace;
mod report;
mod select_case;
mod size;
mod slice;
mod sort;
mod split;
mod to_string;
mod trim;
mod url_code;
mod zip;

pub(super) use call::Call;

use self::call::Method;
use super::method::{MethodIndex, Signature};
use crate::document::Value;

/// The methods of Connectors, by family.
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

/// The methods of the `wire` namespace, by family.
const WIRE: &[&[Method]] = &[
    aggregate::METHODS,
    base64::METHODS,
    cross::METHODS,
    date::METHODS,
    decimal::METHODS,
    distinct::METHODS,
    flatten::METHODS,
    from_entries::METHODS,
    letter_case::METHODS,
    parse_float::METHODS,
    replace::METHODS,
    sort::METHODS,
    url_code::METHODS,
    zip::METHODS,
];

/// The method of this name. The families of [`WIRE`] have the indices behind those of [`FAMILIES`].
pub(super) fn find(name: &str) -> Option<(MethodIndex, &'static Signature)> {
    find_in(FAMILIES, name).or_else(|| {
        let (mut index, signature) = find_in(WIRE, name)?;
        index.family += FAMILIES.len();
        Some((index, signature))
    })
}

fn find_in(
    families: &'static [&'static [Method]],
    name: &str,
) -> Option<(MethodIndex, &'static Signature)> {
    families.iter().enumerate().find_map(|(family, methods)| {
        let member = methods
            .iter()
            .position(|method| method.signature.name == name)?;
        let index = MethodIndex { family, member };
        Some((index, &methods[member].signature))
    })
}

/// Computes a call of a method.
pub(super) fn apply(index: MethodIndex, call: &mut Call<'_, '_>) -> Option<Value> {
    let family = match index.family.checked_sub(FAMILIES.len()) {
        None => FAMILIES.get(index.family)?,
        Some(family) => WIRE.get(family)?,
    };
    let method = family.get(index.member)?;
    (method.apply)(call)
}

/// Whether only folders that link the `wire` namespace know a method.
pub(super) fn is_wire(index: MethodIndex) -> bool {
    index.family >= FAMILIES.len()
}

/// The names of the methods of Connectors, sorted.
pub fn names() -> Vec<&'static str> {
    let mut names = names_of(FAMILIES);
    names.push("as");
    names.sort_unstable();
    names
}

/// The names of the methods of the `wire` namespace, sorted.
pub fn wire_names() -> Vec<&'static str> {
    let mut names = names_of(WIRE);
    names.sort_unstable();
    names
}

fn names_of(families: &[&[Method]]) -> Vec<&'static str> {
    let methods = families.iter().flat_map(|family| family.iter());
    methods.map(|method| method.signature.name).collect()
}
