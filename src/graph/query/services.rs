//! The nodes and lookups of GraphQL services.
//!
//! A service has a node for each of its composite types, with an edge for each field that it resolves, and a lookup for
//! each root type and each resolvable key. [`provides`] adds nodes for fields with `@provides`.

use std::collections::{BTreeMap, HashMap, HashSet};

use apollo_compiler::{Name, Schema};

use super::builder::{GraphBuilder, members_of};
use super::graph::{COST_BATCH, Edge, Lookup, LookupKind, NodeId, SubgraphId};
use super::overridden::Resolution;
use super::provides;
use crate::connector::{FieldSet, FieldSetItem, Subgraph};
use crate::graph::field_sets::fields_of;
use crate::graph::identification::names::is_own;

/// Adds the nodes and lookups of a service.
pub(super) fn add(builder: &mut GraphBuilder<'_>, subgraph_id: SubgraphId, subgraph: &Subgraph) {
    builder.add_service(subgraph_id, subgraph);
}

impl GraphBuilder<'_> {
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
            self.fill_service_node(subgraph_id, subgraph, name, &node_of);
        }
        provides::add(self, &subgraph.schema, &names, &node_of);
        self.add_root_lookups(subgraph_id, schema, &node_of);
        for name in names {
            match is_own(subgraph) {
                true => self.add_id_lookup(subgraph_id, subgraph, name),
                false => self.add_entity_lookups(subgraph_id, schema, name, &node_of),
            }
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
        subgraph_id: SubgraphId,
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
            if self.is_external(&subgraph.name, name, field_name)
                || self.is_made_id(subgraph, field_name)
            {
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
            let requires = field
                .directives
                .get("requires")
                .and_then(|directive| FieldSet::of_directive(directive));
            let contextual = self.contextual(subgraph_id, schema, field);
            let to = node_of.get(field.ty.inner_named_type()).copied();
            fields.insert(
                field_name.clone(),
                Edge {
                    to,
                    requires: match contextual.is_empty() {
                        true => requires,
                        false => Some(requires.unwrap_or_default()),
                    },
                    contextual,
                    label,
                },
            );
        }
        let downcasts = members_of(schema, name)
            .into_iter()
            .filter_map(|member| Some((self.types.id(&member)?, *node_of.get(&member)?)))
            .collect();
        let target = &mut self.nodes[node.0 as usize];
        target.fields = fields;
        target.downcasts = downcasts;
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
        for directive in definition.directives().get_all("key") {
            let resolvable = directive
                .specified_argument_by_name("resolvable")
                .and_then(|v| v.to_bool());
            let Some(key) = (resolvable != Some(false))
                .then(|| FieldSet::of_directive(directive))
                .flatten()
            else {
                continue;
            };
            self.add_lookup(Lookup {
                subgraph: subgraph_id,
                on,
                to,
                kind: LookupKind::Entities {
                    typename: name.clone(),
                },
                key,
                cost: COST_BATCH,
            });
        }
    }
}

fn key_field_names(directives: &apollo_compiler::schema::DirectiveList) -> HashSet<String> {
    let mut names = HashSet::new();
    for directive in directives.get_all("key") {
        for item in FieldSet::of_directive(directive).unwrap_or_default().items {
            if let FieldSetItem::Field { name, .. } = item {
                names.insert(name.to_string());
            }
        }
    }
    names
}
