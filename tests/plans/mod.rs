//! Golden plans. Each Markdown file is a case: subgraphs, operations, and the plan of each operation as text.
//!
//! `UPDATE_EXPECT=1` writes the plans into the files; compare them with the title before you commit them.

mod size;

use std::sync::Arc;

use sangam::config::Settings;
use sangam::connector::{Subgraph, read_sdl};
use sangam::graph::query::QueryGraph;
use sangam::graph::{Composed, compose};
use sangam::operation::{Compiler, Operation, Rejection};
use sangam::plan;

use crate::support::cases::{Case, Fence, Suite};

/// The schema extension before a subgraph without links of its own: a GraphQL service, with every directive under its
/// short name.
const SERVICE: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: ["@key", "@shareable", "@external", "@requires", "@provides", "@override", "@inaccessible", "@interfaceObject", "@context", "@fromContext"]) @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@graphql"]) @graphql(url: "https://service.example/graphql")"#;

/// The order in which the folders of a case are loaded.
#[derive(Debug, Clone, Copy)]
enum Turn {
    AsWritten,
    Reversed,
    Rotated,
}

/// Reads a subgraph of a case.
pub(crate) fn subgraph(name: &str, text: &str) -> Subgraph {
    let text = if text.contains("@link") {
        text.to_owned()
    } else {
        format!("{SERVICE}\n{text}")
    };
    let (subgraph, diagnostics) = read_sdl(name, name, &text);
    let texts: Vec<String> = diagnostics.iter().map(|d| d.to_text()).collect();
    subgraph.unwrap_or_else(|| panic!("{name}: {}", texts.join("\n")))
}

/// Composes subgraphs into the query graph.
pub(crate) fn graph(subgraphs: Vec<Subgraph>) -> (Composed, Arc<QueryGraph>) {
    let (composed, diagnostics) = compose(subgraphs);
    let texts: Vec<String> = diagnostics.iter().map(|d| d.to_text()).collect();
    let composed = composed.unwrap_or_else(|| panic!("{}", texts.join("\n")));
    let graph = Arc::new(QueryGraph::new(&composed));
    (composed, graph)
}

/// Compiles operations over a graph as the gateway does.
pub(crate) fn compiler(
    composed: &Composed,
    graph: &Arc<QueryGraph>,
    settings: &Settings,
) -> Compiler {
    Compiler::new(Arc::new(composed.api.clone()), Arc::clone(graph), settings)
}

/// The first operation of a text.
pub(crate) fn first(compiler: &Compiler, text: &str) -> Result<Operation, Rejection> {
    let document = compiler.document(text)?;
    let operation = document.operations.iter().next().expect("an operation");
    let name = operation.name.clone();
    compiler.operation(document, name.as_deref())
}

/// The text of each block of a case, with the plans of its operations.
fn plan_texts(case: &Case, turn: Turn) -> Vec<Option<String>> {
    let subgraphs = case.named("graphql subgraph");
    let mut subgraphs: Vec<Subgraph> = subgraphs.map(|(name, sdl)| subgraph(name, sdl)).collect();
    match turn {
        Turn::AsWritten => {}
        Turn::Reversed => subgraphs.reverse(),
        Turn::Rotated => subgraphs.rotate_left(1),
    }
    let (composed, graph) = graph(subgraphs);
    let compiler = compiler(&composed, &graph, &Settings::default());
    let mut operation = None;
    let mut texts = Vec::with_capacity(case.blocks.len());
    for block in &case.blocks {
        let mut text = None;
        match block.fence {
            "graphql operation" => operation = Some(block.body.as_str()),
            "text plan" => {
                let operation = operation.expect("an operation before its plan");
                text = Some(match first(&compiler, operation) {
                    Ok(operation) => plan::explain(&operation.plan, &graph),
                    Err(rejection) => format!("{rejection}\n"),
                });
            }
            _ => {}
        }
        texts.push(text);
    }
    texts
}

inventory::submit! {
    Suite {
        folders: &["plans"],
        fences: &[
            Fence::single("graphql subgraph").named(),
            Fence::input("graphql operation"),
            Fence::expected("text plan"),
        ],
        run: |case| {
            let texts = plan_texts(case, Turn::AsWritten);
            for turn in [Turn::Reversed, Turn::Rotated] {
                let others = plan_texts(case, turn);
                assert_eq!(texts, others, "{turn:?}: the order of folders changes the plan");
            }
            texts
        },
    }
}
