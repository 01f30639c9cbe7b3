//! The spans of an upstream are children of the span of the call, and a collector gets all spans.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

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
    let mut calls = spans
        .into_iter()
        .filter(|span| span.name.starts_with("fetch "));
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
    assert_eq!(attribute(&call, "error.type"), "TIMEOUT", "{call:#?}");
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
    assert_eq!(attribute(&call, "error.type"), "CANCELLED", "{call:#?}");
    let status = call
        .status
        .map_or(StatusCode::Unset, |status| status.code());
    assert_eq!(status, StatusCode::Unset);
}

/// Checks the spans of a request: the request below `parent`, its calls below it, and the requests to upstreams below
/// these, with the ids that the upstreams received.
fn below(spans: &[&Span], parent: &str, received: &[[String; 3]], states: [&str; 3]) {
    let of = |kind: SpanKind| -> Vec<&Span> {
        let matching = spans.iter().filter(|span| span.kind == kind as i32);
        matching.copied().collect()
    };
    let (requests, mut calls) = (of(SpanKind::Server), of(SpanKind::Internal));
    let sent = of(SpanKind::Client);
    assert_eq!((requests.len(), calls.len()), (1, 3), "{spans:#?}");
    assert_eq!(spans.len(), 4 + sent.len(), "{spans:#?}");
    let request = requests[0];
    assert_eq!(hex(&request.parent_span_id), parent);
    calls.sort_by_key(|span| {
        (
            attribute(span, "sangam.connector") == "directory",
            span.start_time_unix_nano,
        )
    });
    for (call, state) in calls.iter().zip(states) {
        assert_eq!(call.parent_span_id, request.span_id);
        assert_eq!(attribute(call, "sangam.cache"), state, "{call:#?}");
        assert_eq!(attribute(call, "http.response.status_code"), "200");
        let below = sent
            .iter()
            .filter(|sent| sent.parent_span_id == call.span_id);
        assert_eq!(below.count(), usize::from(state == "miss"), "{call:#?}");
    }
    for span in spans {
        assert_eq!(span.trace_id, request.trace_id);
        assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
    }
    let described = |call: &Span| {
        let [connector, bytes] =
            ["sangam.connector", "sangam.bytes"].map(|key| attribute(call, key));
        (call.name.clone(), connector, bytes)
    };
    let described: Vec<_> = calls.iter().map(|call| described(call)).collect();
    let named = |coordinate: &str, connector: &str, bytes: usize| {
        (
            format!("fetch {coordinate}"),
            connector.to_owned(),
            bytes.to_string(),
        )
    };
    let district = named("directory:Query.district[0]", "directory", 32);
    let rain = named("rain:Query.gauges[0]", "rain", fine().2.len());
    assert_eq!(described, [rain, district.clone(), district]);
    let sent: BTreeSet<String> = sent.iter().map(|span| hex(&span.span_id)).collect();
    let arrived: BTreeSet<String> = received.iter().map(|[_, span, _]| span.clone()).collect();
    assert_eq!(sent, arrived);
    assert!(
        received
            .iter()
            .all(|[trace, _, flags]| *trace == hex(&request.trace_id) && flags == "01")
    );
}

/// The attributes of a span, with their types.
fn attributes(span: &Span) -> BTreeMap<&str, Value> {
    let attributes = span.attributes.iter();
    let value = |value: &Option<AnyValue>| value.as_ref().and_then(|value| value.value.clone());
    attributes
        .map(|attribute| (&*attribute.key, value(&attribute.value).unwrap()))
        .collect()
}

#[test(threads)]
async fn attributes_have_the_names_and_types_of_the_conventions() {
    let (departments, collector) = (Departments::start().await, Collector::start().await);
    let settings = departments.settings(OF_RAIN) + &collector.settings();
    let (_folder, running) = serve(&settings);
    let query = "query Near($near: String) { gauges(near: $near) { id district { code name } } }";
    text(post(&running.url, query, &json!({ "near": "here" }))).await;
    departments.answer((500, "text/plain", String::new()));
    text(post(&running.url, query, &json!({ "near": "there" }))).await;
    running.stop();
    let (spans, _) = collector.spans();
    let string = |text: &str| Value::StringValue(text.to_owned());
    let integer = Value::IntValue;
    let named =
        |name: &str| -> Vec<&Span> { spans.iter().filter(|span| span.name == name).collect() };
    // All of them, apart from ids.
    let shown = |span: &Span| {
        let mut all = attributes(span);
        for key in ["sangam.request_id", "sangam.operation.hash"] {
            if let Some(Value::StringValue(text)) = all.remove(key) {
                assert!(!text.is_empty());
            }
        }
        all.into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect::<BTreeMap<_, _>>()
    };
    let map = |pairs: &[(&str, Value)]| -> BTreeMap<String, Value> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect()
    };
    let requests = named("POST /graphql");
    let mut failed = Vec::new();
    for request in requests {
        let mut all = shown(request);
        failed.push(all.remove("sangam.has_errors").unwrap());
        let expected = map(&[
            ("graphql.operation.name", string("Near")),
            ("graphql.operation.type", string("query")),
            ("http.request.method", string("POST")),
            ("http.response.status_code", integer(200)),
            ("http.route", string("/graphql")),
            ("network.protocol.version", string("1.1")),
            ("url.path", string("/graphql")),
            ("url.scheme", string("http")),
        ]);
        assert_eq!(all, expected);
    }
    assert_eq!(failed, [Value::BoolValue(false), Value::BoolValue(true)]);
    let address = departments.address();
    let district = named("GET /districts/REDACTED");
    assert_eq!(district.len(), 2);
    let expected = map(&[
        ("http.request.method", string("GET")),
        ("http.response.status_code", integer(200)),
        ("server.address", string("127.0.0.1")),
        ("server.port", integer(address.port().into())),
        (
            "url.full",
            string(&format!("http://{address}/districts/REDACTED")),
        ),
    ]);
    assert_eq!(shown(district[0]), expected);
    let gauges = named("GET /gauges");
    let statuses: Vec<_> = gauges
        .iter()
        .map(|span| attribute(span, "error.type"))
        .collect();
    assert_eq!(statuses, ["", "500"]);
    assert_eq!(
        shown(gauges[1])["url.full"],
        string(&format!("http://{address}/gauges?REDACTED"))
    );
    let status = gauges[1].status.as_ref().map(|status| status.code());
    assert_eq!(status, Some(StatusCode::Error));
}

