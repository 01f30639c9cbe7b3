//! Composition of all connectors into one schema, and the query graph.
//!
//! [`compose()`] takes subgraphs and returns a [`Composed`] or diagnostics, each attributed to one connector. Its
//! stages, in order:
//!
//! 1. `prepare`: sorts the subgraphs by name and gives root types their canonical names; `identification` adds one if types
//!    have `@node`.
//! 2. `rules`: checks the rules of Federation that concern one subgraph.
//! 3. `merge`: makes one schema, and records which subgraphs define and resolve what ([`Joins`]).
//! 4. `api`: derives the public schema, which clients see.
//! 5. `satisfiability`: checks that every query on the public schema can be resolved.
//!
//! Pure: no IO, no clock. The result does not depend on the order in which folders were read.

mod api;
pub mod code;
mod compose;
mod confidential;
mod constraints;
mod context;
pub mod coordinate;
mod fan_out;
mod federation;
mod field_sets;
pub(crate) mod identification;
pub mod join;
mod merge;
pub(crate) mod node_id;
mod prepare;
mod print;
mod report;
mod rules;
mod satisfiability;
mod scalar_form;
pub mod schema_diff;
pub mod style;
pub mod supergraph;
mod view;

pub mod query;

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;

pub use compose::{LeftOut, Remainder, compose, compose_remainder};
pub use confidential::Confidential;
pub use constraints::Constraints;
pub use identification::names::{MOST_IDS, NODE_CONNECTOR, NODE_FIELD, NODES_FIELD};
pub use join::{ContextArgument, FieldIn, FieldJoin, GraphId, JoinKey, Joins, TypeIn, TypeJoin};
pub use scalar_form::ScalarForm;

use std::sync::Arc;

use crate::connector::Subgraph;

/// Subgraphs that compose, and the result.
#[derive(Debug, Clone)]
pub struct Composed {
    /// The subgraphs, sorted by name, in normalised form, root types under their canonical names.
    pub subgraphs: Arc<[Subgraph]>,
    /// The merged schema, with `@inaccessible` elements. Of directives it keeps those of GraphQL, those for access
    /// (`@inaccessible`, `@tag`, `@authenticated`, `@requiresScopes`, `@policy`) and cost (`@cost`, `@listSize`), and
    /// those that a connector composes.
    pub merged: Arc<Schema>,
    /// Which subgraphs define and resolve each element.
    pub joins: Joins,
    /// The public schema, which clients see: validated, with descriptions, without Federation's directives.
    pub api: Valid<Schema>,
    /// The public schema as text: roots first, then types by name; the same bytes for every order of folders.
    pub api_sdl: String,
}

impl Composed {
    /// Replaces the public schema, by one with more directives for operations.
    pub fn set_api(&mut self, api: Valid<Schema>) {
        self.api_sdl = print::print(&api);
        self.api = api;
    }

    /// The index of a subgraph by its name.
    pub fn graph(&self, name: &str) -> Option<GraphId> {
        let index = self
            .subgraphs
            .binary_search_by(|subgraph| subgraph.name.as_str().cmp(name));
        index.ok()
    }
}
