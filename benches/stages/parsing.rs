//! Reading: a body of JSON as a tree and without keeping anything of it, and the text of an operation.

use std::hint::black_box;

use apollo_compiler::parser::Parser;
use criterion::Criterion;
use sangam::document::{JsonReader, Reader, Value};

use crate::support::text;
use crate::support::upstream::posts_document;

pub(crate) fn benches(criterion: &mut Criterion) {
    let body = posts_document(100).into_bytes();
    let kilobytes = body.len() / 1000;
    criterion.bench_function(
        &format!("parsing: {kilobytes} KB of JSON, skipped"),
        |bencher| {
            bencher.iter(|| {
                let mut reader = JsonReader::new(black_box(&body)).unwrap();
                reader.skip().unwrap();
            });
        },
    );
    criterion.bench_function(
        &format!("parsing: {kilobytes} KB of JSON, as a tree"),
        |bencher| {
            bencher.iter(|| Value::parse_json(black_box(&body)).unwrap());
        },
    );
    let operation = text("schema/operations/Districts.graphql");
    criterion.bench_function("parsing: the district query", |bencher| {
        bencher.iter(|| {
            let parsed = Parser::new().parse_ast(black_box(&operation), "operation");
            parsed.map_err(|_| ()).unwrap()
        });
    });
}
