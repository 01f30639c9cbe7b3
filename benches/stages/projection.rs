//! Projection and what follows it: documents that are kept become rows, and the rows an answer. The rest of what these
//! measure (finding plan and documents) is in `documents.rs` by itself.

use criterion::Criterion;

use crate::support::{
    JOIN, NO_ANSWERS, ask, ask_first, over_departments, over_posts, runtime, text,
};

pub(crate) fn benches(criterion: &mut Criterion) {
    let runtime = runtime();
    let gateway = runtime.block_on(async { over_posts(3600, NO_ANSWERS) });
    for (name, operation) in [
        ("one field of 100 posts", "{ posts { title } }"),
        ("100 posts and their users", JOIN),
    ] {
        runtime.block_on(ask_first(&gateway, operation));
        criterion.bench_function(&format!("projection: {name}"), |bencher| {
            bencher.iter(|| runtime.block_on(ask(&gateway, operation)));
        });
    }
    let (gateway, _standins) = runtime.block_on(over_departments(NO_ANSWERS));
    let operation = text("schema/operations/Districts.graphql");
    runtime.block_on(ask_first(&gateway, &operation));
    criterion.bench_function("projection: the district query", |bencher| {
        bencher.iter(|| runtime.block_on(ask(&gateway, &operation)));
    });
}
