//! Validation (GraphQL specification, October 2021, section 5). Each Markdown file is a case for one rule, with the name of
//! the rule.
//!
//! All use the graph of `fixtures/graph.md`. Blocks, in order:
//! - `graphql valid`: valid by the specification; must be executed without an error;
//! - `graphql invalid`: invalid by the specification; must be refused without an upstream call;
//! - `graphql accepted`: invalid, but the gateway accepts it: a known limit, which the file explains;
//! - `graphql refused`: valid, but the gateway refuses it;
//! - `graphql unsupported`: valid, but uses a feature that the gateway does not support: it is refused for that reason only;
//! - `json variables`: the variables of the operation before it;
//! - `text errors`: the errors of a refusal, a line each: its locations (line and column), and its message.
//!
//! `UPDATE_EXPECT=1` writes the errors; which operations are valid is written by hand.

use std::path::Path;

use sangam::document::Value;
use sangam::gateway::{ClientContext, Gateway, GraphqlRequest};

use crate::execution::gateway;
use crate::execution::upstream::Upstreams;
use crate::support::cases::{Block, Case, Fence, Suite};
use crate::support::harness::block_on;

inventory::submit! {
    Suite {
        folders: &["validation"],
        fences: &[
            Fence::input("graphql valid"),
            Fence::input("graphql accepted"),
            Fence::input("graphql invalid"),
            Fence::input("graphql refused"),
            Fence::input("graphql unsupported"),
            Fence::input("json variables"),
            Fence::expected("text errors"),
        ],
        run: |case| block_on(judge(case)),
    }
}

/// The graph that all operations are for.
pub(crate) fn graph() -> Case {
    const FENCES: &[Fence] = &[
        Fence::single("graphql subgraph").named(),
        Fence::single("json data").named(),
    ];
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/validation/fixtures/graph.md");
    let text = std::fs::read_to_string(&path).unwrap();
    Case::parse(&path, text, FENCES).unwrap()
}

/// The output for each block of a case. Fails if an operation is not accepted or refused as its fence says.
async fn judge(case: &Case) -> Vec<Option<String>> {
    let graph = graph();
    let upstreams = Upstreams::start(&graph).await;
    let gateway = gateway(&graph, &upstreams);
    let mut outputs = Vec::new();
    let mut last = String::new();
    for (index, block) in case.blocks.iter().enumerate() {
        let is_accepted = match block.fence {
            "graphql valid" | "graphql accepted" => true,
            "graphql invalid" | "graphql refused" | "graphql unsupported" => false,
            "text errors" => {
                outputs.push(Some(last.clone()));
                continue;
            }
            _ => {
                outputs.push(None);
                continue;
            }
        };
        outputs.push(None);
        let answer = answer(&gateway, block, case.blocks.get(index + 1)).await;
        let calls = upstreams.take_calls();
        last = errors(&answer);
        let executed = answer.get("data").is_some() && last.is_empty();
        let refused = answer.get("data").is_none() && !last.is_empty() && calls.is_empty();
        let unsupported = last.starts_with("[NOT_SUPPORTED]");
        let as_said = unsupported == (block.fence == "graphql unsupported");
        assert!(
            as_said && if is_accepted { executed } else { refused },
            "line {}: not {}:\n{}{last}{calls}",
            block.line,
            block.fence,
            block.body
        );
    }
    outputs
}

async fn answer(gateway: &Gateway, operation: &Block, next: Option<&Block>) -> Value {
    let variables = next.filter(|block| block.fence == "json variables");
    let request = GraphqlRequest {
        query: Some(operation.body.clone()),
        variables: variables.map(|block| Value::parse_json(block.body.as_bytes()).unwrap()),
        ..GraphqlRequest::default()
    };
    let client = ClientContext {
        mutations_allowed: true,
        ..ClientContext::default()
    };
    let mut response = gateway.execute(request, &client).await;
    Value::parse_json(&response.body().await).unwrap()
}

/// The errors of a response, a line each, sorted by location: their order is not specified.
fn errors(answer: &Value) -> String {
    let errors = answer.get("errors").and_then(Value::as_array);
    let mut lines: Vec<String> = errors.unwrap_or_default().iter().map(line).collect();
    lines.sort();
    lines.concat()
}

fn line(error: &Value) -> String {
    let text = |value: Option<&Value>| {
        let mut out = Vec::new();
        value.unwrap_or(&Value::Null).write_json(&mut out);
        String::from_utf8(out).unwrap()
    };
    let mut line = String::new();
    let places = error.get("locations").and_then(Value::as_array);
    for place in places.unwrap_or_default() {
        line += &format!("{}:{} ", text(place.get("line")), text(place.get("column")));
    }
    let message = error.get("message").and_then(Value::as_str).unwrap();
    let code = error
        .get("extensions")
        .and_then(|extensions| extensions.get("code"));
    match code.and_then(Value::as_str) {
        Some("GRAPHQL_VALIDATION_FAILED") | None => {}
        Some(code) => line += &format!("[{code}] "),
    }
    line + message + "\n"
}
