//! The spans of an upstream are children of the span of the call, and a collector gets all spans.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use serde_json::json;
use tokio::sync::Notify;

use super::collector::{Collector, attribute};
use super::departments::{Asked, Departments, OF_RAIN, QUERY, connectors, fine};
use super::running::{Folder, Running, post, text};
use crate::support::server::{Then, raw, router};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CLIENT: &str = "b7ad6b7169203331";

fn serve(settings: &str) -> (Folder, Running) {
    let connectors = connectors();
    let connectors = connectors
        .each_ref()
        .map(|(name, schema)| (*name, &**schema));
    let folder = Folder::new(settings, &connectors);
    let mut command = folder.command(&["serve"]);
    command.env("RAIN_UNIT", "millimetres");
    let running = Running::start(command);
    (folder, running)
}

/// Trace id, span id and flags of each call.
fn received(asked: &[Asked]) -> Vec<[String; 3]> {
    let parts = asked.iter().map(|call| {
        let header = call.headers["traceparent"].to_str().unwrap();
        let parts: Vec<&str> = header.split('-').collect();
        assert_eq!((parts.len(), parts[0]), (4, "00"), "{header}");
        assert_eq!(call.headers.get_all("traceparent").iter().count(), 1);
        [parts[1], parts[2], parts[3]].map(str::to_owned)
    });
    parts.collect()
}

#[test(threads)]
async fn each_call_has_its_own_place_in_the_clients_trace() {
    let departments = Departments::start().await;
    let (_folder, running) = serve(&departments.settings(OF_RAIN));
    let request = post(&running.url, QUERY, &json!({}));
    let request = request.header("traceparent", format!("00-{TRACE}-{CLIENT}-01"));
    let request = request.header("tracestate", "a=1, b=2");
    let request = request.header("tracestate", "c=3");
    let answer = text(request).await;
    assert!(answer.contains("\"district 7\""), "{answer}");
    let asked = departments.asked();
    assert!(
        asked
            .iter()
            .all(|call| call.headers["tracestate"] == "a=1,b=2,c=3")
    );
    let paths: BTreeSet<&str> = asked.iter().map(|call| &*call.path).collect();
    assert_eq!(
        paths,
        BTreeSet::from(["/gauges", "/districts/2", "/districts/7"])
    );
    let of_first = received(&asked);
    assert_eq!(of_first.len(), 3);
    let places: BTreeSet<&str> = of_first.iter().map(|[_, span, _]| &**span).collect();
    assert_eq!(places.len(), 3, "{of_first:?}");
    assert!(!places.contains(CLIENT) && !places.contains("0000000000000000"));
    assert!(
        of_first
            .iter()
            .all(|[trace, _, flags]| trace == TRACE && flags == "01")
    );
    // Without a client's trace, the gateway begins a trace without `tracestate`.
    let request = post(&running.url, QUERY, &json!({ "near": "another" }));
    text(request.header("tracestate", "a=1")).await;
    let asked = departments.asked();
    assert!(
        asked
            .iter()
            .all(|call| !call.headers.contains_key("tracestate"))
    );
    let of_second = received(&asked);
    let traces: BTreeSet<&str> = of_second.iter().map(|[trace, _, _]| &**trace).collect();
    assert_eq!((of_second.len(), traces.len()), (3, 1), "{of_second:?}");
    assert!(!traces.contains(TRACE));
    running.stop();
}

#[test(threads)]
async fn a_collector_gets_a_span_per_request_and_per_call() {
    let (departments, collector) = (Departments::start().await, Collector::start().await);
    let settings = departments.settings(OF_RAIN) + &collector.settings();
    let (_folder, running) = serve(&settings);
    let request = post(&running.url, QUERY, &json!({}));
    let request = request.header("traceparent", format!("00-{TRACE}-{CLIENT}-01"));
    text(request).await;
    let received_first = received(&departments.asked());
    // The cached response of the rain department is fetched once.
    text(post(&running.url, QUERY, &json!({}))).await;
    let received_second = received(&departments.asked());
    assert_eq!((received_first.len(), received_second.len()), (3, 2));
    // Stopping exports the remaining spans at once.
    running.stop();
    let (spans, services) = collector.spans();
    assert!(
        services.iter().all(|name| name == "of-the-test"),
        "{services:?}"
    );
    let (first, second): (Vec<&Span>, Vec<&Span>) =
        spans.iter().partition(|span| hex(&span.trace_id) == TRACE);
    below(&first, CLIENT, &received_first, ["miss"; 3]);
    below(&second, "", &received_second, ["hit", "miss", "miss"]);
}

/// A gateway whose upstreams are all at `url`, with `patience` as the timeout of operations.
fn serve_at(url: &str, patience: &str, collector: &Collector) -> (Folder, Running) {
    serve(&format!(
        "listen = \"127.0.0.1:0\"\n[limits]\noperation_timeout = \"{patience}\"\n\
         [connector.rain]\nbase_url = \"{url}\"\ntimeout = \"100s\"\n{OF_RAIN}\n\
         [connector.directory]\nbase_url = \"{url}\"\n{}",
        collector.settings()
    ))
}

