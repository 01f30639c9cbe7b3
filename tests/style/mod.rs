//! The style of what folders declare: each `*.md` in this folder is a case, named after its code.
//!
//! Blocks: `graphql subgraph NAME` for each folder, and `text findings`: what `sangam check` says about the style of all of them.
//! A case has both sides: what the rule finds, and what it accepts.

use std::collections::BTreeSet;
use std::path::Path;

use regex::Regex;
use sangam::connector::diagnostic::style_code;
use sangam::connector::{Diagnostic, Subgraph, read_sdl};
use sangam::graph::style;

use crate::support::cases::{Case, Fence, Suite};

inventory::submit! {
    Suite {
        folders: &["style"],
        fences: &[
            Fence::input(SUBGRAPH).named(),
            Fence::expected("text findings"),
        ],
        run,
    }
}

const SUBGRAPH: &str = "graphql subgraph";

fn run(case: &Case) -> Vec<Option<String>> {
    let texts: Vec<String> = findings(case).iter().map(Diagnostic::to_text).collect();
    let found = texts.join("\n\n") + "\n";
    let blocks = case.blocks.iter();
    let outputs = blocks.map(|block| (block.fence == "text findings").then(|| found.clone()));
    outputs.collect()
}

fn findings(case: &Case) -> Vec<Diagnostic> {
    let subgraphs = case.named(SUBGRAPH).map(|(name, sdl)| {
        let path = format!("connectors/{name}/connector.graphql");
        let (subgraph, diagnostics) = read_sdl(name, &path, sdl);
        let diagnostics: Vec<String> = diagnostics.iter().map(Diagnostic::to_text).collect();
        subgraph.unwrap_or_else(|| panic!("{}", diagnostics.join("\n\n")))
    });
    let subgraphs: Vec<Subgraph> = subgraphs.collect();
    let findings = style::check(&subgraphs);
    for finding in &findings {
        assert!(!finding.is_error(), "{finding}");
        assert!(!finding.labels.is_empty(), "no place: {finding}");
    }
    findings
}

#[test]
fn every_code_has_a_case() {
    let mut have = BTreeSet::new();
    for case in crate::support::cases::cases("style") {
        let stem = case
            .path
            .file_stem()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let code = stem.split('-').next().unwrap().to_owned();
        let found = findings(&case);
        let has = found.iter().any(|finding| finding.code.name == code);
        assert!(has, "{} does not find {code}", case.path.display());
        have.insert(code);
    }
    let codes: BTreeSet<String> = style_code::ALL
        .iter()
        .map(|code| code.name.to_owned())
        .collect();
    assert_eq!(have, codes);
}

#[test]
fn the_page_of_the_style_has_every_code() {
    let page = page("schema-style.md");
    let codes = style_code::ALL.iter().map(|code| code.name);
    let lacking: Vec<&str> = codes
        .filter(|code| !page.contains(&format!("`{code}`")))
        .collect();
    assert_eq!(lacking, Vec::<&str>::new());
}

/// Examples of the page that no regular expression can refuse.
const NOT_BY_FORM: [&str; 1] = ["2026-02-29"];

/// Each section of the page has its form as a regular expression, and a table of examples.
#[test]
fn the_examples_of_the_scalars_have_their_forms() {
    let page = page("scalars.md");
    let mut examples = 0;
    for section in page.split("\n## ").skip(1) {
        let (name, text) = section.split_once('\n').unwrap();
        let form = text.lines().find_map(|line| line.strip_prefix("    ^"));
        let form = Regex::new(&format!("^{}", form.unwrap())).unwrap();
        // A `Decimal` is a text: the examples have its quotes.
        let is_quoted = name == "Decimal";
        let matches = |example: &str| match example.strip_prefix('"') {
            Some(quoted) => form.is_match(quoted.strip_suffix('"').unwrap()),
            None => !is_quoted && form.is_match(example),
        };
        let rows = text.lines().filter(|line| line.starts_with("| "));
        for row in rows.skip(1) {
            let columns: Vec<&str> = row.split('|').collect();
            for (column, allowed) in [(1, true), (2, false)] {
                let spans = columns[column].split('`').skip(1).step_by(2);
                for example in spans.filter(|example| !NOT_BY_FORM.contains(example)) {
                    assert_eq!(matches(example), allowed, "{name}: {example}");
                    examples += 1;
                }
            }
        }
    }
    assert!(examples > 30, "{examples}");
}

fn page(name: &str) -> String {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    std::fs::read_to_string(docs.join(name)).unwrap()
}
