//! Builds the query graph: the nodes and lookups of GraphQL services here, those of connects in `connects`.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::Schema;
use apollo_compiler::ast::FieldDefinition;
use apollo_compiler::schema::Component;
use apollo_compiler::schema::ExtendedType;
use indexmap::IndexMap;

use super::Composed;
use super::Edge;
use super::FieldSet;
use super::Lookup;
use super::LookupId;
use super::LookupKind;
use super::Node;
use super::NodeId;
use super::QueryGraph;
use super::SubgraphId;
use super::TypeId;
use super::TypeTable;
use super::connects;
use crate::connector::FieldSetItem;
use crate::connector::Subgraph;
use crate::connector::SubgraphKind;

/// The cost of a call that serves many rows.
pub(super) const COST_BATCH: u32 = 10;
/// The cost of a call per row.
pub(super) const COST_PER_ROW: u32 = 30;

/// The graph while it is built.
pub(super) struct GraphBuilder<'a> {
    pub(super) composed: &'a Composed,
    pub(super) types: TypeTable,
    pub(super) nodes: Vec<Node>,
    pub(super) lookups: Vec<Lookup>,
    overrides: OverriddenFields,
}

pub(super) fn build(composed: &Composed) -> QueryGraph {
    let mut builder = GraphBuilder {
        composed,
        types: TypeTable::new(&composed.merged),
        nodes: Vec::new(),
        lookups: Vec::new(),
        overrides: OverriddenFields::collect(&composed.subgraphs),
    };
    for (index, subgraph) in composed.subgraphs.iter().enumerate() {
        let subgraph_id = SubgraphId(index as u32);
        match &subgraph.kind {
            SubgraphKind::Connectors { connects, .. } => {
                for (connect_index, connect) in connects.iter().enumerate() {
                    connects::add(&mut builder, subgraph_id, connect_index, connect);
                }
            }
            SubgraphKind::Service(_) | SubgraphKind::Native => {
                builder.add_service(subgraph_id, subgraph)
            }
        }
    }
    let mut by_type = vec![Vec::new(); builder.types.iter().count()];
    for (index, lookup) in builder.lookups.iter().enumerate() {
        by_type[lookup.on.0 as usize].push(LookupId(index as u32));
    }
    QueryGraph {
        merged: Arc::clone(&composed.merged),
        subgraphs: Arc::clone(&composed.subgraphs),
        types: builder.types,
        nodes: builder.nodes,
        lookups: builder.lookups,
        by_type,
    }
}

