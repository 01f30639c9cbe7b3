//! Composition of all connectors into one schema, and the query graph.
//!
//! [`compose`](compose::compose) takes subgraphs and gives a [`Composed`] or diagnostics, each attributed to a
//! connector. Pure: no IO, no clock.

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;

use crate::connector::Subgraph;

/// Subgraphs that fit together, and what they are together.
#[derive(Debug, Clone)]
pub struct Composed {
    /// The subgraphs, sorted by name, in normalised form.
    pub subgraphs: Vec<Subgraph>,
    /// The merged schema with everything in it, `@inaccessible` elements too.
    pub merged: Schema,
    /// What clients see: the public schema, validated, with descriptions, without machinery.
    pub api: Valid<Schema>,
}
