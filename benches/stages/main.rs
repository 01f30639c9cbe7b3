//! The stages of a request, each by itself.
//!
//! - [`parsing`]: a body of JSON, and the text of an operation.
//! - [`mapping`]: an expression evaluated over a document, which is what projection is measured against.
//! - [`planning`]: the district query over the seven departments.
//! - [`projection`]: documents that are there become an answer.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod mapping;
mod parsing;
mod planning;
mod projection;

#[path = "../support/mod.rs"]
mod support;

use criterion::{criterion_group, criterion_main};

criterion_group!(
    benches,
    parsing::benches,
    mapping::benches,
    planning::benches,
    projection::benches
);
criterion_main!(benches);
