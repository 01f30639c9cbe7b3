//! The nodes and lookups of connects.
//!
//! A connect provides exactly what its selection yields. So each composite value of the selection is a node of its own,
//! usually with fewer edges than its type has fields.

use std::collections::BTreeMap;

use apollo_compiler::Name;
use apollo_compiler::schema::ExtendedType;

use super::ConnectMode;
use super::Edge;
use super::FieldSet;
use super::Lookup;
use super::LookupKind;
use super::NodeId;
use super::SubgraphId;
use super::TypeId;
use super::build::COST_BATCH;
use super::build::COST_PER_ROW;
use super::build::GraphBuilder;
use super::build::Resolution;
use super::build::fields_of;
use super::build::members_of;
use crate::connector::Connect;
use crate::connector::ConnectKind;
use crate::connector::Site;
use crate::document::Value;
use crate::mapping::Shape;

/// What a selection yields as one object.
#[derive(Debug, Clone, Default)]
pub(super) struct Yield {
    /// The fields, with what they yield below; `None` if the upstream's value is passed on unchanged.
    pub(super) fields: BTreeMap<String, Option<Yield>>,
}

/// Adds the node and lookup (two for an entity field) of one connect.
pub(super) fn add(
    builder: &mut GraphBuilder<'_>,
    subgraph_id: SubgraphId,
    connect_index: usize,
    connect: &Connect,
) {
    let Some(result_type) = result_type(builder, subgraph_id, connect) else {
        return;
    };
    let result = match result_type {
        ResultType::Leaf => None,
        ResultType::Composite(ty) => {
            yielded(connect).map(|yielded| add_node(builder, subgraph_id, ty, &yielded))
        }
    };
    match (&connect.site, &connect.kind) {
        (Site::Field { parent, field }, ConnectKind::Root { entity_key }) => {
            let Some(on) = builder.types.id(parent) else {
                return;
            };
            let to = add_field_node(builder, subgraph_id, on, field, result);
            add_lookup(
                builder,
                subgraph_id,
                connect_index,
                on,
                to,
                ConnectMode::Root,
                FieldSet::default(),
                COST_PER_ROW,
            );
            if let (Some(key), Some(result), ResultType::Composite(ty)) =
                (entity_key, result, result_type)
            {
                add_lookup(
                    builder,
                    subgraph_id,
                    connect_index,
                    ty,
                    result,
                    ConnectMode::Explicit,
                    key.clone(),
                    COST_PER_ROW,
                );
            }
        }
        (Site::Field { parent, field }, ConnectKind::Implicit { key }) => {
            let Some(on) = builder.types.id(parent) else {
                return;
            };
            let to = add_field_node(builder, subgraph_id, on, field, result);
            add_lookup(
                builder,
                subgraph_id,
                connect_index,
                on,
                to,
                ConnectMode::Implicit,
                key.clone(),
                COST_PER_ROW,
            );
        }
        (Site::Type { name }, ConnectKind::Batch { key, .. }) => {
            let (Some(on), Some(to)) = (builder.types.id(name), result) else {
                return;
            };
            add_lookup(
                builder,
                subgraph_id,
                connect_index,
                on,
                to,
                ConnectMode::Batch,
                key.clone(),
                COST_BATCH,
            );
        }
        (Site::Type { name }, ConnectKind::Single { key }) => {
            let (Some(on), Some(to)) = (builder.types.id(name), result) else {
                return;
            };
            add_lookup(
                builder,
                subgraph_id,
                connect_index,
                on,
                to,
                ConnectMode::Single,
                key.clone(),
                COST_PER_ROW,
            );
        }
        // The folder's reader refuses every other combination.
        _ => {}
    }
}

/// The type of what a connect's selection fills.
#[derive(Clone, Copy)]
enum ResultType {
    Leaf,
    Composite(TypeId),
}

fn result_type(
    builder: &GraphBuilder<'_>,
    subgraph_id: SubgraphId,
    connect: &Connect,
) -> Option<ResultType> {
    let schema = &builder.composed.subgraphs[subgraph_id.0 as usize].schema;
    match &connect.site {
        Site::Type { name } => builder.types.id(name).map(ResultType::Composite),
        Site::Field { parent, field } => {
            let definition = schema.type_field(parent, field).ok()?;
            let ty = builder.types.id(definition.ty.inner_named_type());
            Some(ty.map_or(ResultType::Leaf, ResultType::Composite))
        }
    }
}

