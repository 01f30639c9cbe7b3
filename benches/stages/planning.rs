//! Planning: the district query over the seven departments, validated and not.

use std::path::Path;
use std::sync::Arc;

use criterion::Criterion;
use sangam::config::Settings;
use sangam::connector::{Folder, Subgraph};
use sangam::graph::compose;
use sangam::graph::query::QueryGraph;
use sangam::operation::Compiler;

use crate::support::text;

pub(crate) fn benches(criterion: &mut Criterion) {
    let subgraphs = departments();
    let composed = compose(subgraphs.clone()).0.unwrap();
    let graph = Arc::new(QueryGraph::new(&composed));
    let compiler = Compiler::new(Arc::new(composed.api), graph, &Settings::default());
    let operation = text("schema/operations/Districts.graphql");
    criterion.bench_function("planning: composing seven departments", |bencher| {
        bencher.iter_with_setup(
            || subgraphs.clone(),
            |subgraphs| compose(subgraphs).0.unwrap(),
        );
    });
    criterion.bench_function("planning: the district query, validated", |bencher| {
        bencher.iter(|| compiler.document(&operation).unwrap());
    });
    let document = compiler.document(&operation).unwrap();
    criterion.bench_function("planning: the district query, planned", |bencher| {
        bencher.iter(|| compiler.operation(document.clone(), None).unwrap());
    });
}

/// The departments that the district query asks: the figures stay comparable when others follow.
const DEPARTMENTS: [&str; 7] = [
    "dggi",
    "grievances",
    "janbhagidari",
    "lgd",
    "schemes",
    "services",
    "umang",
];

fn departments() -> Vec<Subgraph> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors");
    DEPARTMENTS
        .iter()
        .map(|name| Folder::read(&folder.join(name)).subgraph.unwrap())
        .collect()
}
