//! The names of the directives that composition knows, and how they are read from a schema element.
//!
//! Subgraphs are normalised, so a directive has its canonical name whatever the folder imported it as.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, Value};

pub(crate) const AUTHENTICATED: &str = "authenticated";
pub(crate) const CACHE_TAG: &str = "cacheTag";
pub(crate) const COMPOSE_DIRECTIVE: &str = "composeDirective";
pub(crate) const CONTEXT: &str = "context";
pub(crate) const COST: &str = "cost";
pub(crate) const DEPRECATED: &str = "deprecated";
pub(crate) const EXTENDS: &str = "extends";
pub(crate) const EXTERNAL: &str = "external";
pub(crate) const FROM_CONTEXT: &str = "fromContext";
pub(crate) const INACCESSIBLE: &str = "inaccessible";
pub(crate) const INTERFACE_OBJECT: &str = "interfaceObject";
pub(crate) const KEY: &str = "key";
pub(crate) const LINK: &str = "link";
pub(crate) const LIST_SIZE: &str = "listSize";
pub(crate) const ONE_OF: &str = "oneOf";
pub(crate) const OVERRIDE: &str = "override";
pub(crate) const POLICY: &str = "policy";
pub(crate) const PROVIDES: &str = "provides";
pub(crate) const REQUIRES: &str = "requires";
pub(crate) const REQUIRES_SCOPES: &str = "requiresScopes";
pub(crate) const SHAREABLE: &str = "shareable";
pub(crate) const SPECIFIED_BY: &str = "specifiedBy";
pub(crate) const TAG: &str = "tag";

/// Every directive of Federation, v1 to v2.12.
pub(crate) const FEDERATION: [&str; 19] = [
    AUTHENTICATED,
    CACHE_TAG,
    COMPOSE_DIRECTIVE,
    CONTEXT,
    COST,
    EXTENDS,
    EXTERNAL,
    FROM_CONTEXT,
    INACCESSIBLE,
    INTERFACE_OBJECT,
    KEY,
    LIST_SIZE,
    OVERRIDE,
    POLICY,
    PROVIDES,
    REQUIRES,
    REQUIRES_SCOPES,
    SHAREABLE,
    TAG,
];

/// A string argument as written.
pub(crate) fn string<'a>(directive: &'a Directive, argument: &str) -> Option<&'a str> {
    directive.specified_argument_by_name(argument)?.as_str()
}

/// A boolean argument, or its default.
pub(crate) fn boolean(directive: &Directive, argument: &str, default: bool) -> bool {
    directive
        .specified_argument_by_name(argument)
        .and_then(|value| value.to_bool())
        .unwrap_or(default)
}

/// A list of lists of strings (`scopes:`, `policies:`); a single value counts as a list of one, as in coercion.
pub(crate) fn lists_of_strings(value: &Node<Value>) -> Vec<Vec<String>> {
    items(value)
        .map(|inner| {
            items(inner)
                .filter_map(|leaf| leaf.as_str().map(str::to_owned))
                .collect()
        })
        .collect()
}

/// The items of a list value; of any other value, itself.
pub(crate) fn items(value: &Node<Value>) -> impl Iterator<Item = &Node<Value>> {
    match value.as_list() {
        Some(list) => list,
        None => std::slice::from_ref(value),
    }
    .iter()
}
