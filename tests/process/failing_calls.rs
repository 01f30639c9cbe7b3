//! What operators see of calls that fail, whatever the way: the metric, the state of the connector, and the log.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::Response;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::collector::{Collector, attribute};
use super::running::{Folder, Running, client, post, text};
use crate::support::server::{Server, router};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default = "fine")]
    status: u16,
    #[serde(default = "json_type", rename = "type")]
    media_type: String,
    #[serde(default = "no_store")]
    cache: String,
    #[serde(default)]
    body: String,
    is_success: Option<String>,
    /// The arguments of `@clientErrors` on the schema.
    client_errors: Option<String>,
    /// The same on its field.
    field_client_errors: Option<String>,
    /// The client's own `Authorization` goes to the upstream.
    #[serde(default)]
    passes_token: bool,
    /// It is a GraphQL service.
    #[serde(default)]
    service: bool,
    /// The call is a mutation.
    #[serde(default)]
    mutation: bool,
    /// There is no server.
    #[serde(default)]
    unreachable: bool,
    metric: String,
    state: String,
    log: Option<String>,
}

fn fine() -> u16 {
    200
}

fn json_type() -> String {
    "application/json".to_owned()
}

fn no_store() -> String {
    "no-store".to_owned()
}

impl Case {
    /// The schema of its connector.
    fn schema(&self) -> String {
        let name = &self.name;
        let types = format!("type {name}_gauge {{ id: ID! mm: Float }}");
        let success = self.is_success.as_ref();
        let success = success.map_or_else(String::new, |text| format!("isSuccess: \"{text}\""));
        let token = match self.passes_token {
            true => r#"headers: [{ name: "authorization", from: "authorization" }]"#,
            false => "",
        };
        let declared = |arguments: &Option<String>| {
            let arguments = arguments.as_ref();
            arguments.map_or_else(String::new, |arguments| {
                format!("@clientErrors({arguments})")
            })
        };
        let client_errors = declared(&self.client_errors);
        let on_field = declared(&self.field_client_errors);
        let wire = r#"@link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@graphql", "@clientErrors"])"#;
        let (head, field) = match self.service {
            true => (
                format!(
                    "{wire} @graphql(url: \"https://service.example/graphql\" {token}) {client_errors}"
                ),
                String::new(),
            ),
            false => (
                format!(
                    "{wire} @link(url: \"https://specs.apollo.dev/connect/v0.3\", import: [\"@source\", \"@connect\"]) \
                     @source(name: \"s\", http: {{ baseURL: \"https://s.example\" {token} }}) {client_errors}"
                ),
                format!(
                    "@connect(source: \"s\", http: {{ GET: \"/{name}\" }}, {success} \
                     selection: \"$.gauges {{ id mm }}\") {on_field}"
                ),
            ),
        };
        let (query, mutation) = match self.mutation {
            true => (
                format!("{name}_other: Int"),
                format!("type Mutation {{ {name}: [{name}_gauge!] {field} }}"),
            ),
            false => (format!("{name}: [{name}_gauge!] {field}"), String::new()),
        };
        format!(
            "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.12\")\n{head}\n\
             type Query {{ {query} }}\n{mutation}\n{types}\n"
        )
    }

    /// The operation that makes the call.
    fn operation(&self) -> String {
        let kind = if self.mutation { "mutation" } else { "query" };
        format!("{kind} {{ {} {{ id }} }}", self.name)
    }

    /// How it is seen by operators.
    fn expected(&self) -> String {
        let log = self.log.as_ref().map(|line| format!(" | {line}"));
        let log = log.unwrap_or_default();
        format!("{}: {} | {}{log}", self.name, self.metric, self.state)
    }
}

fn cases() -> Vec<Case> {
    let cases: Cases = toml::from_str(include_str!("failing_calls/cases.toml")).unwrap();
    cases.case
}

