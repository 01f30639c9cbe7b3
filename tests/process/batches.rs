//! What operators see of a batch: each operation in the log, in the metrics and in traces.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::Value;

use super::collector::{Collector, attribute};
use super::departments::{Departments, OF_RAIN, connectors};
use super::metrics::Page;
use super::running::{Folder, Running, client, text};

const BATCH: &str = r#"[{"query":"query One { gauges { id } }"},{"query":"query Two { __typename }"},
    {"query":"query Wrong { nothing }"},7]"#;

#[test(threads)]
async fn each_operation_of_a_batch_is_seen() {
    let (departments, collector) = (Departments::start().await, Collector::start().await);
    let more =
        "[limits]\nbatch = 4\n[log]\nrequests = \"all\"\n[admin]\nlisten = \"127.0.0.1:0\"\n";
    let settings = departments.settings(OF_RAIN) + &collector.settings() + more;
    let connectors = connectors();
    let connectors = connectors
        .each_ref()
        .map(|(name, schema)| (*name, &**schema));
    let folder = Folder::new(&settings, &connectors);
    let mut command = folder.command(&["serve"]);
    command.env("RAIN_UNIT", "millimetres");
    let mut running = Running::start(command);
    let admin = running.address("listening for operators");
    let request = client().post(format!("{}/graphql", running.url));
    let request = request.header("content-type", "application/json");
    let request = request.header("x-request-id", "of-the-batch");
    let answer = text(request.body(BATCH)).await;
    let answers: Vec<Value> = serde_json::from_str(&answer).unwrap();
    assert_eq!(answers.len(), 4);
    assert_eq!(answers[1]["data"]["__typename"], "Query");

    let page = Page::of(&admin).await;
    for (outcome, count) in [("executed", 2.0), ("refused", 1.0), ("malformed", 1.0)] {
        let labels = [("outcome", outcome)];
        let counted = page.value("sangam_requests_total", &labels);
        assert_eq!(counted, Some(count), "{outcome}");
    }
    assert_eq!(page.value("sangam_request_seconds_count", &[]), Some(1.0));

    let said = running.stop();
    let lines = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_default());
    let lines: Vec<Value> = lines
        .filter(|line: &Value| line["message"] == "request")
        .collect();
    let shown = |line: &Value| {
        assert_eq!(line["request_id"], "of-the-batch");
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        (text("operation"), text("outcome"))
    };
    let lines: Vec<(String, String)> = lines.iter().map(shown).collect();
    let line = |operation: &str, outcome: &str| (operation.to_owned(), outcome.to_owned());
    let expected = [
        line("One", "executed"),
        line("Two", "executed"),
        line("", "refused"),
        line("", "malformed"),
    ];
    assert_eq!(lines, expected);

    let (spans, _) = collector.spans();
    let named = |name: &str| -> Vec<&Span> {
        let spans = spans.iter();
        spans.filter(|span| span.name.starts_with(name)).collect()
    };
    let (requests, operations, calls) =
        (named("POST /graphql"), named("operation"), named("fetch "));
    assert_eq!((requests.len(), operations.len(), calls.len()), (1, 3, 1));
    let by_name: BTreeMap<String, &Span> = operations
        .iter()
        .map(|span| (attribute(span, "graphql.operation.name"), *span))
        .collect();
    let parents = operations.iter().map(|span| &span.parent_span_id);
    assert!({ parents }.all(|parent| *parent == requests[0].span_id));
    assert_eq!(calls[0].parent_span_id, by_name["One"].span_id);
}
