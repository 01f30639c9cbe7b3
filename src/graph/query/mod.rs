//! The query graph: every position at which a source can stand, and every way from one to another.
//!
//! One directed graph, whatever the source. A [`Node`] offers fields ([`Edge`]); a [`Lookup`] enters a service at a node
//! from rows of a type whose key fields are known. Lookups are kept once per type, not per pair of nodes. Satisfiability
//! and planning both read this and nothing else, so neither knows REST from GraphQL.

mod build;
mod connects;
mod types;

use std::collections::BTreeMap;
use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::Schema;

pub use self::types::TypeId;
pub use self::types::TypeInfo;
pub use self::types::TypeTable;
use super::Composed;
use crate::connector::Connect;
use crate::connector::FieldSet;
use crate::connector::Subgraph;
use crate::connector::SubgraphKind;

/// A subgraph, by its place in [`QueryGraph::subgraphs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubgraphId(pub u32);

/// A node, by its place in [`QueryGraph::nodes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

/// A lookup, by its place in [`QueryGraph::lookups`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LookupId(pub u32);

/// A position at which a source can stand: a (service, type) of a GraphQL service, or one place in the tree that a
/// connect's selection yields.
#[derive(Debug, Clone)]
pub struct Node {
    /// Who answers here.
    pub subgraph: SubgraphId,
    /// The type of the object here.
    pub ty: TypeId,
    /// What can be read here without another call.
    pub fields: BTreeMap<Name, Edge>,
    /// At an abstract type: the object types that the service knows, and their nodes.
    pub downcasts: BTreeMap<TypeId, NodeId>,
    /// An `@interfaceObject`: the service does not know the concrete type.
    pub interface_object: bool,
}

/// A field that a node offers.
#[derive(Debug, Clone, Default)]
pub struct Edge {
    /// Where its sub-selection is read; `None` for a leaf.
    pub to: Option<NodeId>,
    /// `@requires`: what a representation must hold before the service can resolve it.
    pub requires: Option<FieldSet>,
    /// `@override` with a label: the edge stands only when the label's outcome is this.
    pub label: Option<(String, bool)>,
}

/// How a service is entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupKind {
    /// A root operation of a GraphQL service: one call serves any number of its root fields.
    Operation,
    /// `_entities` with this `__typename` in the representation.
    Entities {
        /// The concrete type's name, or the interface's for an `@interfaceObject`.
        typename: Name,
    },
    /// A call of a connect, by its place in the subgraph's connects.
    Connect {
        /// Which.
        connect: usize,
        /// Of what kind.
        mode: ConnectMode,
    },
}

/// The ways in which a connect is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectMode {
    /// A root field, with the field's arguments.
    Root,
    /// A root field with `entity: true`, its arguments taken from the key.
    Explicit,
    /// A field of a type, with `$this` and the field's arguments.
    Implicit,
    /// A type, many keys in one call.
    Batch,
    /// A type, one key in a call.
    Single,
}

/// A way into a service from rows of a type.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// Whom it enters.
    pub subgraph: SubgraphId,
    /// The type of the rows that it starts from.
    pub on: TypeId,
    /// Where it arrives.
    pub to: NodeId,
    /// How it is done.
    pub kind: LookupKind,
    /// What must be known of a row. Empty for root operations.
    pub key: FieldSet,
    /// Its relative price: calls weigh more than fields, a call per row more than a batch.
    pub cost: u32,
}

/// The query graph of a composed schema.
#[derive(Debug)]
pub struct QueryGraph {
    /// The merged schema, `@inaccessible` elements too: keys may be hidden from clients.
    pub merged: Arc<Schema>,
    /// The subgraphs, sorted by name.
    pub subgraphs: Arc<[Subgraph]>,
    /// Composite types.
    pub types: TypeTable,
    /// Positions.
    pub nodes: Vec<Node>,
    /// Ways in.
    pub lookups: Vec<Lookup>,
    by_type: Vec<Vec<LookupId>>,
}

impl QueryGraph {
    /// Builds the graph. Deterministic: services, types and fields are taken in the order of their names.
    pub fn new(composed: &Composed) -> Self {
        build::build(composed)
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// A lookup.
    pub fn lookup(&self, id: LookupId) -> &Lookup {
        &self.lookups[id.0 as usize]
    }

    /// A service.
    pub fn subgraph(&self, id: SubgraphId) -> &Subgraph {
        &self.subgraphs[id.0 as usize]
    }

    /// A connect of a service, by its place.
    pub fn connect(&self, subgraph: SubgraphId, connect: usize) -> Option<&Arc<Connect>> {
        match &self.subgraph(subgraph).kind {
            SubgraphKind::Connectors { connects, .. } => connects.get(connect),
            _ => None,
        }
    }

    /// The lookups that start from rows of this very type.
    pub fn lookups_on(&self, ty: TypeId) -> &[LookupId] {
        &self.by_type[ty.0 as usize]
    }
}
