//! Drift of the public schema: every `*.md` beside this file has blocks `graphql before`, `graphql after` and
//! `text changes`, which lists what the change means to clients, gravest first.

use std::path::PathBuf;

use apollo_compiler::Schema;
use sangam::graph::drift::changes;

use crate::composition::case::blocks;

#[test]
fn every_change_is_told_for_what_it_is() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/drift");
    let mut failures = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        count += 1;
        let text = std::fs::read_to_string(&path).unwrap();
        let blocks = blocks(&text);
        let block = |name: &str| {
            let found = blocks.iter().find(|(label, _)| label == name);
            found.map(|(_, text)| text.as_str()).unwrap()
        };
        let schema = |name: &str| Schema::parse_and_validate(block(name), name).unwrap();
        let (before, after) = (schema("before"), schema("after"));
        let found: Vec<String> = changes(&before, &after)
            .iter()
            .map(ToString::to_string)
            .collect();
        if found.join("\n") != block("changes").trim() {
            failures.push(format!("{}:\n{}", path.display(), found.join("\n")));
        }
        let same = changes(&after, &after);
        assert!(same.is_empty(), "{}: {same:?}", path.display());
    }
    assert!(count > 0, "no cases found");
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
