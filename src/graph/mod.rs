//! Composition of all connectors into one schema, and the query graph.
//!
//! [`compose()`] takes subgraphs and gives a [`Composed`] or diagnostics, each attributed to a connector. Its stages, in
//! the order in which they run:
//!
//! 1. `prepare`: subgraphs in the order of their names, roots under their canonical names;
//! 2. `rules`: each subgraph by itself, as far as Federation has rules for it;
//! 3. `merge`: one schema, and who has what ([`Joins`]);
//! 4. `api`: what clients see;
//! 5. `satisfiability`: whatever they may ask, somebody can answer.
//!
//! Pure: no IO, no clock. The order in which folders were read changes nothing.

mod api;
pub mod code;
mod compose;
mod federation;
mod field_sets;
pub mod join;
mod merge;
mod prepare;
mod print;
mod report;
mod rules;
mod satisfiability;
pub mod schema_diff;
pub mod supergraph;
mod view;

pub mod query;

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;

pub use compose::{LeftOut, Remainder, compose, compose_remainder};
pub use join::{FieldIn, FieldJoin, GraphId, Joins, Key, TypeIn, TypeJoin};

use std::sync::Arc;

use crate::connector::Subgraph;

/// Subgraphs that fit together, and what they are together.
#[derive(Debug, Clone)]
pub struct Composed {
    /// The subgraphs, sorted by name, in normalised form, root types under their canonical names.
    pub subgraphs: Arc<[Subgraph]>,
    /// The merged schema with everything in it, `@inaccessible` elements too. Of directives it keeps those of GraphQL,
    /// those that speak of access (`@inaccessible`, `@tag`, `@authenticated`, `@requiresScopes`, `@policy`), of cost
    /// (`@cost`, `@listSize`), and those that a connector composes.
    pub merged: Arc<Schema>,
    /// Who has what.
    pub joins: Joins,
    /// What clients see: the public schema, validated, with descriptions, without machinery.
    pub api: Valid<Schema>,
    /// The public schema as text: roots first, then types by name; the same bytes whatever order folders came in.
    pub api_sdl: String,
}

impl Composed {
    /// The index of a subgraph by its name.
    pub fn graph(&self, name: &str) -> Option<GraphId> {
        let found = self
            .subgraphs
            .binary_search_by(|subgraph| subgraph.name.as_str().cmp(name));
        found.ok()
    }
}