/// Gives each case its response, by the first part of the path.
async fn upstream(cases: Vec<Case>) -> Server {
    let cases: BTreeMap<String, Case> = cases
        .into_iter()
        .map(|case| (case.name.clone(), case))
        .collect();
    let cases = Arc::new(cases);
    let handler = move |request: Request| {
        let name = request.uri().path().trim_start_matches('/');
        let case = &cases[name.split('/').next().unwrap()];
        let response = Response::builder()
            .status(case.status)
            .header("content-type", &case.media_type)
            .header("cache-control", &case.cache)
            .body(Body::from(case.body.clone()))
            .unwrap();
        std::future::ready(response)
    };
    router(Router::new().fallback(handler)).await
}

/// A gateway with a connector for each case.
fn serve(cases: &[&Case], upstream: &Server, settings: &str) -> (Folder, Running) {
    let mut settings =
        format!("listen = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n{settings}");
    for case in cases {
        let url = match (case.unreachable, case.service) {
            (true, _) => "http://127.0.0.1:9".to_owned(),
            (false, true) => upstream.url(&format!("/{}", case.name)),
            (false, false) => upstream.url(""),
        };
        write!(
            settings,
            "[connector.{}]\nbase_url = \"{url}\"\n",
            case.name
        )
        .unwrap();
    }
    let schemas: Vec<String> = cases.iter().map(|case| case.schema()).collect();
    let connectors: Vec<(&str, &str)> = cases
        .iter()
        .zip(&schemas)
        .map(|(case, schema)| (&*case.name, &**schema))
        .collect();
    let folder = Folder::new(&settings, &connectors);
    let running = Running::start(folder.command(&["serve"]));
    (folder, running)
}

/// The outcomes of calls, by connector.
fn outcomes(metrics: &str) -> BTreeMap<String, String> {
    let mut outcomes: BTreeMap<String, String> = BTreeMap::new();
    for line in metrics.lines() {
        let Some(labels) = line.strip_prefix("sangam_fetches_total{connector=\"") else {
            continue;
        };
        let (connector, rest) = labels.split_once("\",outcome=\"").unwrap();
        let (outcome, count) = rest.split_once("\"} ").unwrap();
        if count != "0" {
            assert_eq!(count, "1", "{line}");
            outcomes
                .entry(connector.to_owned())
                .or_default()
                .push_str(outcome);
        }
    }
    outcomes
}

/// The lines about failed calls, as JSON.
fn failures(log: &str) -> Vec<Value> {
    let lines = log.lines().map(|line| serde_json::from_str(line).unwrap());
    lines
        .filter(|line: &Value| line["message"] == "an upstream call failed")
        .collect()
}