impl GraphBuilder<'_> {
    pub(super) fn add_node(&mut self, subgraph_id: SubgraphId, ty: TypeId) -> NodeId {
        self.nodes.push(Node {
            subgraph: subgraph_id,
            ty,
            fields: BTreeMap::new(),
            downcasts: BTreeMap::new(),
            interface_object: false,
        });
        NodeId((self.nodes.len() - 1) as u32)
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

    fn add_service(&mut self, subgraph_id: SubgraphId, subgraph: &Subgraph) {
        let schema = &subgraph.schema;
        let mut node_of: HashMap<Name, NodeId> = HashMap::new();
        let defined = schema.types.iter().filter(|(_, ty)| !ty.is_built_in());
        let mut names: Vec<&Name> = defined
            .map(|(name, _)| name)
            .filter(|name| self.types.id(name).is_some())
            .collect();
        names.sort();
        for name in &names {
            let Some(ty) = self.types.id(name) else {
                continue;
            };
            let node = self.add_node(subgraph_id, ty);
            node_of.insert((*name).clone(), node);
        }
        for name in &names {
            self.fill_service_node(subgraph, name, &node_of);
        }
        for name in &names {
            self.add_provides(subgraph, name, &node_of);
        }
        self.add_root_lookups(subgraph_id, schema, &node_of);
        for name in names {
            self.add_entity_lookups(subgraph_id, schema, name, &node_of);
        }
    }

    /// Whether merging took a field to be external. An `@external` key field of an extension, for example, is not.
    fn is_external(&self, subgraph: &str, parent: &Name, field: &Name) -> bool {
        let graph = self.composed.graph(subgraph);
        let join = self.composed.joins.field(parent, field);
        let field = join.and_then(|join| join.graphs.get(&graph?));
        field.is_some_and(|field| field.external)
    }

    fn fill_service_node(
        &mut self,
        subgraph: &Subgraph,
        name: &Name,
        node_of: &HashMap<Name, NodeId>,
    ) {
        let schema = &subgraph.schema;
        let (Some(definition), Some(&node)) = (schema.types.get(name), node_of.get(name)) else {
            return;
        };
        let keys = key_field_names(definition.directives());
        let mut fields = BTreeMap::new();
        for (field_name, field) in fields_of(definition) {
            if self.is_external(&subgraph.name, name, field_name) {
                continue;
            }
            let label = match self.resolution(&subgraph.name, name, field) {
                // A key field has the same value in every subgraph. Even if another subgraph overrides it, it
                // identifies the objects of this one.
                _ if keys.contains(field_name.as_str()) => None,
                Resolution::Resolves => None,
                Resolution::When(label, outcome) => Some((label, outcome)),
                Resolution::Overridden => continue,
            };
            let requires = field.directives.get("requires").and_then(fields_argument);
            let to = node_of.get(field.ty.inner_named_type()).copied();
            fields.insert(
                field_name.clone(),
                Edge {
                    to,
                    requires,
                    label,
                },
            );
        }
        let downcasts = members_of(schema, name)
            .into_iter()
            .filter_map(|member| Some((self.types.id(&member)?, *node_of.get(&member)?)))
            .collect();
        let merged_is_interface = matches!(
            self.composed.merged.types.get(name),
            Some(ExtendedType::Interface(_))
        );
        let target = &mut self.nodes[node.0 as usize];
        target.interface_object =
            matches!(definition, ExtendedType::Object(_)) && merged_is_interface;
        target.fields = fields;
        target.downcasts = downcasts;
    }

    /// Makes a `@provides` field lead to private copies of its target's nodes, with extra edges as deep as the field
    /// set.
    fn add_provides(&mut self, subgraph: &Subgraph, name: &Name, node_of: &HashMap<Name, NodeId>) {
        let (Some(definition), Some(&node)) = (subgraph.schema.types.get(name), node_of.get(name))
        else {
            return;
        };
        for (field_name, field) in fields_of(definition) {
            let Some(provided) = field.directives.get("provides").and_then(fields_argument) else {
                continue;
            };
            let Some(&target) = node_of.get(field.ty.inner_named_type()) else {
                continue;
            };
            let copy = self.private_copy(&subgraph.schema, target, &provided, node_of);
            if let Some(edge) = self.nodes[node.0 as usize].fields.get_mut(field_name) {
                edge.to = Some(copy);
            }
        }
    }

    fn private_copy(
        &mut self,
        schema: &Schema,
        of: NodeId,
        provided: &FieldSet,
        node_of: &HashMap<Name, NodeId>,
    ) -> NodeId {
        let mut copy = self.nodes[of.0 as usize].clone();
        let type_name = self.types.name(copy.ty).clone();
        // Fields that the set selects on an abstract type apply to each of its member types.
        let members: Vec<(TypeId, NodeId)> = copy
            .downcasts
            .iter()
            .map(|(ty, node)| (*ty, *node))
            .collect();
        for (ty, node) in members {
            let member = self.types.name(ty).clone();
            let items = items_for(provided, &member, &type_name);
            if !items.is_empty() {
                let private = self.private_copy(schema, node, &items, node_of);
                copy.downcasts.insert(ty, private);
            }
        }
        for item in &provided.items {
            let FieldSetItem::Field { name, children, .. } = item else {
                continue;
            };
            let Some(definition) = schema.types.get(&type_name) else {
                continue;
            };
            let Some((_, field)) =
                fields_of(definition).find(|(field_name, _)| *field_name == name)
            else {
                continue;
            };
            let existing = copy.fields.get(name).and_then(|edge| edge.to);
            let base = existing.or_else(|| node_of.get(field.ty.inner_named_type()).copied());
            let to = match base {
                Some(base) if !children.is_empty() => {
                    Some(self.private_copy(schema, base, children, node_of))
                }
                other => other,
            };
            copy.fields.insert(
                name.clone(),
                Edge {
                    to,
                    requires: None,
                    label: None,
                },
            );
        }
        self.nodes.push(copy);
        NodeId((self.nodes.len() - 1) as u32)
    }

    fn add_root_lookups(
        &mut self,
        subgraph_id: SubgraphId,
        schema: &Schema,
        node_of: &HashMap<Name, NodeId>,
    ) {
        let definition = &schema.schema_definition;
        let roots = [
            &definition.query,
            &definition.mutation,
            &definition.subscription,
        ];
        let merged = &self.composed.merged.schema_definition;
        let public = [&merged.query, &merged.mutation, &merged.subscription];
        for (root, public) in roots.into_iter().zip(public) {
            let (Some(root), Some(public)) = (root, public) else {
                continue;
            };
            let (Some(&to), Some(on)) = (node_of.get(&root.name), self.types.id(public)) else {
                continue;
            };
            self.lookups.push(Lookup {
                subgraph: subgraph_id,
                on,
                to,
                kind: LookupKind::Operation,
                key: FieldSet::default(),
                cost: COST_BATCH,
            });
        }
    }

    fn add_entity_lookups(
        &mut self,
        subgraph_id: SubgraphId,
        schema: &Schema,
        name: &Name,
        node_of: &HashMap<Name, NodeId>,
    ) {
        let (Some(definition), Some(&to), Some(on)) = (
            schema.types.get(name),
            node_of.get(name),
            self.types.id(name),
        ) else {
            return;
        };
        let interface_object = self.nodes[to.0 as usize].interface_object;
        for directive in definition.directives().get_all("key") {
            let resolvable = directive
                .specified_argument_by_name("resolvable")
                .and_then(|v| v.to_bool());
            let Some(key) = (resolvable != Some(false))
                .then(|| fields_argument(directive))
                .flatten()
            else {
                continue;
            };
            let lookup = |on| Lookup {
                subgraph: subgraph_id,
                on,
                to,
                kind: LookupKind::Entities {
                    typename: name.clone(),
                },
                key: key.clone(),
                cost: COST_BATCH,
            };
            self.lookups.push(lookup(on));
            if interface_object {
                let members = self.types.info(on).possible.clone();
                self.lookups.extend(members.into_iter().map(lookup));
            }
        }
    }
}

