//! Schema diffs: each `*.md` in this folder is a case with the blocks `graphql before`, `graphql after` and `text changes`:
//! the changes with their impact on clients, the most serious first.

use apollo_compiler::Schema;
use sangam::graph::schema_diff::changes;

use crate::support::cases::{Case, Fence, Suite};

inventory::submit! {
    Suite {
        folders: &["schema_diff"],
        fences: &[
            Fence::single("graphql before"),
            Fence::single("graphql after"),
            Fence::expected("text changes"),
        ],
        run: changes_of,
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
    let changes = changes(&before, &after);
    let changes: String = changes.iter().map(|change| format!("{change}\n")).collect();
    let blocks = case.blocks.iter();
    blocks
        .map(|block| (block.fence == "text changes").then(|| changes.clone()))
        .collect()
}