#[test(threads)]
async fn each_way_to_fail_is_seen() {
    let cases = cases();
    let upstream = upstream(self::cases()).await;
    let all: Vec<&Case> = cases.iter().collect();
    let (_folder, mut running) = serve(&all, &upstream, "");
    for case in &cases {
        let request = post(&running.url, &case.operation(), &json!({}));
        text(request.header("authorization", "Bearer expired")).await;
    }
    let query = "{ connectors { name status lastError callCount failureCount lastSuccessAt } }";
    let states = text(post(&running.url, query, &json!({}))).await;
    let states: Value = serde_json::from_str(&states).unwrap();
    let admin = running.address("listening for operators");
    let metrics = text(client().get(format!("{admin}/metrics"))).await;
    let outcomes = outcomes(&metrics);
    let upstream_address = upstream.address.to_string();
    let log = failures(&running.stop());
    let mut seen = Vec::new();
    for case in &cases {
        let states = states["data"]["connectors"].as_array().unwrap();
        let state = states.iter().find(|state| state["name"] == *case.name);
        let state = state.unwrap();
        let text = |field: &str| state[field].as_str().unwrap_or_default().to_owned();
        let mut line = format!(
            "{}: {} | {}",
            case.name,
            outcomes[&case.name],
            format!("{} {}", text("status"), text("lastError")).trim_end()
        );
        let has_failed = text("status") == "DOWN";
        assert_eq!(state["callCount"], 1, "{state}");
        assert_eq!(state["failureCount"] == 1, has_failed, "{state}");
        assert_eq!(state["lastSuccessAt"].is_null(), has_failed, "{state}");
        for entry in log.iter().filter(|line| line["connector"] == *case.name) {
            assert_eq!(
                (&entry["level"], &entry["count"]),
                (&json!("warn"), &json!(1))
            );
            assert_eq!(entry["kind"], *case.metric, "{entry}");
            let coordinate = match case.service {
                true => case.name.clone(),
                false => format!("{0}:Query.{0}[0]", case.name),
            };
            assert_eq!(entry["coordinate"], coordinate);
            let status = match &entry["status"] {
                Value::Null => "-".to_owned(),
                status => status.to_string(),
            };
            let why = entry["error"].as_str().unwrap();
            let why = why.replace(&upstream_address, "UPSTREAM");
            let why = why.replace("127.0.0.1:9", "UPSTREAM");
            write!(line, " | {status} {why}").unwrap();
        }
        seen.push(line);
    }
    let expected: Vec<String> = cases.iter().map(Case::expected).collect();
    assert_eq!(seen.join("\n"), expected.join("\n"));
}

/// A line for the first failure. The next ones are counted for the line that follows in a minute.
#[test(threads)]
async fn repeated_failures_are_one_line() {
    let cases = cases();
    let broken = cases.iter().find(|case| case.name == "broken").unwrap();
    let upstream = upstream(self::cases()).await;
    for (level, expected) in [
        ("info", &["warn"][..]),
        ("debug", &["warn", "debug", "debug"]),
    ] {
        let settings = format!("[log]\nlevel = \"{level}\"\n");
        let (_folder, running) = serve(&[broken], &upstream, &settings);
        for _ in 0..3 {
            text(post(&running.url, "{ broken { id } }", &json!({}))).await;
        }
        let log = failures(&running.stop());
        let levels: Vec<&str> = log
            .iter()
            .map(|line| line["level"].as_str().unwrap())
            .collect();
        assert_eq!(levels, expected);
        assert!(
            log.iter().all(|line| line["request_id"].is_string()),
            "{log:?}"
        );
    }
}

/// The span of a call has the outcome after its response has been read.
#[test(threads)]
async fn spans_have_the_outcome() {
    let cases = cases();
    let names = [
        "fine",
        "missing",
        "broken",
        "half",
        "no_success",
        "service_errors",
        "refused_with_success",
        "service_refused",
    ];
    let chosen: Vec<&Case> = cases
        .iter()
        .filter(|case| names.contains(&&*case.name))
        .collect();
    let (upstream, collector) = (upstream(self::cases()).await, Collector::start().await);
    let (_folder, running) = serve(&chosen, &upstream, &collector.settings());
    for case in &chosen {
        let query = format!("{{ {} {{ id }} }}", case.name);
        text(post(&running.url, &query, &json!({}))).await;
    }
    running.stop();
    let (spans, _) = collector.spans();
    for case in chosen {
        let of_case = |span: &&_| attribute(span, "sangam.connector") == case.name;
        let mut calls = spans.iter().filter(|span| span.name.starts_with("fetch "));
        let span = calls.find(of_case).unwrap();
        let status = span.status.as_ref();
        let is_error = status.is_some_and(|status| status.code() == StatusCode::Error);
        assert_eq!(
            is_error,
            case.state.starts_with("DOWN"),
            "{}: {span:?}",
            case.name
        );
        if case.metric != "ok" {
            assert_eq!(attribute(span, "error.type"), case.metric, "{}", case.name);
        }
        let status = attribute(span, "http.response.status_code");
        assert_eq!(status, case.status.to_string());
    }
}
