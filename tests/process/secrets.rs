//! Confidential data never leaks: all of it contains canaries, and no output or response of the process contains one.
//!
//! All confidential texts contain the word "canary", so one search finds them, even parts of them. Texts that may appear do
//! not contain it: selected values of upstream responses, and arguments of `explain --run`, which it shows in the request.

use serde_json::json;

use super::collector::Collector;
use super::departments::{Answer, Departments, QUERY, connectors, fine};
use super::running::{Folder, Running, client, post, printed, text};

/// The settings of the rain department: secrets from the environment and from a file, and plain texts.
const OF_RAIN: &str = r#"env = ["RAIN_UNIT"]
timeout = "60s"
[connector.rain.config]
api_key = { env = "RAIN_KEY" }
nested = { pin = { file = "pin" } }
client_secret = { sample = "canary-plain-secret" }
dataset = "canary-plain"
"#;

const SECRETS: [(&str, &str); 2] = [
    ("RAIN_KEY", "canary of the key/\"with\" signs"),
    ("RAIN_UNIT", "canary-of-the-environment"),
];

/// Responses of an upstream, with canaries in values that are not selected or must not be repeated.
fn answers() -> Vec<(&'static str, Answer)> {
    let json = |status, body: &str| (status, "application/json", body.to_owned());
    let (status, media_type, body) = fine();
    let more = body.replacen('{', r#"{"canary":"canary","note":["canary"],"#, 1);
    vec![
        ("fine", (status, media_type, more)),
        (
            "wrong leaf",
            json(
                200,
                r#"{"gauges":[{"id":"g1","mm":"canary-leaf","lgd":"2"}]}"#,
            ),
        ),
        ("wrong shape", json(200, r#"{"gauges":"canary-shape"}"#)),
        ("broken", json(200, r#"{"gauges":[{"id":"canary-broken"#)),
        ("not JSON", json(200, "canary: the database says no")),
        ("no reader", (200, "text/html", "<p>canary</p>".to_owned())),
        (
            "failed",
            json(
                500,
                r#"{"message":"canary-message","errors":[{"message":"canary"}]}"#,
            ),
        ),
        (
            "failed in words",
            (503, "text/plain", "canary in words".to_owned()),
        ),
    ]
}

/// Values of variables: some are sent by a mapping, some are invalid, some cannot be sent.
fn variables() -> Vec<serde_json::Value> {
    vec![
        json!({ "near": "canary of a variable" }),
        json!({ "near": "canary\nwith a line break" }),
        json!({ "near": { "canary": "canary" } }),
        json!({ "near": ["canary", "canary"] }),
        json!({ "canary": "canary" }),
        json!("canary"),
    ]
}

fn folder(settings: &str) -> Folder {
    let connectors = connectors();
    let connectors = connectors
        .each_ref()
        .map(|(name, schema)| (*name, &**schema));
    let folder = Folder::new(settings, &connectors);
    std::fs::write(folder.path("pin"), "canary-of-the-pin\n").unwrap();
    std::fs::write(folder.path("admin-token"), "canary-of-the-admin\n").unwrap();
    folder
}

#[test(threads)]
async fn nothing_planted_is_found_anywhere() {
    let (departments, collector) = (Departments::start().await, Collector::start().await);
    let verbose = "[log]\nlevel = \"debug\"\nrequests = \"all\"\n\
                   [admin]\nlisten = \"127.0.0.1:0\"\ntoken = { file = \"admin-token\" }\n";
    let settings = departments.settings(OF_RAIN) + verbose + &collector.settings();
    let folder = folder(&settings);
    let mut command = folder.command(&["serve"]);
    command.envs(SECRETS);
    let mut running = Running::start(command);
    let admin = running.address("listening for operators");
    let mut shown = Vec::new();
    for (name, answer) in answers() {
        departments.answer(answer);
        for (number, variables) in variables().iter().enumerate() {
            let request = post(&running.url, QUERY, variables);
            shown.push((
                format!("{name} {number}"),
                text(with_headers(request)).await,
            ));
        }
        shown.push((format!("{name}, explained"), explained(&folder)));
    }
    shown.extend(refused(&running.url).await);
    for path in [
        "/",
        "/schema.graphql",
        "/health/live",
        "/health/ready",
        "/metrics",
    ] {
        let request = client().get(format!("{}{path}", running.url));
        shown.push((path.to_owned(), text(with_headers(request)).await));
    }
    for path in ["/metrics", "/health", "/health/ready"] {
        let request = client().get(format!("{admin}{path}"));
        let request = request.bearer_auth("canary-of-the-admin");
        let page = text(request).await;
        assert!(
            path != "/metrics" || page.contains("sangam_fetches_total"),
            "{page}"
        );
        shown.push((format!("admin {path}"), page));
    }
    // Checks the test itself: the upstream has received the canaries, and the search finds them there.
    let sent = format!("{:?}", departments.asked());
    for (_, secret) in SECRETS {
        assert!(
            sent.contains(&secret.replace('"', "\\\"")),
            "{secret} was not sent"
        );
    }
    assert!(sent.contains("canary-of-the-pin") && sent.contains("Bearer canary"));
    let log = running.stop();
    assert!(log.contains("an upstream call failed"), "{log}");
    shown.push(("log".to_owned(), log));
    let exported = String::from_utf8_lossy(&collector.bytes()).into_owned();
    assert!(exported.contains("rain:Query.gauges[0]"));
    shown.push(("OTLP".to_owned(), exported));
    let leaks: Vec<String> = shown
        .iter()
        .filter_map(|(what, text)| find(what, text))
        .collect();
    assert!(
        leaks.is_empty(),
        "{} finds:\n{}",
        leaks.len(),
        leaks.join("\n")
    );
}

/// The position of a canary with some context. Also searches for "canary" in Base64, at each of the three alignments.
fn find(what: &str, text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let plain = lower.find("canary");
    let encoded = || {
        ["Y2FuYXJ5", "NhbmFye", "jYW5hcn"]
            .iter()
            .find_map(|code| text.find(code))
    };
    let at = plain.or_else(encoded)?;
    let around: String = lower
        .chars()
        .skip(at.saturating_sub(300))
        .take(500)
        .collect();
    Some(format!("{what}: {around}"))
}

fn with_headers(request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
    request
        .header("authorization", "Bearer canary-of-the-client")
        .header("cookie", "session=canary-cookie")
        .header("x-canary", "canary-header")
        .header("x-request-id", "not plain: canary")
        .header("traceparent", "canary-traceparent")
        .header("tracestate", "canary=canary-tracestate")
        .header("user-agent", "canary-agent")
}

/// Requests that are refused before execution: the log does not repeat their texts.
async fn refused(url: &str) -> Vec<(String, String)> {
    let bodies = [
        r#"{"query": "canary "#,
        r#"{"query": "{ gauges(first: 1.5) { id } }", "variables": "canary"}"#,
        r#"{"query": "{ gauges { id } }", "operationName": 7, "extensions": "canary"}"#,
        r#"["canary"]"#,
        "canary",
    ];
    let mut shown = Vec::new();
    for body in bodies {
        let request = post(url, "", &json!({})).body(body);
        shown.push((format!("refused {body}"), text(with_headers(request)).await));
    }
    shown
}

/// The output of `explain` with and without `--run`, as text and as JSON.
fn explained(folder: &Folder) -> String {
    let header = [
        "--header",
        "authorization: Bearer canary-of-the-operator",
        "--header",
        "x-canary: canary",
    ];
    let mut shown = String::new();
    for how in [&["--run"][..], &["--run", "--json"], &[], &["--json"]] {
        let arguments = [&["explain", QUERY], how, &header].concat();
        let output = folder.command(&arguments).envs(SECRETS).output().unwrap();
        shown.push_str(&printed(&output));
    }
    assert!(shown.contains("/gauges"), "{shown}");
    shown
}
