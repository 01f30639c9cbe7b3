//! Supergraph SDL: writes a composed graph as one document, and reads it back.
//!
//! The document uses the join specification, so that other tools can read it, and supergraphs that other composers
//! wrote can be read here. It contains what planning needs: the joins ([`Joins`](super::Joins)), and the directives by
//! which fields are fetched, as `@join__directive`.
//!
//! It does not contain what is not needed after composition: fields that another connector overrides, arguments and
//! input fields that only some connectors define, and the Federation version that each connector links.

mod build;
mod contexts;
mod extract;
mod features;
mod join_graph;
mod read;
mod type_reference;
mod write;

pub use read::read;
pub use write::write;
