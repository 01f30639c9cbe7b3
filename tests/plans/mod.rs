//! Golden plans: subgraphs, operations, and after each operation its plan as text, one Markdown file per case.
//!
//! `UPDATE_EXPECT=1` writes the planner's text into the files; compare it with the title before you keep it.

mod size;

use apollo_compiler::ExecutableDocument;
use sangam::config::Limits;
use sangam::connector::Subgraph;
use sangam::connector::read_sdl;
use sangam::graph::Composed;
use sangam::graph::compose;
use sangam::graph::query::QueryGraph;
use sangam::plan;

use crate::support::cases::Case;
use crate::support::cases::Fence;
use crate::support::cases::Suite;

/// The schema extension before a subgraph without links of its own: a GraphQL service, with every directive under its
/// short name.
const SERVICE: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@shareable", "@external", "@requires", "@provides", "@override", "@inaccessible", "@interfaceObject"]) @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@graphql"]) @graphql(url: "https://service.example/graphql")"#;

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
pub(crate) fn graph(subgraphs: Vec<Subgraph>) -> (Composed, QueryGraph) {
    let (composed, diagnostics) = compose(subgraphs);
    let texts: Vec<String> = diagnostics.iter().map(|d| d.to_text()).collect();
    let composed = composed.unwrap_or_else(|| panic!("{}", texts.join("\n")));
    let graph = QueryGraph::new(&composed);
    (composed, graph)
}

/// Plans the first operation of a text.
pub(crate) fn plan_of(
    composed: &Composed,
    graph: &QueryGraph,
    text: &str,
    limits: plan::PlanLimits,
) -> Result<plan::Plan, plan::PlanError> {
    let document = ExecutableDocument::parse_and_validate(&composed.api, text, "operation.graphql");
    let document = document.unwrap_or_else(|errors| panic!("{errors}"));
    let operation = document.operations.iter().next().expect("an operation");
    plan::plan(graph, &composed.api, &document, operation, limits)
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
    let mut operation = None;
    let mut texts = Vec::with_capacity(case.blocks.len());
    for block in &case.blocks {
        let mut text = None;
        match block.fence {
            "graphql operation" => operation = Some(block.body.as_str()),
            "text plan" => {
                let operation = operation.expect("an operation before its plan");
                let limits = plan::PlanLimits::from(&Limits::default());
                text = Some(match plan_of(&composed, &graph, operation, limits) {
                    Ok(plan) => plan::explain(&plan, &graph),
                    Err(error) => format!("{error}\n"),
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
