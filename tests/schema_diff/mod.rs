//! Schema diffs: each `*.md` beside this file has blocks `graphql before`, `graphql after` and `text changes`, which
//! lists the changes with their impact on clients, the most serious first.

use apollo_compiler::Schema;
use sangam::graph::schema_diff::changes;

use crate::support::cases::Case;
use crate::support::cases::Fence;
use crate::support::cases::Suite;

<<<<<<< HEAD
inventory::submit! {
    Suite {
        folders: &["schema_diff"],
        fences: &[
            Fence::single("graphql before"),
            Fence::single("graphql after"),
            Fence::expected("text changes"),
        ],
        run: changes_of,
=======
#[test]
fn every_change_has_its_impact() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/schema_diff");
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
>>>>>>> 79ac2ec (plan, graph: locals that say what they hold, and comments of tests)
    }
}

fn changes_of(case: &Case) -> Vec<Option<String>> {
    let schema = |fence: &str| {
        let text = case.block(fence).unwrap();
        Schema::parse_and_validate(text, fence).unwrap()
    };
    let (before, after) = (schema("graphql before"), schema("graphql after"));
    let same = changes(&after, &after);
    assert!(same.is_empty(), "{same:?}");
    let found = changes(&before, &after);
    let found: String = found.iter().map(|change| format!("{change}\n")).collect();
    let blocks = case.blocks.iter();
    blocks
        .map(|block| (block.fence == "text changes").then(|| found.clone()))
        .collect()
}