/// A node with one field: what a connect on a field provides to the rows that it is called for.
fn add_field_node(
    builder: &mut GraphBuilder<'_>,
    subgraph_id: SubgraphId,
    on: TypeId,
    field: &Name,
    to: Option<NodeId>,
) -> NodeId {
    let node = builder.add_node(subgraph_id, on);
    let label = match label_of(builder, subgraph_id, on, field) {
        Ok(label) => label,
        Err(()) => return node,
    };
    builder.nodes[node.0 as usize].fields.insert(
        field.clone(),
        Edge {
            to,
            requires: None,
            label,
        },
    );
    node
}

/// The override label of a field, or an error if another subgraph overrides it without a label.
fn label_of(
    builder: &GraphBuilder<'_>,
    subgraph_id: SubgraphId,
    ty: TypeId,
    field: &Name,
) -> Result<Option<(String, bool)>, ()> {
    let subgraph = &builder.composed.subgraphs[subgraph_id.0 as usize];
    let name = builder.types.name(ty);
    let Ok(definition) = subgraph.schema.type_field(name, field) else {
        return Ok(None);
    };
    match builder.resolution(&subgraph.name, name, definition) {
        Resolution::Resolves => Ok(None),
        Resolution::When(label, outcome) => Ok(Some((label, outcome))),
        Resolution::Overridden => Err(()),
    }
}

fn add_node(
    builder: &mut GraphBuilder<'_>,
    subgraph_id: SubgraphId,
    ty: TypeId,
    yielded: &Yield,
) -> NodeId {
    let node = builder.add_node(subgraph_id, ty);
    let composed = builder.composed;
    let schema = &composed.subgraphs[subgraph_id.0 as usize].schema;
    let type_name = builder.types.name(ty).clone();
    let Some(definition) = schema.types.get(&type_name) else {
        return node;
    };
    if let ExtendedType::Interface(_) | ExtendedType::Union(_) = definition {
        add_members(builder, subgraph_id, node, ty, yielded);
    }
    for (field_name, field) in fields_of(definition) {
        let Some(below) = yielded.fields.get(field_name.as_str()) else {
            continue;
        };
        let Ok(label) = label_of(builder, subgraph_id, ty, field_name) else {
            continue;
        };
        let to = match (builder.types.id(field.ty.inner_named_type()), below) {
            (Some(inner), Some(below)) => Some(add_node(builder, subgraph_id, inner, below)),
            (Some(_), None) => continue,
            (None, _) => None,
        };
        builder.nodes[node.0 as usize].fields.insert(
            field_name.clone(),
            Edge {
                to,
                requires: None,
                label,
            },
        );
    }
    node
}

/// Adds a node for each member of an abstract type: `__typename` may be any member that the folder defines.
fn add_members(
    builder: &mut GraphBuilder<'_>,
    subgraph_id: SubgraphId,
    node: NodeId,
    ty: TypeId,
    yielded: &Yield,
) {
    let schema = &builder.composed.subgraphs[subgraph_id.0 as usize].schema;
    for member in members_of(schema, builder.types.name(ty)) {
        if let Some(member) = builder.types.id(&member) {
            let to = add_node(builder, subgraph_id, member, yielded);
            builder.nodes[node.0 as usize].downcasts.insert(member, to);
        }
    }
}

#[allow(clippy::too_many_arguments)]
fn add_lookup(
    builder: &mut GraphBuilder<'_>,
    subgraph_id: SubgraphId,
    connect: usize,
    on: TypeId,
    to: NodeId,
    mode: ConnectMode,
    key: FieldSet,
    cost: u32,
) {
    let kind = LookupKind::Connect { connect, mode };
    builder.lookups.push(Lookup {
        subgraph: subgraph_id,
        on,
        to,
        kind,
        key,
        cost,
    });
}

/// What a connect's selection yields as an object; `None` if that is not known statically.
fn yielded(connect: &Connect) -> Option<Yield> {
    of_shape(connect.selection.shape())
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