/// The span of the only call.
fn only_call(collector: &Collector) -> Span {
    let (spans, _) = collector.spans();
    let mut calls = spans.into_iter().filter(|span| span.name == "fetch");
    let call = calls.next().unwrap();
    assert!(calls.next().is_none());
    call
}

#[test(threads)]
async fn a_call_that_the_deadline_cuts_off_has_an_outcome() {
    let (silent, collector) = (raw(Vec::new(), Then::Hold).await, Collector::start().await);
    let (_folder, running) = serve_at(&silent.url(""), "100ms", &collector);
    let answer = text(post(&running.url, QUERY, &json!({}))).await;
    assert!(answer.contains("\"kind\":\"TIMEOUT\""), "{answer}");
    let log = running.stop();
    let line = log
        .lines()
        .find(|line| line.contains("an upstream call failed"));
    let line: serde_json::Value = serde_json::from_str(line.unwrap_or(&log)).unwrap();
    let said = ["connector", "kind", "error"].map(|field| line[field].as_str().unwrap());
    assert_eq!(
        said,
        [
            "rain",
            "TIMEOUT",
            "the operation's own time was over before"
        ]
    );
    let call = only_call(&collector);
    assert_eq!(attribute(&call, "kind"), "TIMEOUT", "{call:#?}");
    let status = call.status.map(|status| status.code());
    assert_eq!(status, Some(StatusCode::Error));
}

#[test(threads)]
async fn a_call_whose_client_went_away_is_no_failure() {
    let arrived = Arc::new(Notify::new());
    let noted = Arc::clone(&arrived);
    let handler = move || {
        noted.notify_one();
        std::future::pending::<String>()
    };
    let silent = router(Router::new().fallback(handler)).await;
    let collector = Collector::start().await;
    let (_folder, running) = serve_at(&silent.url(""), "100s", &collector);
    tokio::select! {
        answer = text(post(&running.url, QUERY, &json!({}))) => panic!("the department does not answer: {answer}"),
        () = arrived.notified() => (),
    }
    let log = running.stop();
    assert!(!log.contains("an upstream call failed"), "{log}");
    let call = only_call(&collector);
    assert_eq!(attribute(&call, "kind"), "CANCELLED", "{call:#?}");
    let status = call
        .status
        .map_or(StatusCode::Unset, |status| status.code());
    assert_eq!(status, StatusCode::Unset);
}

/// Checks the spans of a request: the request below `parent`, and its calls below it, with the ids that the upstreams
/// received.
fn below(spans: &[&Span], parent: &str, received: &[[String; 3]], states: [&str; 3]) {
    let of = |name: &str| -> Vec<&Span> {
        let matching = spans.iter().filter(|span| span.name == name);
        matching.copied().collect()
    };
    let (requests, mut calls) = (of("request"), of("fetch"));
    assert_eq!(
        (requests.len(), calls.len(), spans.len()),
        (1, 3, 4),
        "{spans:#?}"
    );
    let request = requests[0];
    assert_eq!(hex(&request.parent_span_id), parent);
    assert_eq!(request.kind, SpanKind::Server as i32);
    assert_eq!(attribute(request, "status"), "200");
    calls.sort_by_key(|span| {
        (
            attribute(span, "connector") == "directory",
            span.start_time_unix_nano,
        )
    });
    for (call, state) in calls.iter().zip(states) {
        assert_eq!(call.parent_span_id, request.span_id);
        assert_eq!(call.trace_id, request.trace_id);
        assert_eq!(call.kind, SpanKind::Client as i32);
        assert_eq!(attribute(call, "cache"), state, "{call:#?}");
        assert_eq!(attribute(call, "status"), "200");
        assert!(call.end_time_unix_nano >= call.start_time_unix_nano);
    }
    let described =
        |call: &Span| ["connector", "coordinate", "bytes"].map(|key| attribute(call, key));
    let bytes = fine().2.len().to_string();
    assert_eq!(
        described(calls[0]),
        ["rain", "rain:Query.gauges[0]", &bytes]
    );
    for call in &calls[1..] {
        assert_eq!(
            described(call),
            ["directory", "directory:Query.district[0]", "32"]
        );
    }
    let sent: BTreeSet<String> = calls
        .iter()
        .filter(|call| attribute(call, "cache") != "hit")
        .map(|call| hex(&call.span_id))
        .collect();
    let arrived: BTreeSet<String> = received.iter().map(|[_, span, _]| span.clone()).collect();
    assert_eq!(sent, arrived);
    assert!(
        received
            .iter()
            .all(|[trace, _, flags]| *trace == hex(&request.trace_id) && flags == "01")
    );
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
