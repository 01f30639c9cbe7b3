//! The style of what folders declare: each `*.md` in this folder is a case, named after its code.
//!
//! Blocks: `graphql subgraph NAME` for each folder, and `text findings`: what `sangam check` says about the style of all of them.
//! A case has both sides: what the rule finds, and what it accepts.

use std::collections::BTreeSet;

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
