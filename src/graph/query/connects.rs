//! The nodes and lookups of connects.
//!
//! A connect provides exactly what its selection yields. So each composite value of the selection is a node of its own,
//! usually with fewer edges than its type has fields.

use std::collections::BTreeMap;

use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Schema};

use super::builder::{GraphBuilder, members_of};
use super::graph::{
    COST_BATCH, COST_LIST, COST_PER_ROW, ConnectMode, Edge, Lookup, LookupKind, NodeId, SubgraphId,
};
use super::overridden::Resolution;
use super::types::TypeId;
use crate::connector::{Connect, ConnectKind, EntityList, FieldSet, FieldSetItem, Site};
use crate::document::Value;
use crate::graph::field_sets::fields_of;
use crate::mapping::Shape;

/// What a selection yields as one object.
#[derive(Debug, Clone, Default)]
pub(super) struct Yield {
    /// The fields, with what they yield below; `None` if the upstream's value is passed on unchanged.
    pub(super) fields: BTreeMap<String, Option<Yield>>,
}

/// Adds the node and lookup (two for an entity field or the list of all entities) of one connect.
pub(super) fn add(
    builder: &mut GraphBuilder<'_>,
    subgraph_id: SubgraphId,
    connect_index: usize,
    connect: &Connect,
) {
    ConnectBuilder {
        builder,
        subgraph_id,
        connect_index,
        connect,
    }
    .add();
}

/// One connect and the graph that it is added to.
struct ConnectBuilder<'b, 'g> {
    builder: &'b mut GraphBuilder<'g>,
    subgraph_id: SubgraphId,
    connect_index: usize,
    connect: &'b Connect,
}

/// The type of what a connect's selection fills.
#[derive(Clone, Copy)]
enum ResultType {
    Leaf,
    Composite(TypeId),
}

impl ConnectBuilder<'_, '_> {
    fn add(&mut self) {
        let Some(result_type) = self.result_type() else {
            return;
        };
        let result = match result_type {
            ResultType::Leaf => None,
            ResultType::Composite(ty) => {
                yielded(self.connect).map(|yielded| self.add_node(ty, &yielded))
            }
        };
        match (&self.connect.site, &self.connect.kind) {
            (Site::Field { parent, field }, ConnectKind::Root { entity_key }) => {
                let Some(on) = self.builder.types.id(parent) else {
                    return;
                };
                let to = self.add_field_node(on, field, result);
                self.add_lookup(on, to, ConnectMode::Root, FieldSet::default());
                if let (Some(key), Some(result), ResultType::Composite(ty)) =
                    (entity_key, result, result_type)
                {
                    self.add_lookup(ty, result, ConnectMode::Explicit, key.clone());
                }
                if let (Some(list), Some(result), ResultType::Composite(ty)) = (
                    self.connect.options.get::<EntityList>(),
                    result,
                    result_type,
                ) {
                    self.add_lookup(ty, result, ConnectMode::List, list.key.clone());
                }
            }
            (Site::Field { parent, field }, ConnectKind::Implicit { key }) => {
                let Some(on) = self.builder.types.id(parent) else {
                    return;
                };
                let to = self.add_field_node(on, field, result);
                self.add_lookup(on, to, ConnectMode::Implicit, key.clone());
            }
            (Site::Type { name }, ConnectKind::Batch { key, field, .. }) => {
                if let (Some(field), Some(result)) = (field, result) {
                    self.keep(result, field, key);
                }
                self.add_type_lookup(name, result, ConnectMode::Batch, key);
            }
            (Site::Type { name }, ConnectKind::Single { key }) => {
                self.add_type_lookup(name, result, ConnectMode::Single, key);
            }
            // The folder's reader refuses every other combination.
            _ => {}
        }
    }

    /// Leaves a batch for one field nothing but this field and the key: it has the arguments of no other.
    fn keep(&mut self, node: NodeId, field: &Name, key: &FieldSet) {
        let is_key = |name: &Name| {
            let mut items = key.items.iter();
            items.any(
                |item| matches!(item, FieldSetItem::Field { name: of_key, .. } if of_key == name),
            )
        };
        let node = &mut self.builder.nodes[node.0 as usize];
        node.fields.retain(|name, _| name == field || is_key(name));
    }

    fn schema(&self) -> &Schema {
        &self.builder.composed.subgraphs[self.subgraph_id.0 as usize].schema
    }

    fn result_type(&self) -> Option<ResultType> {
        let types = &self.builder.types;
        match &self.connect.site {
            Site::Type { name } => types.id(name).map(ResultType::Composite),
            Site::Field { parent, field } => {
                let definition = self.schema().type_field(parent, field).ok()?;
                let ty = types.id(definition.ty.inner_named_type());
                Some(ty.map_or(ResultType::Leaf, ResultType::Composite))
            }
        }
    }

    fn add_lookup(&mut self, on: TypeId, to: NodeId, mode: ConnectMode, key: FieldSet) {
        let cost = match mode {
            ConnectMode::Batch => COST_BATCH,
            ConnectMode::List => COST_LIST,
            ConnectMode::Root
            | ConnectMode::Explicit
            | ConnectMode::Implicit
            | ConnectMode::Single => COST_PER_ROW,
        };
        let lookup = Lookup {
            subgraph: self.subgraph_id,
            on,
            to,
            kind: LookupKind::Connect {
                connect: self.connect_index,
                mode,
            },
            key,
            cost,
        };
        self.builder.add_lookup(lookup);
    }

