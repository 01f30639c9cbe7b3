//! The query graph as satisfiability and planning read it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use apollo_compiler::{Name, Schema, ast};

use super::types::{TypeId, TypeTable};
use crate::connector::{Connect, FieldSet, FileField, Subgraph, SubgraphKind};

/// A subgraph, as an index into [`QueryGraph::subgraphs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubgraphId(pub u32);

/// A node, as an index into [`QueryGraph::nodes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

/// A lookup, as an index into [`QueryGraph::lookups`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LookupId(pub u32);

/// A context, as an index into [`QueryGraph::contexts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContextId(pub u32);

/// A type as one subgraph offers it: a type of a GraphQL service, or one composite value in the selection of a connect.
#[derive(Debug, Clone)]
pub struct Node {
    /// The subgraph that is read here.
    pub subgraph: SubgraphId,
    /// The type of the object here.
    pub ty: TypeId,
    /// The fields that can be read here without another call.
    pub fields: BTreeMap<Name, Edge>,
    /// At an abstract type: the object types that the subgraph knows, and their nodes.
    pub downcasts: BTreeMap<TypeId, NodeId>,
    /// An `@interfaceObject`: the subgraph does not know the concrete type.
    pub interface_object: bool,
}

/// A field that a node offers.
#[derive(Debug, Clone, Default)]
pub struct Edge {
    /// The node of its sub-selection; `None` for a leaf.
    pub to: Option<NodeId>,
    /// `@requires`: the fields that a representation must have, so that the service can resolve this one.
    pub requires: Option<FieldSet>,
    /// `@fromContext`: the arguments whose value comes from an ancestor. A field with one is read only by entering a lookup,
    /// so it has [`Edge::requires`] too, which may be empty.
    pub contextual: Vec<ContextualArgument>,
    /// `@override` with a label: the edge exists only if this is the label's outcome.
    pub label: Option<(String, bool)>,
}

/// An argument whose value comes from the nearest ancestor with a context.
#[derive(Debug, Clone, PartialEq)]
pub struct ContextualArgument {
    /// The argument.
    pub name: Name,
    /// Its type in the subgraph.
    pub ty: ast::Type,
    /// The context and what is selected of it.
    pub context: ContextId,
}

/// A context of a subgraph, together with a selection of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Context {
    /// The subgraph.
    pub subgraph: SubgraphId,
    /// Its name there.
    pub name: String,
    /// What is selected of an ancestor, by the object type of the ancestor: a path of fields to one value. Ancestors of other
    /// types do not have the context.
    pub selections: BTreeMap<TypeId, FieldSet>,
}

/// How a subgraph is entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupKind {
    /// A root operation of a GraphQL service: one call serves any number of its root fields.
    Operation,
    /// `_entities` with this `__typename` in the representation.
    Entities {
        /// The concrete type's name, or the interface's for an `@interfaceObject`.
        typename: Name,
    },
    /// A call of a connect.
    Connect {
        /// The index among the subgraph's connects.
        connect: usize,
        /// How it is called.
        mode: ConnectMode,
    },
}

/// How a connect is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectMode {
    /// A root field, with the field's arguments.
    Root,
    /// A root field with `entity: true`, its arguments taken from the key.
    Explicit,
    /// A field of a type, with `$this` and the field's arguments.
    Implicit,
    /// A type, with many keys in one call.
    Batch,
    /// A type, with one key per call.
    Single,
    /// A root field with `@entityList`: its whole list, in which the objects are found by their key.
    List,
}

/// The cost of a call that serves many rows.
pub(super) const COST_BATCH: u32 = 10;
/// The cost of a call for a whole list that serves many rows: it reads more than these need.
pub(super) const COST_LIST: u32 = 12;
/// The cost of a call for a whole list where there is only one row: more than a call for that row.
pub(super) const COST_LIST_FOR_ONE: u32 = 32;
/// The cost of a call per row.
pub(super) const COST_PER_ROW: u32 = 30;

/// A way into a subgraph from rows of a type.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// The subgraph that it enters.
    pub subgraph: SubgraphId,
    /// The type of the rows that it starts from.
    pub on: TypeId,
    /// The node at which it arrives.
    pub to: NodeId,
    /// How the subgraph is called.
    pub kind: LookupKind,
    /// The fields of a row that must be known; empty for root operations.
    pub key: FieldSet,
    /// Its relative cost: calls cost more than fields, and a call per row more than a batch.
    pub cost: u32,
}

