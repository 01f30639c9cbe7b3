//! Batches: which requests are executed together, and what they may use together.

use sangam::gateway::{ClientContext, Gateway, GraphqlRequest};
use serde_json::{Value, json};

use super::scripted::{Upstream, gateway, http, json as kept};

const SCHEMA: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @source(name: "s", http: { baseURL: "http://127.0.0.1:9" })
type Query {
  a: Thing @connect(source: "s", http: { GET: "/a" }, selection: "value")
  b: Thing @connect(source: "s", http: { GET: "/b" }, selection: "value")
  c: Thing @connect(source: "s", http: { GET: "/c" }, selection: "value")
}
type Thing { value: String }
type Mutation {
  set: Thing @connect(source: "s", http: { POST: "/set" }, selection: "value")
}
"#;

const NO_STORE: &str = "content-type: application/json\r\ncache-control: no-store\r\n";

async fn world(settings: &str) -> (Upstream, Gateway) {
    let upstream = Upstream::start().await;
    for path in ["/a", "/b", "/c", "/set"] {
        let body = format!(r#"{{"value":"{path}"}}"#);
        upstream.answer(path, http("200 OK", NO_STORE, body.as_bytes()));
    }
    let gateway = gateway(&upstream, SCHEMA, settings, "");
    (upstream, gateway)
}

async fn ask(gateway: &Gateway, queries: &[&str]) -> Vec<Value> {
    let requests = queries.iter().map(|query| GraphqlRequest {
        query: Some((*query).to_owned()),
        ..GraphqlRequest::default()
    });
    let client = ClientContext {
        mutations_allowed: true,
        ..ClientContext::default()
    };
    let mut answers = Vec::new();
    for mut response in gateway.execute_batch(requests.collect(), &client).await {
        answers.push(serde_json::from_slice(&response.body().await).unwrap());
    }
    answers
}

fn code(answer: &Value) -> &Value {
    &answer["errors"][0]["extensions"]["code"]
}

#[test]
async fn a_mutation_is_executed_by_itself() {
    let (upstream, gateway) = world("").await;
    let batch = [
        "{ a { value } }",
        "{ b { value } }",
        "mutation { set { value } }",
        "{ c { value } }",
        "mutation { set { value } }",
        "mutation { set { value } }",
    ];
    let answers = ask(&gateway, &batch).await;
    let expected = [
        json!({ "data": { "a": { "value": "/a" } } }),
        json!({ "data": { "b": { "value": "/b" } } }),
        json!({ "data": { "set": { "value": "/set" } } }),
        json!({ "data": { "c": { "value": "/c" } } }),
        json!({ "data": { "set": { "value": "/set" } } }),
        json!({ "data": { "set": { "value": "/set" } } }),
    ];
    assert_eq!(answers, expected);
    let mut calls = upstream.calls();
    calls[..2].sort();
    let expected = [
        "GET /a",
        "GET /b",
        "POST /set",
        "GET /c",
        "POST /set",
        "POST /set",
    ];
    assert_eq!(calls, expected);
}

#[test]
async fn queries_are_executed_at_the_same_time() {
    let (upstream, gateway) = world("").await;
    upstream.hold("/a");
    upstream.hold("/b");
    let batch = ["{ a { value } }", "{ b { value } }"];
    let asked = ask(&gateway, &batch);
    let both = async {
        // Neither has a response yet.
        upstream.until_called("GET /a").await;
        upstream.until_called("GET /b").await;
    };
    tokio::select! {
        _ = asked => panic!("an upstream has not responded"),
        () = both => {}
    }
}

#[test]
async fn a_refused_request_does_not_fail_the_others() {
    let (_upstream, gateway) = world("").await;
    let batch = ["{ a { value } }", "{ nothing }", "{", "{ b { value } }"];
    let answers = ask(&gateway, &batch).await;
    assert_eq!(answers[0]["data"]["a"]["value"], "/a");
    assert_eq!(code(&answers[1]), "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(code(&answers[2]), "GRAPHQL_PARSE_FAILED");
    assert_eq!(answers[3]["data"]["b"]["value"], "/b");
}

#[test]
async fn the_operations_of_a_batch_share_the_cost() {
    let (upstream, gateway) = world("[cost]\nmax = 2\n").await;
    upstream.answer("/a", kept(r#"{"value":"kept"}"#));
    let three = ["{ a { value } }", "{ b { value } }", "{ c { value } }"];
    let answers = ask(&gateway, &three).await;
    assert_eq!(answers[1]["data"]["b"]["value"], "/b");
    let message = "The operation costs 1 by estimate, and the operations before it in the batch 2: together more than the \
                   maximum of 2 (cost.max); send it in another request";
    assert_eq!(answers[2]["errors"][0]["message"], message);
    assert_eq!(code(&answers[2]), "COST_LIMIT_EXCEEDED");
    // From the cache it costs nothing.
    let answers = ask(&gateway, &three).await;
    assert_eq!(answers[0]["data"]["a"]["value"], "kept");
    assert_eq!(answers[2]["data"]["c"]["value"], "/c");
    // Each batch has a budget of its own, and so has each operation that is sent alone.
    let alone = ask(&gateway, &["{ b { value } c { value } }"]).await;
    assert_eq!(alone[0]["data"]["b"]["value"], "/b");
    let too_much = ask(&gateway, &["{ a { value } b { value } c { value } }"]).await;
    let message = too_much[0]["errors"][0]["message"].as_str().unwrap();
    assert!(
        message.starts_with("The operation costs 3 by estimate, more than"),
        "{message}"
    );
}

#[test]
async fn the_responses_of_a_batch_are_bounded_together() {
    let (_upstream, gateway) = world("[limits]\nanswer_bytes = \"70B\"\n").await;
    let batch = [
        "{ a { value } }",
        "{ b { value } }",
        "{ c { value } }",
        "{ __typename }",
    ];
    let answers = ask(&gateway, &batch).await;
    // 29 bytes each, and 31: the two that are complete first have room.
    let (whole, refused): (Vec<&Value>, Vec<&Value>) = answers
        .iter()
        .partition(|answer| answer.get("data").is_some());
    assert_eq!((whole.len(), refused.len()), (2, 2), "{answers:?}");
    let message = "The operation was executed, but the responses of the batch are longer than allowed (70 bytes)";
    for answer in refused {
        assert_eq!(answer["errors"][0]["message"], message);
        assert_eq!(code(answer), "LIMIT_EXCEEDED");
    }
}