    /// Adds the lookup of a connect on a type.
    fn add_type_lookup(
        &mut self,
        name: &Name,
        result: Option<NodeId>,
        mode: ConnectMode,
        key: &FieldSet,
    ) {
        if let (Some(on), Some(to)) = (self.builder.types.id(name), result) {
            self.add_lookup(on, to, mode, key.clone());
        }
    }

    /// A node with one field: what a connect on a field provides to the rows that it is called for.
    fn add_field_node(&mut self, on: TypeId, field: &Name, to: Option<NodeId>) -> NodeId {
        let node = self.builder.add_node(self.subgraph_id, on);
        if let Ok(label) = self.label_of(on, field) {
            self.add_edge(node, field, to, label);
        }
        node
    }

    fn add_edge(
        &mut self,
        node: NodeId,
        field: &Name,
        to: Option<NodeId>,
        label: Option<(String, bool)>,
    ) {
        let edge = Edge {
            to,
            label,
            ..Edge::default()
        };
        let node = &mut self.builder.nodes[node.0 as usize];
        node.fields.insert(field.clone(), edge);
    }

    /// The override label of a field, or an error if another subgraph overrides it without a label.
    fn label_of(&self, ty: TypeId, field: &Name) -> Result<Option<(String, bool)>, ()> {
        let subgraph = &self.builder.composed.subgraphs[self.subgraph_id.0 as usize];
        let name = self.builder.types.name(ty);
        let Ok(definition) = subgraph.schema.type_field(name, field) else {
            return Ok(None);
        };
        match self.builder.resolution(&subgraph.name, name, definition) {
            Resolution::Resolves => Ok(None),
            Resolution::When(label, outcome) => Ok(Some((label, outcome))),
            Resolution::Overridden => Err(()),
        }
    }

    /// Adds the node of a composite value that the selection yields, and the nodes below it.
    fn add_node(&mut self, ty: TypeId, yielded: &Yield) -> NodeId {
        let node = self.builder.add_node(self.subgraph_id, ty);
        let composed = self.builder.composed;
        let schema = &composed.subgraphs[self.subgraph_id.0 as usize].schema;
        let type_name = self.builder.types.name(ty).clone();
        let Some(definition) = schema.types.get(&type_name) else {
            return node;
        };
        if let ExtendedType::Interface(_) | ExtendedType::Union(_) = definition {
            self.add_members(node, ty, yielded);
        }
        for (field_name, field) in fields_of(definition) {
            let Some(below) = yielded.fields.get(field_name.as_str()) else {
                continue;
            };
            let Ok(label) = self.label_of(ty, field_name) else {
                continue;
            };
            let inner = self.builder.types.id(field.ty.inner_named_type());
            let to = match (inner, below) {
                (Some(inner), Some(below)) => Some(self.add_node(inner, below)),
                (Some(_), None) => continue,
                (None, _) => None,
            };
            self.add_edge(node, field_name, to, label);
        }
        node
    }

    /// Adds a node for each member of an abstract type: `__typename` may be any member that the folder defines.
    fn add_members(&mut self, node: NodeId, ty: TypeId, yielded: &Yield) {
        for member in members_of(self.schema(), self.builder.types.name(ty)) {
            if let Some(member) = self.builder.types.id(&member) {
                let to = self.add_node(member, yielded);
                let node = &mut self.builder.nodes[node.0 as usize];
                node.downcasts.insert(member, to);
            }
        }
    }
}

/// What a connect's selection yields as an object; `None` if that is not known statically.
fn yielded(connect: &Connect) -> Option<Yield> {
    let mut yielded = of_shape(connect.selection.shape())?;
    let refusal = connect.refusal.as_ref();
    if let Some(refusal) = refusal.and_then(|refusal| of_shape(refusal.selection.shape())) {
        yielded.add(refusal);
    }
    Some(yielded)
}

fn of_shape(shape: &Shape) -> Option<Yield> {
    match shape {
        Shape::Object { fields, .. } => {
            let fields = fields
                .iter()
                .map(|(name, shape)| (name.to_string(), of_shape(shape)))
                .collect();
            Some(Yield { fields })
        }
        Shape::OneOf(shapes) | Shape::Array(shapes) => {
            let mut all: Option<Yield> = None;
            for yielded in shapes.iter().filter_map(of_shape) {
                match &mut all {
                    None => all = Some(yielded),
                    Some(all) => all.add(yielded),
                }
            }
            all
        }
        Shape::Literal(value) => of_value(value),
        Shape::Any | Shape::Scalar(_) => None,
    }
}

fn of_value(value: &Value) -> Option<Yield> {
    let fields = value
        .as_object()?
        .iter()
        .map(|(name, value)| (name.to_string(), of_value(value)))
        .collect();
    Some(Yield { fields })
}

impl Yield {
    fn add(&mut self, other: Yield) {
        for (name, below) in other.fields {
            match (self.fields.get_mut(&name), below) {
                (Some(Some(existing)), Some(below)) => existing.add(below),
                (Some(_), None) => {}
                (_, below) => {
                    self.fields.insert(name, below);
                }
            }
        }
    }
}
