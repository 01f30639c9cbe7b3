//! Mapping by evaluation: 100 posts, fields picked, and with a method for each.

use std::hint::black_box;

use criterion::Criterion;
use sangam::document::Value;
use sangam::mapping::{Selection, Variables, Version};

use crate::support::upstream::posts_document;

pub(crate) fn benches(criterion: &mut Criterion) {
    let document = Value::parse_json(posts_document(100).as_bytes()).unwrap();
    let variables = Variables::new();
    for (name, selection) in [
        ("fields picked", "id userId title user: { id: userId }"),
        (
            "a method for each",
            r#"id words: title->split(" ")->first user: userId->match([1, "one"], [@, @->jsonStringify])"#,
        ),
    ] {
        let selection = Selection::parse(selection, Version::V0_4).unwrap();
        criterion.bench_function(&format!("mapping: 100 posts, {name}"), |bencher| {
            bencher.iter(|| selection.evaluate_each(Some(black_box(&document)), &variables));
        });
    }
    let text = "$.records { id: code name: title->trim state: s->match(['A', 'ON'], [@, null]) when: d->split('-')->first }";
    criterion.bench_function("mapping: an expression parsed", |bencher| {
        bencher.iter(|| Selection::parse(black_box(text), Version::V0_4).unwrap());
    });
}