impl Lookup {
    /// What it costs in addition to [`Lookup::cost`] where it serves a single row: for that, a whole list is not worth while.
    pub fn extra_cost_for_one(&self) -> u32 {
        match self.kind {
            LookupKind::Connect {
                mode: ConnectMode::List,
                ..
            } => COST_LIST_FOR_ONE - COST_LIST,
            _ => 0,
        }
    }
}

/// Globally unique ids: the types that have them.
#[derive(Debug)]
pub struct Identification {
    /// The subgraph that the gateway adds.
    pub subgraph: SubgraphId,
    /// For each type, the lookups that tell whether an object exists: those of the connector with `@node`, by the key of the
    /// ids.
    pub lookups: BTreeMap<TypeId, Vec<LookupId>>,
}

/// A field that yields a file.
#[derive(Debug, Clone)]
pub struct FileOfSubgraph {
    /// The name of the subgraph.
    pub subgraph: Arc<str>,
    /// The field.
    pub field: Arc<FileField>,
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
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The lookups.
    pub lookups: Vec<Lookup>,
    /// The contexts that edges use.
    pub contexts: Vec<Context>,
    /// What is known about globally unique ids, if some type has `@node`.
    pub identification: Option<Identification>,
    /// The fields with `@file`, with their subgraphs, by their coordinates.
    pub(super) files: HashMap<String, FileOfSubgraph>,
    /// The lookups by the type of the rows that they start from.
    pub(super) by_type: Vec<Vec<LookupId>>,
}

impl QueryGraph {
    /// A node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// A lookup.
    pub fn lookup(&self, id: LookupId) -> &Lookup {
        &self.lookups[id.0 as usize]
    }

    /// A context.
    pub fn context(&self, id: ContextId) -> &Context {
        &self.contexts[id.0 as usize]
    }

    /// A subgraph.
    pub fn subgraph(&self, id: SubgraphId) -> &Subgraph {
        &self.subgraphs[id.0 as usize]
    }

    /// A connect of a subgraph, by its index.
    pub fn connect(&self, subgraph: SubgraphId, connect: usize) -> Option<&Arc<Connect>> {
        match &self.subgraph(subgraph).kind {
            SubgraphKind::Connectors { connects, .. } => connects.get(connect),
            _ => None,
        }
    }

    /// The field of an object type, if it yields a file.
    pub fn file(&self, ty: TypeId, field: &str) -> Option<&FileOfSubgraph> {
        if self.files.is_empty() {
            return None;
        }
        self.files.get(&format!("{}.{field}", self.types.name(ty)))
    }

    /// Whether a field yields a file.
    pub fn has_files(&self) -> bool {
        !self.files.is_empty()
    }

    /// The composite type of a field of an object type or interface.
    pub fn field_type(&self, parent: TypeId, field: &str) -> Option<TypeId> {
        let definition = self.merged.type_field(self.types.name(parent), field);
        self.types.id(definition.ok()?.ty.inner_named_type())
    }

    /// The object types that objects at a node can have, as far as its subgraph knows; none for an `@interfaceObject`.
    pub fn members(&self, node: NodeId) -> Vec<TypeId> {
        let node = self.node(node);
        if self.types.info(node.ty).is_object {
            return vec![node.ty];
        }
        node.downcasts.keys().copied().collect()
    }

    /// The object types that the same objects at several nodes can have: a type that each subgraph knows. `None` if no
    /// subgraph tells, because all nodes are those of an `@interfaceObject`.
    pub fn common_members(&self, nodes: impl IntoIterator<Item = NodeId>) -> Option<Vec<TypeId>> {
        let telling = nodes
            .into_iter()
            .filter(|node| !self.node(*node).interface_object);
        telling
            .map(|node| self.members(node))
            .reduce(|mut common, members| {
                common.retain(|member| members.contains(member));
                common
            })
    }

    /// At a node of an abstract type: whether its subgraph resolves a field for each member type. A member's field may be
    /// `@external`, although the interface has it.
    pub fn resolves_for_members(&self, node: NodeId, field: &str) -> bool {
        let mut members = self.node(node).downcasts.values();
        members.all(|member| {
            let edge = self.node(*member).fields.get(field);
            edge.is_some_and(|edge| edge.requires.is_none())
        })
    }

    /// The node of the objects of one object type among those at a node; `None` if the subgraph has no such objects.
    pub fn narrowed(&self, id: NodeId, ty: TypeId) -> Option<NodeId> {
        let node = self.node(id);
        if node.ty == ty || node.interface_object {
            return Some(id);
        }
        node.downcasts.get(&ty).copied()
    }

    /// The lookups that start from rows of exactly this type.
    pub fn lookups_on(&self, ty: TypeId) -> &[LookupId] {
        &self.by_type[ty.0 as usize]
    }
}