/// Whether a subgraph resolves a field, with `@override` applied: always, for one outcome of a label, or never.
pub(super) enum Resolution {
    Resolves,
    When(String, bool),
    Overridden,
}

/// The fields that others override, with the label.
#[derive(Default)]
struct OverriddenFields {
    /// The label, by overridden subgraph, type and field.
    by_overridden: HashMap<String, HashMap<Name, HashMap<Name, Option<String>>>>,
}

impl OverriddenFields {
    fn collect(subgraphs: &[Subgraph]) -> Self {
        let mut overrides = OverriddenFields::default();
        for subgraph in subgraphs {
            let types = subgraph.schema.types.iter();
            for (type_name, definition) in types.filter(|(_, ty)| !ty.is_built_in()) {
                for (field_name, field) in fields_of(definition) {
                    let Some(directive) = field.directives.get("override") else {
                        continue;
                    };
                    let text = |name| {
                        directive
                            .specified_argument_by_name(name)
                            .and_then(|value| value.as_str())
                    };
                    let Some(from) = text("from") else { continue };
                    let of_subgraph = overrides.by_overridden.entry(from.to_owned()).or_default();
                    let of_type = of_subgraph.entry(type_name.clone()).or_default();
                    of_type.insert(field_name.clone(), text("label").map(str::to_owned));
                }
            }
        }
        overrides
    }

    fn resolution(&self, subgraph: &str, ty: &str, field: &FieldDefinition) -> Resolution {
        let of_type = self.by_overridden.get(subgraph).and_then(|of| of.get(ty));
        let overridden = of_type.and_then(|of| of.get(&field.name));
        match overridden {
            Some(Some(label)) => return Resolution::When(label.clone(), false),
            Some(None) => return Resolution::Overridden,
            None => {}
        }
        let label = field.directives.get("override").and_then(|directive| {
            directive
                .specified_argument_by_name("label")
                .and_then(|value| value.as_str())
        });
        label.map_or(Resolution::Resolves, |label| {
            Resolution::When(label.to_owned(), true)
        })
    }
}

/// The fields of an object or interface type.
pub(super) fn fields_of(
    definition: &ExtendedType,
) -> impl Iterator<Item = (&Name, &Component<FieldDefinition>)> {
    let fields: Option<&IndexMap<Name, Component<FieldDefinition>, _>> = match definition {
        ExtendedType::Object(object) => Some(&object.fields),
        ExtendedType::Interface(interface) => Some(&interface.fields),
        _ => None,
    };
    fields.into_iter().flatten()
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

fn key_field_names(directives: &apollo_compiler::schema::DirectiveList) -> HashSet<String> {
    let mut names = HashSet::new();
    for directive in directives.get_all("key") {
        for item in fields_argument(directive).unwrap_or_default().items {
            if let FieldSetItem::Field { name, .. } = item {
                names.insert(name.to_string());
            }
        }
    }
    names
}

/// The `fields:` argument of a directive, parsed. `None` if it does not parse: composition has refused it.
fn fields_argument(
    directive: &apollo_compiler::Node<apollo_compiler::ast::Directive>,
) -> Option<FieldSet> {
    let text = directive.specified_argument_by_name("fields")?.as_str()?;
    FieldSet::parse(text).ok()
}
