//! Supergraph SDL: a composed graph as one document, and back.
//!
//! The document is written in the terms of the join specification, so that it can be read by others and graphs that
//! others composed can be read here. What it holds is what planning needs: who has what ([`Joins`](super::Joins)), and
//! the directives by which fields are fetched, kept as `@join__directive`.
//!
//! What it does not hold, because nothing needs it any more: fields that another connector has taken over, arguments
//! and input fields that only some connectors know, and the Federation version that each one linked.

mod build;
mod extract;
mod features;
mod read;
mod write;

pub use read::read;
pub use write::write;