/// Reads the head of a request; false if the connection ends.
async fn has_request(stream: &mut TcpStream) -> bool {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return false,
        }
    }
    true
}

/// An upstream that closes its first connection when it gets a second request on it.
async fn closing() -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let mut is_first = true;
        while let Ok((mut stream, _)) = listener.accept().await {
            let most = if is_first { 1 } else { usize::MAX };
            is_first = false;
            tokio::spawn(async move {
                let body = r#"{"code":"2","name":"two"}"#;
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncache-control: no-store\r\n\
                     content-length: {}\r\n\r\n{body}",
                    body.len()
                );
                let mut answered = 0;
                while has_request(&mut stream).await && answered < most {
                    stream.write_all(answer.as_bytes()).await.unwrap();
                    answered += 1;
                }
            });
        }
    });
    (address, task)
}

#[test(threads)]
async fn a_request_that_is_sent_again_has_a_span_of_its_own() {
    let ((address, upstream), collector) = (closing().await, Collector::start().await);
    let (_folder, running) = serve_at(&format!("http://{address}"), "100s", &collector);
    for _ in 0..2 {
        let answer = text(post(
            &running.url,
            "{ district(code: \"2\") { name } }",
            &json!({}),
        ));
        assert_eq!(answer.await, r#"{"data":{"district":{"name":"two"}}}"#);
    }
    running.stop();
    upstream.abort();
    let (spans, _) = collector.spans();
    let mut sent: Vec<&Span> = spans
        .iter()
        .filter(|span| span.kind == SpanKind::Client as i32)
        .collect();
    sent.sort_by_key(|span| span.start_time_unix_nano);
    let keys = [
        "http.response.status_code",
        "error.type",
        "http.request.resend_count",
    ];
    let seen: Vec<[String; 3]> = sent
        .iter()
        .map(|span| keys.map(|key| attribute(span, key)))
        .collect();
    let expected = [["200", "", ""], ["", "UNREACHABLE", ""], ["200", "", "1"]];
    assert_eq!(seen, expected);
    assert_eq!(sent[1].parent_span_id, sent[2].parent_span_id);
}

#[test(threads)]
async fn the_resource_names_the_service_its_version_and_its_instance() {
    let own = "service_name = \"of-the-test\"\n";
    for (variables, settings, expected) in [
        (&[][..], "", ["sangam", ""]),
        (
            &[("OTEL_SERVICE_NAME", "by-variable")],
            "",
            ["by-variable", ""],
        ),
        (
            &[("OTEL_SERVICE_NAME", "by-variable")],
            own,
            ["of-the-test", ""],
        ),
        (
            &[(
                "OTEL_RESOURCE_ATTRIBUTES",
                "service.name=by-attribute,deployment.environment.name=test",
            )],
            "",
            ["by-attribute", "test"],
        ),
        (
            &[("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=one")],
            own,
            ["of-the-test", ""],
        ),
    ] {
        let (departments, collector) = (Departments::start().await, Collector::start().await);
        let exporter = collector.settings().replace(own, settings);
        let connectors = connectors();
        let connectors = connectors
            .each_ref()
            .map(|(name, schema)| (*name, &**schema));
        let folder = Folder::new(&(departments.settings(OF_RAIN) + &exporter), &connectors);
        let mut command = folder.command(&["serve"]);
        command
            .env("RAIN_UNIT", "millimetres")
            .envs(variables.iter().copied());
        let running = Running::start(command);
        text(post(&running.url, QUERY, &json!({}))).await;
        running.stop();
        let resources = collector.resources();
        let resource = &resources[0];
        let of = |key: &str| resource.get(key).cloned().unwrap_or_default();
        assert_eq!(
            [of("service.name"), of("deployment.environment.name")],
            expected
        );
        assert_eq!(of("service.version"), env!("CARGO_PKG_VERSION"));
        let given = variables
            .iter()
            .any(|(_, value)| value.contains("instance"));
        match given {
            true => assert_eq!(of("service.instance.id"), "one"),
            false => assert_eq!(of("service.instance.id").len(), 36),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
