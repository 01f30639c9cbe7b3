//! Builds the query graph of a composed schema, subgraph by subgraph.

use std::collections::HashMap;
use std::sync::Arc;

use super::builder::GraphBuilder;
use super::graph::{FileOfSubgraph, LookupId, QueryGraph, SubgraphId};
use super::{connects, identification, services};
use crate::connector::SubgraphKind;
use crate::graph::Composed;

impl QueryGraph {
    /// Builds the graph. Subgraphs, types and fields are taken in the order of their names, so the result is
    /// deterministic.
    pub fn new(composed: &Composed) -> Self {
        let mut builder = GraphBuilder::new(composed);
        let mut files = HashMap::new();
        for (index, subgraph) in composed.subgraphs.iter().enumerate() {
            let subgraph_id = SubgraphId(index as u32);
            match &subgraph.kind {
                SubgraphKind::Connectors {
                    connects,
                    files: own,
                    ..
                } => {
                    let name: Arc<str> = Arc::from(subgraph.name.as_str());
                    let of_others = |coordinate: &str| {
                        let (parent, field) = coordinate.split_once('.').unwrap_or_default();
                        let join = composed.joins.field(parent, field);
                        let here = join.and_then(|join| join.graphs.get(&index));
                        here.is_some_and(|here| !here.resolves())
                    };
                    for field in own.iter().filter(|field| !of_others(&field.coordinate)) {
                        let file = FileOfSubgraph {
                            subgraph: Arc::clone(&name),
                            field: Arc::clone(field),
                        };
                        files.insert(field.coordinate.clone(), file);
                    }
                    for (connect_index, connect) in connects.iter().enumerate() {
                        connects::add(&mut builder, subgraph_id, connect_index, connect);
                    }
                }
                SubgraphKind::Service(_) | SubgraphKind::Native => {
                    services::add(&mut builder, subgraph_id, subgraph);
                }
            }
        }
        let mut by_type = vec![Vec::new(); builder.types.iter().count()];
        for (index, lookup) in builder.lookups.iter().enumerate() {
            by_type[lookup.on.0 as usize].push(LookupId(index as u32));
        }
        let identification = identification::of(&builder);
        QueryGraph {
            identification,
            merged: Arc::clone(&composed.merged),
            subgraphs: Arc::clone(&composed.subgraphs),
            types: builder.types,
            nodes: builder.nodes,
            lookups: builder.lookups,
            contexts: builder.contexts,
            files,
            by_type,
        }
    }
}
