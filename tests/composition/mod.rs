//! Composition, case by case: every `*.md` beside this file is one.
//!
//! A case is prose and fenced blocks: `graphql connector=NAME` for each connector, then what is expected of them:
//! `graphql api` (the public schema), `graphql supergraph`, `text diagnostics`. A block that is absent is not compared,
//! except that diagnostics must be none, and that a case without errors must compose. `UPDATE_EXPECT=1` writes what
//! came out into the blocks that are there; read it against the prose before you keep it.

mod case;

use std::path::PathBuf;

use apollo_compiler::Schema;
use sangam::connector::{Subgraph, SubgraphKind};
use sangam::graph::{Composed, compose};

use case::Case;

#[test]
fn every_case_gives_what_it_says() {
    let mut failures = Vec::new();
    let files = files();
    assert!(!files.is_empty(), "no cases found");
    for file in files {
        let mut case = Case::read(&file);
        let found = outcome(&case);
        let differences = case.compare(&found);
        if !differences.is_empty() && std::env::var_os("UPDATE_EXPECT").is_some() {
            case.update(&found);
        } else if !differences.is_empty() {
            failures.push(format!("{}:\n{}", file.display(), differences.join("\n")));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn the_order_of_connectors_changes_nothing() {
    for file in files() {
        let case = Case::read(&file);
        let forwards = compose(subgraphs(&case));
        let mut reversed = subgraphs(&case);
        reversed.reverse();
        let backwards = compose(reversed);
        let sdl = |composed: &Option<Composed>| composed.as_ref().map(|it| it.api_sdl.clone());
        assert_eq!(sdl(&forwards.0), sdl(&backwards.0), "{}", file.display());
        assert_eq!(
            forwards.0.map(|it| it.joins),
            backwards.0.map(|it| it.joins),
            "{}",
            file.display()
        );
    }
}

/// What composing a case gives, by the names of the blocks.
fn outcome(case: &Case) -> Vec<(&'static str, String)> {
    let (composed, diagnostics) = compose(subgraphs(case));
    let texts: Vec<String> = diagnostics.iter().map(|one| one.to_text()).collect();
    let api = composed.as_ref().map(|it| it.api_sdl.clone());
    vec![
        ("diagnostics", texts.join("\n\n")),
        ("api", api.unwrap_or_default()),
    ]
}

fn subgraphs(case: &Case) -> Vec<Subgraph> {
    let read = |(name, sdl): &(String, String)| {
        let schema = Schema::builder()
            .adopt_orphan_extensions()
            .parse(sdl, format!("{name}.graphql"))
            .build()
            .unwrap_or_else(|errors| panic!("{}: {errors}", case.file.display()));
        Subgraph {
            name: name.clone(),
            schema,
            federation: (2, 12),
            kind: SubgraphKind::Native,
        }
    };
    case.connectors.iter().map(read).collect()
}

fn files() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/composition");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.sort();
    files
}
