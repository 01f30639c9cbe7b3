//! The nodes of fields with `@provides`.
//!
//! A field with `@provides` leads to a copy of its target's node that has the provided fields too, because they can be
//! read on this path only. Below `a: T @provides(fields: "b { x }")`, the field `b` leads to a copy that has `x`; if `b`
//! has a `@provides` itself, to one that has the fields of both.
//!
//! A copy is made once per node and provided fields. So it ends, although types refer to each other: what is provided
//! below a field is a part of what is provided at it, together with the `@provides` of the field.

use std::collections::HashMap;

use apollo_compiler::{Name, Schema};

use super::builder::GraphBuilder;
use super::graph::{Edge, NodeId};
use super::types::TypeId;
use crate::connector::{FieldSet, FieldSetItem};
use crate::graph::field_sets::{self, fields_of, merged};

/// Adds the copies of a service, and makes its fields with `@provides` lead to them.
pub(super) fn add(
    builder: &mut GraphBuilder<'_>,
    schema: &Schema,
    names: &[&Name],
    node_of: &HashMap<Name, NodeId>,
) {
    let mut copies = Copies {
        builder,
        schema,
        node_of,
        made: HashMap::new(),
        sources: HashMap::new(),
    };
    let mut open = Vec::new();
    for name in names {
        copies.lead_to_copies(name, &mut open);
    }
    for (copy, of, provided) in open {
        copies.fill(copy, of, &provided);
    }
}

struct Copies<'c, 'a> {
    builder: &'c mut GraphBuilder<'a>,
    schema: &'c Schema,
    node_of: &'c HashMap<Name, NodeId>,
    /// By node and the text of the provided fields.
    made: HashMap<(NodeId, String), NodeId>,
    /// What each copy was made of.
    sources: HashMap<NodeId, (NodeId, FieldSet)>,
}

impl Copies<'_, '_> {
    /// Makes the fields of a type with `@provides` lead to copies, which `open` lists to be filled: other fields of the
    /// service may lead to copies too.
    fn lead_to_copies(&mut self, name: &Name, open: &mut Vec<(NodeId, NodeId, FieldSet)>) {
        let (Some(definition), Some(&node)) = (self.schema.types.get(name), self.node_of.get(name))
        else {
            return;
        };
        for (field_name, field) in fields_of(definition) {
            let provided = field
                .directives
                .get("provides")
                .and_then(|directive| FieldSet::of_directive(directive));
            let target = self.node_of.get(field.ty.inner_named_type());
            let (Some(provided), Some(&target)) = (provided, target) else {
                continue;
            };
            let (copy, is_new) = self.copy(target, &provided);
            if is_new {
                open.push((copy, target, provided));
            }
            let fields = &mut self.builder.nodes[node.0 as usize].fields;
            if let Some(edge) = fields.get_mut(field_name) {
                edge.to = Some(copy);
            }
        }
    }

    /// The copy of a node with provided fields, and whether it is to be filled.
    fn copy(&mut self, of: NodeId, provided: &FieldSet) -> (NodeId, bool) {
        let key = (of, field_sets::print(provided));
        if let Some(&copy) = self.made.get(&key) {
            return (copy, false);
        }
        let nodes = &mut self.builder.nodes;
        let copy = NodeId(nodes.len() as u32);
        nodes.push(nodes[of.0 as usize].clone());
        self.made.insert(key, copy);
        self.sources.insert(copy, (of, provided.clone()));
        (copy, true)
    }

    /// The filled copy of a node. Of a node that is a copy itself, what that provides is provided too.
    fn filled(&mut self, of: NodeId, provided: &FieldSet) -> NodeId {
        let (of, provided) = match self.sources.get(&of) {
            Some((source, other)) => (*source, merged(provided, other)),
            None => (of, provided.clone()),
        };
        let (copy, is_new) = self.copy(of, &provided);
        if is_new {
            self.fill(copy, of, &provided);
        }
        copy
    }

    fn fill(&mut self, id: NodeId, of: NodeId, provided: &FieldSet) {
        let mut copy = self.builder.nodes[of.0 as usize].clone();
        let type_name = self.builder.types.name(copy.ty).clone();
        // Fields that the set selects on an abstract type apply to each of its member types.
        let members: Vec<(TypeId, NodeId)> = copy
            .downcasts
            .iter()
            .map(|(ty, node)| (*ty, *node))
            .collect();
        for (ty, node) in members {
            let member = self.builder.types.name(ty).clone();
            let items = items_for(provided, &member, &type_name);
            if !items.is_empty() {
                copy.downcasts.insert(ty, self.filled(node, &items));
            }
        }
        for item in &provided.items {
            let FieldSetItem::Field { name, children, .. } = item else {
                continue;
            };
            let Some(field) = field_sets::field(self.schema, &type_name, name) else {
                continue;
            };
            let existing = copy.fields.get(name).and_then(|edge| edge.to);
            let base = existing.or_else(|| self.node_of.get(field.ty.inner_named_type()).copied());
            let to = match base {
                Some(base) if !children.is_empty() => Some(self.filled(base, children)),
                other => other,
            };
            copy.fields.insert(
                name.clone(),
                Edge {
                    to,
                    ..Edge::default()
                },
            );
        }
        self.builder.nodes[id.0 as usize] = copy;
    }
}

/// The items of a field set that apply to an object type at an abstract position.
fn items_for(set: &FieldSet, member: &Name, position: &Name) -> FieldSet {
    let mut items = Vec::new();
    for item in &set.items {
        match item {
            FieldSetItem::Field { .. } if position != member => items.push(item.clone()),
            FieldSetItem::Fragment { on, children } if on == member => {
                items.extend(children.items.iter().cloned())
            }
            _ => {}
        }
    }
    FieldSet { items }
}
