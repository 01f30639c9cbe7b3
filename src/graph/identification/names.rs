//! The names of global object identification, and its limits.

use crate::connector::{Subgraph, SubgraphKind};

/// The name of the subgraph that the gateway adds.
pub const NODE_CONNECTOR: &str = "gateway-node";
/// The interface of all types with ids.
pub(crate) const NODE: &str = "Node";
/// The field that the types get.
pub(crate) const ID: &str = "id";
/// The field of `Query` that finds one object.
pub const NODE_FIELD: &str = "node";
/// The field of `Query` that finds several objects.
pub const NODES_FIELD: &str = "nodes";
/// The most ids of [`NODES_FIELD`].
pub const MOST_IDS: usize = 100;

/// Whether a subgraph is the one that the gateway adds.
pub(crate) fn is_own(subgraph: &Subgraph) -> bool {
    subgraph.name == NODE_CONNECTOR && matches!(subgraph.kind, SubgraphKind::Native)
}
