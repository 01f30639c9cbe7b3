//! The query graph while it is built, and what the nodes of services and of connects have in common.

use std::collections::BTreeMap;

use apollo_compiler::ast::FieldDefinition;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Schema};

use super::graph::{Context, Lookup, Node, NodeId, SubgraphId};
use super::overridden::{OverriddenFields, Resolution};
use super::types::{TypeId, TypeTable};
use crate::graph::Composed;

/// The graph while it is built.
pub(super) struct GraphBuilder<'a> {
    pub(super) composed: &'a Composed,
    pub(super) types: TypeTable,
    pub(super) nodes: Vec<Node>,
    pub(super) lookups: Vec<Lookup>,
    pub(super) contexts: Vec<Context>,
    overrides: OverriddenFields,
}

impl<'a> GraphBuilder<'a> {
    pub(super) fn new(composed: &'a Composed) -> Self {
        GraphBuilder {
            composed,
            types: TypeTable::new(&composed.merged),
            nodes: Vec::new(),
            lookups: Vec::new(),
            contexts: Vec::new(),
            overrides: OverriddenFields::collect(&composed.subgraphs),
        }
    }

    pub(super) fn add_node(&mut self, subgraph_id: SubgraphId, ty: TypeId) -> NodeId {
        self.nodes.push(Node {
            subgraph: subgraph_id,
            ty,
            fields: BTreeMap::new(),
            downcasts: BTreeMap::new(),
            interface_object: self.is_interface_object(subgraph_id, ty),
        });
        NodeId((self.nodes.len() - 1) as u32)
    }

    /// An `@interfaceObject` is an object type of its subgraph that is an interface in the graph.
    fn is_interface_object(&self, subgraph: SubgraphId, ty: TypeId) -> bool {
        let name = self.types.name(ty);
        let here = &self.composed.subgraphs[subgraph.0 as usize].schema.types;
        let merged = &self.composed.merged.types;
        here.get(name).is_some_and(ExtendedType::is_object)
            && merged.get(name).is_some_and(ExtendedType::is_interface)
    }

    /// Adds a lookup. One of an `@interfaceObject` looks up the objects of each implementation, too.
    pub(super) fn add_lookup(&mut self, lookup: Lookup) {
        let members = if self.nodes[lookup.to.0 as usize].interface_object {
            self.types.info(lookup.on).possible.as_slice()
        } else {
            &[]
        };
        self.lookups.push(lookup.clone());
        for &on in members {
            self.lookups.push(Lookup {
                on,
                ..lookup.clone()
            });
        }
    }

    /// Whether a subgraph resolves a field, with `@override` applied.
    pub(super) fn resolution(
        &self,
        subgraph: &str,
        ty: &str,
        field: &FieldDefinition,
    ) -> Resolution {
        self.overrides.resolution(subgraph, ty, field)
    }
}

/// The object types that a subgraph knows as members of an abstract type.
pub(super) fn members_of(schema: &Schema, name: &Name) -> Vec<Name> {
    match schema.types.get(name) {
        Some(ExtendedType::Union(union_)) => union_
            .members
            .iter()
            .map(|member| member.name.clone())
            .collect(),
        Some(ExtendedType::Interface(_)) => schema
            .types
            .iter()
            .filter(|(_, ty)| {
                matches!(ty, ExtendedType::Object(object)
                    if object.implements_interfaces.iter().any(|interface| interface.name == *name))
            })
            .map(|(member, _)| member.clone())
            .collect(),
        _ => Vec::new(),
    }
}
