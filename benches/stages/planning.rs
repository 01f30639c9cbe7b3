//! Planning: the district query over the seven departments, validated and not.

use std::path::Path;

use apollo_compiler::ExecutableDocument;
use criterion::Criterion;
use sangam::config::Limits;
use sangam::connector::Folder;
use sangam::connector::Subgraph;
use sangam::graph::compose;
use sangam::graph::query::QueryGraph;
use sangam::plan::plan;

use crate::support::text;

pub(crate) fn benches(criterion: &mut Criterion) {
    let subgraphs = departments();
    let composed = compose(subgraphs.clone()).0.unwrap();
    let graph = QueryGraph::new(&composed);
    let operation = text("schema/operations/district.graphql");
    criterion.bench_function("planning: composing seven departments", |bencher| {
        bencher.iter_with_setup(
            || subgraphs.clone(),
            |subgraphs| compose(subgraphs).0.unwrap(),
        );
    });
    criterion.bench_function("planning: the district query, validated", |bencher| {
        bencher.iter(|| {
            ExecutableDocument::parse_and_validate(&composed.api, &*operation, "district.graphql")
                .unwrap()
        });
    });
    let document =
        ExecutableDocument::parse_and_validate(&composed.api, &*operation, "district.graphql")
            .unwrap();
    let first = document.operations.iter().next().unwrap();
    criterion.bench_function("planning: the district query, planned", |bencher| {
        bencher.iter(|| {
            plan(
                &graph,
                &composed.api,
                &document,
                first,
                (&Limits::default()).into(),
            )
            .unwrap()
        });
    });
}

fn departments() -> Vec<Subgraph> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors");
    let folders = std::fs::read_dir(folder).unwrap();
    let paths = folders.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.is_dir())
        .map(|path| Folder::read(&path).subgraph.unwrap())
        .collect()
}
