//! How long the document of a fetch may be cached, by the schema.
//!
//! The document of a connect is the same for every selection. A GraphQL service returns what the operation selects, so
//! its lifetime is that of all selected fields together.

use super::requested::Position;
use super::{Fetch, FetchCall, Read, ReadField, ReadId};
use crate::connector::lifetime::{Hint, Together, of_connect};
use crate::connector::{SchemaLifetime, Subgraph, SubgraphKind};
use crate::graph::identification::names::is_own;
use crate::graph::query::QueryGraph;

pub(super) fn of_fetch(
    graph: &QueryGraph,
    reads: &[Read],
    positions: &[Position],
    fetch: &Fetch,
) -> Option<SchemaLifetime> {
    let subgraph = graph.subgraph(fetch.subgraph);
    let walk = LifetimeWalk {
        graph,
        subgraph,
        reads,
        positions,
    };
    let mut together = Together::default();
    match (&subgraph.kind, &fetch.call) {
        // What an id says of its object never changes.
        (SubgraphKind::Native, _) if is_own(subgraph) => return Some(SchemaLifetime::ALWAYS),
        // The state of this gateway's connectors changes all the time.
        (SubgraphKind::Native, _) => return Some(SchemaLifetime::NEVER),
        (_, FetchCall::Connect { connect, .. }) => {
            let connect = graph.connect(fetch.subgraph, *connect)?;
            return of_connect(subgraph, connect);
        }
        (_, FetchCall::Operation(_)) => walk.read(fetch.read, false, &mut together),
        (_, FetchCall::Entities { typename, .. }) => {
            let hint = Hint::of_type(&subgraph.schema, typename);
            let has_lifetime = match hint {
                Some(hint) if hint.max_age.is_some() => together.add(Some(hint), None),
                // Without a lifetime of the type, its leaves have none; objects below it may have one.
                hint => {
                    together.add_scope(hint);
                    false
                }
            };
            walk.read(fetch.read, has_lifetime, &mut together);
        }
    }
    together.lifetime()
}

struct LifetimeWalk<'a> {
    graph: &'a QueryGraph,
    subgraph: &'a Subgraph,
    reads: &'a [Read],
    positions: &'a [Position],
}

impl LifetimeWalk<'_> {
    /// Adds what is read of an object; `has_lifetime` says whether the object has a lifetime of its own.
    fn read(&self, read: ReadId, has_lifetime: bool, together: &mut Together) {
        let read = &self.reads[read.0 as usize];
        for field in &read.fields {
            let hint = self.hint(read, field);
            match field.read {
                None => together.add_leaf(hint, has_lifetime),
                Some(below) => {
                    let has_lifetime = together.add(hint, Some(has_lifetime));
                    self.read(below, has_lifetime, together);
                }
            }
        }
    }

    fn hint(&self, read: &Read, field: &ReadField) -> Option<Hint> {
        let position_type = self.positions[read.position.0 as usize].ty;
        let ty = field
            .only
            .first()
            .copied()
            .or(read.ty)
            .unwrap_or(position_type);
        let ty = self.graph.types.name(ty);
        Hint::of_field(&self.subgraph.schema, ty, &field.name)
    }
}
