//! Nodes at which the rows of one type can be read.

use ahash::HashMap;
use apollo_compiler::Name;

use crate::graph::query::NodeId;

/// Nodes with the cost of arriving there. With many nodes an index by field is kept, so that a field is found in one
/// step.
pub(super) struct KnownNodes<'g> {
    pub(super) nodes: Vec<(NodeId, u32)>,
    pub(super) index: Option<HashMap<&'g Name, Offer>>,
}

/// Where a field can be read.
#[derive(Default)]
pub(super) struct Offer {
    /// The least cost.
    pub(super) cost: u32,
    /// Where it leads, for a composite field.
    pub(super) targets: Vec<(NodeId, u32)>,
}

/// Up to so many nodes are scanned without an index.
pub(super) const SCANNED_NODES: usize = 8;

impl<'g> KnownNodes<'g> {
    pub(super) fn new(nodes: Vec<(NodeId, u32)>) -> Self {
        KnownNodes { nodes, index: None }
    }
}
