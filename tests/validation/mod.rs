//! Validation (GraphQL specification, October 2021, section 5) as data: a Markdown file for each rule, named as it is there.
//!
//! All stand before one graph, `graph/graph.md`. Blocks, in order:
//! - `graphql valid`: an operation that the specification accepts; it must be executed without an error;
//! - `graphql accepted`: one that the specification refuses and the gateway does not: a known limit, explained in its file;
//! - `graphql refused`: the other way round;
//! - `graphql unsupported`: one that it accepts and the gateway cannot do: it is refused for no other reason;
//! - `graphql invalid`: one that it refuses; it must be refused, and no upstream may be called;
//! - `json variables`: values for the operation before it;
//! - `text errors`: what the refusal says, an error a line: its places, line and column, and its message.
//!
//! `UPDATE_EXPECT=1` writes the errors; which operations are valid is written by hand.

use sangam::document::Value;
use sangam::gateway::ClientContext;
use sangam::gateway::Gateway;
use sangam::gateway::GraphqlRequest;

use crate::execution::gateway;
use crate::execution::upstream::Upstreams;
use crate::support::markdown::Block;
use crate::support::markdown::Case;
use crate::support::markdown::files;

#[test]
async fn rules() {
    let graph = files("validation/graph").remove(0);
    let graph = Case::read(&graph);
    let upstreams = Upstreams::start(&graph).await;
    let gateway = gateway(&graph, &upstreams);
    let mut wrong = Vec::new();
    for path in files("validation") {
        let case = Case::read(&path);
        let mut found = Vec::new();
        let mut last = String::new();
        for (index, block) in case.blocks.iter().enumerate() {
            let expected = match block.info.as_str() {
                "graphql valid" | "graphql accepted" => true,
                "graphql invalid" | "graphql refused" | "graphql unsupported" => false,
                "text errors" => {
                    found.push(Some(last.clone()));
                    continue;
                }
                _ => {
                    found.push(None);
                    continue;
                }
            };
            found.push(None);
            let answer = answer(&gateway, block, case.blocks.get(index + 1)).await;
            let calls = upstreams.take_calls();
            last = errors(&answer);
            let executed = answer.get("data").is_some() && last.is_empty();
            let refused = answer.get("data").is_none() && !last.is_empty() && calls.is_empty();
            let unsupported = last.starts_with("[NOT_SUPPORTED]");
            let as_told = unsupported == (block.info == "graphql unsupported");
            if !(as_told && if expected { executed } else { refused }) {
                let (name, info, text) = (path.display(), &block.info, &block.body);
                wrong.push(format!("{name}: not {info}:\n{text}{last}{calls}"));
            }
        }
        wrong.extend(case.compare(&found));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn answer(gateway: &Gateway, operation: &Block, next: Option<&Block>) -> Value {
    let variables = next.filter(|block| block.info == "json variables");
    let request = GraphqlRequest {
        query: Some(operation.body.clone()),
        variables: variables.map(|block| Value::parse_json(block.body.as_bytes()).unwrap()),
        ..GraphqlRequest::default()
    };
    let client = ClientContext {
        mutations_allowed: true,
        ..ClientContext::default()
    };
    let response = gateway.execute(request, &client).await;
    Value::parse_json(&response.body).unwrap()
}

/// An answer's errors, a line each, sorted by place: the order of errors is free.
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
    let code = error.get("extensions").and_then(|all| all.get("code"));
    match code.and_then(Value::as_str) {
        Some("GRAPHQL_VALIDATION_FAILED") | None => {}
        Some(code) => line += &format!("[{code}] "),
    }
    line + message + "\n"
}
