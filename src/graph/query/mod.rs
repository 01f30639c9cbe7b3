//! The query graph: where each field can be read, and every way to get there.
//!
//! A [`Node`] is a type as one subgraph offers it. Its [`Edge`]s are the fields that can be read there without another
//! call. A [`Lookup`] enters a subgraph at a node, from rows of a type whose key fields are known. For example, a
//! service with `type District @key(fields: "lgdCode") { lgdCode: ID! works: Works }` gives a node for `District` with
//! the edges `lgdCode` and `works`, and a lookup from rows of `District` with the key `lgdCode` to this node.
//!
//! Lookups are stored once per type, not per pair of nodes, so the graph stays linear in the size of the schemas.
//! Satisfiability and planning read only this graph, so neither can tell REST from GraphQL.

mod build;
mod builder;
mod connects;
mod contexts;
mod graph;
mod identification;
mod overridden;
mod provides;
mod services;
mod types;

pub use graph::{
    ConnectMode, Context, ContextId, ContextualArgument, Edge, FileOfSubgraph, Identification,
    Lookup, LookupId, LookupKind, Node, NodeId, QueryGraph, SubgraphId,
};
pub use types::{TypeId, TypeInfo, TypeTable};
