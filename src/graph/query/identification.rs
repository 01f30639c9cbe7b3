//! Globally unique ids in the query graph.
//!
//! `id` is read only by entering a lookup with the key: also below `Query.node`, so that all ids are made in one way.

use std::collections::BTreeMap;

use apollo_compiler::{Name, name};

use super::builder::GraphBuilder;
use super::graph::{ConnectMode, Edge, Identification, Lookup, LookupId, LookupKind, SubgraphId};
use crate::connector::{FieldSet, NodeType, Subgraph, SubgraphKind};
use crate::graph::identification::names::{ID, is_own};

impl GraphBuilder<'_> {
    /// Whether a field is the `id` that the gateway makes.
    pub(super) fn is_made_id(&self, subgraph: &Subgraph, field: &Name) -> bool {
        field == ID && is_own(subgraph)
    }

    /// Adds the lookup of `id` by the key of a type. It makes no call, so it costs nothing.
    pub(super) fn add_id_lookup(
        &mut self,
        subgraph_id: SubgraphId,
        subgraph: &Subgraph,
        ty: &Name,
    ) {
        let definition = subgraph.schema.types.get(ty);
        let key = definition.and_then(|ty| ty.directives().get("key"));
        let key = key.and_then(|key| FieldSet::of_directive(key));
        let Some((key, on)) = key.zip(self.types.id(ty)) else {
            return;
        };
        let to = self.add_node(subgraph_id, on);
        let fields = &mut self.nodes[to.0 as usize].fields;
        fields.insert(name!("id"), Edge::default());
        self.add_lookup(Lookup {
            subgraph: subgraph_id,
            on,
            to,
            kind: LookupKind::Entities {
                typename: ty.clone(),
            },
            key,
            cost: 0,
        });
    }
}

/// Whether a connect is a batch for one field.
fn is_of_field(subgraph: &Subgraph, connect: usize) -> bool {
    let SubgraphKind::Connectors { connects, .. } = &subgraph.kind else {
        return false;
    };
    let connect = connects.get(connect);
    connect.is_some_and(|connect| connect.kind.is_of_field())
}

/// The types with ids; `None` without `@node`.
pub(super) fn of(builder: &GraphBuilder<'_>) -> Option<Identification> {
    let subgraphs = &builder.composed.subgraphs;
    let own = subgraphs.iter().position(is_own)?;
    let mut lookups = BTreeMap::new();
    for (index, subgraph) in subgraphs.iter().enumerate() {
        for name in subgraph.schema.types.keys() {
            let node = NodeType::of(&subgraph.schema, name);
            if let Some((node, ty)) = node.zip(builder.types.id(name)) {
                let tells = |lookup: &Lookup| {
                    let by_key = match lookup.kind {
                        LookupKind::Operation => false,
                        LookupKind::Entities { .. } => true,
                        LookupKind::Connect { connect, mode } => {
                            // What a batch for one field leaves out, it has nothing to say of.
                            let is_of_field = is_of_field(subgraph, connect);
                            !matches!(mode, ConnectMode::Root | ConnectMode::Implicit)
                                && !is_of_field
                        }
                    };
                    by_key
                        && lookup.subgraph == SubgraphId(index as u32)
                        && lookup.on == ty
                        && lookup.key.sorted() == node.key
                };
                let all = builder.lookups.iter().enumerate();
                let telling = all.filter(|(_, lookup)| tells(lookup));
                let telling = telling.map(|(index, _)| LookupId(index as u32));
                lookups.insert(ty, telling.collect());
            }
        }
    }
    Some(Identification {
        subgraph: SubgraphId(own as u32),
        lookups,
    })
}
