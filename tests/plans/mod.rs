//! Golden plans: subgraphs, an operation, and the plan as text, one Markdown file a case.
//!
//! `UPDATE_GOLDEN=1` writes the text that the planner gives into the files; read the difference before keeping it.

use std::fs;
use std::path::Path;

use apollo_compiler::ExecutableDocument;
use sangam::connector::SubgraphKind;
use sangam::connector::read_sdl;
use sangam::graph::compose;
use sangam::graph::query::QueryGraph;
use sangam::plan;

/// What a subgraph without connectors links: every directive under its short name.
const FEDERATION: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable", "@external", "@requires", "@provides", "@override", "@inaccessible", "@interfaceObject"]) @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@graphql"]) @graphql(url: "https://service.example/graphql")"#;

/// One fenced block of a case: its info string and its text.
struct Block {
    info: String,
    text: String,
    /// Byte range of the text in the file.
    range: std::ops::Range<usize>,
}

fn blocks(file: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut offset = 0;
    let mut open: Option<(String, usize)> = None;
    for line in file.split_inclusive('\n') {
        match (&open, line.trim_end().strip_prefix("```")) {
            (None, Some(info)) => open = Some((info.to_owned(), offset + line.len())),
            (Some((info, start)), Some("")) => {
                let text = file[*start..offset].to_owned();
                blocks.push(Block {
                    info: info.clone(),
                    text,
                    range: *start..offset,
                });
                open = None;
            }
            _ => {}
        }
        offset += line.len();
    }
    blocks
}

fn graph(blocks: &[Block], reversed: bool) -> (sangam::graph::Composed, QueryGraph) {
    let mut subgraphs = Vec::new();
    for block in blocks {
        let Some(name) = block.info.strip_prefix("graphql subgraph ") else {
            continue;
        };
        let connectors = block.text.contains("specs.apollo.dev/connect");
        let text = if connectors {
            block.text.clone()
        } else {
            format!("{FEDERATION}\n{}", block.text)
        };
        let (subgraph, diagnostics) = read_sdl(name, name, &text);
        let mut subgraph = subgraph.unwrap_or_else(|| panic!("{name}: {diagnostics:#?}"));
        if !connectors {
            subgraph.kind = SubgraphKind::Native;
        }
        subgraphs.push(subgraph);
    }
    if reversed {
        subgraphs.reverse();
    }
    let (composed, diagnostics) = compose(subgraphs);
    let composed = composed.unwrap_or_else(|| panic!("{diagnostics:#?}"));
    let graph = QueryGraph::new(&composed);
    (composed, graph)
}

fn plan_text(blocks: &[Block], reversed: bool) -> String {
    let (composed, graph) = graph(blocks, reversed);
    let operation = blocks
        .iter()
        .find(|block| block.info == "graphql")
        .expect("an operation");
    let document =
        ExecutableDocument::parse_and_validate(&composed.api, &operation.text, "operation.graphql");
    let document = match document {
        Ok(document) => document,
        Err(errors) => panic!("{errors}"),
    };
    let operation = document.operations.iter().next().expect("an operation");
    let planned = plan::plan(
        &graph,
        &composed.api,
        &document,
        operation,
        &|_| false,
        plan::PlanLimits::default(),
    );
    match planned {
        Ok(plan) => plan::explain(&plan, &graph),
        Err(error) => format!("{error}\n"),
    }
}

#[test]
fn golden_plans() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plans");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    files.sort();
    assert!(!files.is_empty());
    let mut wrong = Vec::new();
    for path in files {
        let file = fs::read_to_string(&path).unwrap();
        let blocks = blocks(&file);
        let text = plan_text(&blocks, false);
        assert_eq!(
            text,
            plan_text(&blocks, true),
            "{}: the order of folders changes the plan",
            path.display()
        );
        let expected = blocks
            .iter()
            .find(|block| block.info == "text plan")
            .expect("a plan");
        if expected.text != text {
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                let mut updated = file.clone();
                updated.replace_range(expected.range.clone(), &text);
                fs::write(&path, updated).unwrap();
            } else {
                wrong.push(format!(
                    "{}\n--- expected\n{}--- planned\n{text}",
                    path.display(),
                    expected.text
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
