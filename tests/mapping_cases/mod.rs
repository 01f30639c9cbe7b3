//! The mapping language: the cases under `tests/mapping/`. `tests/mapping/README.md` describes their blocks.

mod case;

use std::path::Path;

use case::{Outcome, Section, sections};

use crate::support::cases::{Case, Fence, Suite};

const DEFAULTS: &str = "text defaults";
const CASE: &str = "text case";

inventory::submit! {
    Suite {
        // The examples in the documentation are cases too.
        folders: &["mapping", "mapping/methods", "docs/mapping.md", "docs/moving-in.md"],
        fences: &[Fence::single(DEFAULTS), Fence::expected(CASE)],
        run,
    }
}

/// Compares section by section, and lists the missing and the unexpected lines. The expected lines are written by hand:
/// there is no `UPDATE_EXPECT`.
fn run(case: &Case) -> Vec<Option<String>> {
    let mut failures = Vec::new();
    for section in sections(case) {
        for version in section.versions() {
            let expected = section.expected();
            let actual = Outcome::of(&section, version);
            if expected != actual {
                let difference = expected.difference(&actual);
                failures.push(format!("{} ({version})\n{difference}", section.title()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    let blocks = case.blocks.iter();
    blocks
        .map(|block| (block.fence == CASE).then(|| block.body.clone()))
        .collect()
}

/// The names of all methods.
fn method_names() -> impl Iterator<Item = &'static str> {
    let names = sangam::mapping::method_names().into_iter();
    names.chain(sangam::mapping::wire_method_names())
}

fn all() -> Vec<Section> {
    let cases = Suite::of("mapping").cases();
    cases.iter().flat_map(sections).collect()
}

#[test]
fn no_two_cases_are_the_same() {
    let mut seen = std::collections::HashMap::new();
    for case in all() {
        if let Some(other) = seen.insert(case.subject(), case.title()) {
            panic!("{} repeats {other}", case.title());
        }
    }
}

#[test]
fn every_method_has_cases_of_its_own() {
    let cases = all();
    for name in method_names() {
        let call = format!("->{name}");
        let uses = cases
            .iter()
            .filter(|case| case.subject().contains(&call))
            .count();
        assert!(uses >= 2, "`{call}` has {uses} cases");
    }
}

#[test]
fn the_documentation_has_a_row_for_every_method() {
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/mapping.md"))
            .unwrap();
    let rows: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    for name in method_names() {
        let (call, bare) = (format!("`{name}("), format!("`{name}`"));
        let has_row = rows.iter().any(|row| {
            let first = row.split(" | ").next().unwrap_or_default();
            first.contains(&call) || first.contains(&bare)
        });
        assert!(has_row, "docs/mapping.md has no row for `{name}`");
    }
}

#[test]
fn the_documentation_tells_the_bounds() {
    use sangam::mapping::{EvaluationBudget, MAX_LENGTH, MAX_NESTING};
    let budget = EvaluationBudget::default();
    let bounds = (
        MAX_LENGTH,
        MAX_NESTING,
        budget.steps,
        budget.text,
        budget.nodes,
        budget.warnings,
    );
    let told = (256 << 10, 64, 4_000_000, 64 << 20, 2_000_000, 100);
    assert_eq!(
        bounds, told,
        "docs/mapping.md, `Bounds`, tells other numbers"
    );
}
