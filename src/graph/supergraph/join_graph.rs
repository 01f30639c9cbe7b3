//! `join__Graph`: the subgraphs of a supergraph.

use apollo_compiler::Name;
use apollo_compiler::ast::EnumValueDefinition;

use super::super::federation as fed;

/// One value of `join__Graph`.
pub(super) struct JoinGraph {
    /// The enum's value.
    pub(super) value: Name,
    /// The connector's name.
    pub(super) name: String,
    /// The URL.
    pub(super) url: String,
}

impl JoinGraph {
    /// Reads a value with its `@join__graph`.
    pub(super) fn read(value: &Name, definition: &EnumValueDefinition) -> Self {
        let join = definition.directives.get("join__graph");
        let argument = |name: &str| {
            let text = join.and_then(|join| fed::string(join, name));
            text.map(str::to_owned)
        };
        JoinGraph {
            value: value.clone(),
            name: argument("name").unwrap_or_else(|| value.to_lowercase()),
            url: argument("url").unwrap_or_default(),
        }
    }
}
