//! `@defer` and `@stream` through a running gateway: parts over HTTP, and what `explain` says.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::running::{Folder, Running, client, printed};
use crate::support::incremental::Merged;
use crate::support::server;

const CONNECTOR: &str = r#"extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@paginate"])
  @source(name: "s", http: { baseURL: "https://s.example" })

type Query {
  district: District @connect(source: "s", http: { GET: "/district" }, selection: "code name")
  districts: [District] @connect(source: "s", http: { GET: "/districts" }, selection: "code name")
  wards: [String]
    @connect(source: "s", http: { GET: "/wards/{$page.offset}" }, selection: "$")
    @paginate(by: OFFSET, size: 2, lastPage: SHORT)
}
type District {
  code: ID!
  name: String
  works: Int @connect(source: "s", http: { GET: "/works/{$this.code}" }, selection: "$.n")
}
"#;

const QUERY: &str = "{ district { name ... @defer(label: \"works\") { works } } }";

const STREAMED: &str = "{ districts @stream(initialCount: 1, label: \"rest\") { name works } }";

async fn works(State(may): State<Arc<Notify>>) -> Json<Value> {
    may.notified().await;
    Json(json!({ "n": 3 }))
}

#[test(threads)]
async fn a_slow_part_follows_over_http() {
    let may = Arc::new(Notify::new());
    let district = || async { Json(json!({ "code": "B", "name": "Budgam" })) };
    let router = Router::new()
        .route("/district", get(district))
        .route("/works/{code}", get(works))
        .with_state(Arc::clone(&may));
    let upstream = server::router(router).await;
    let settings = format!(
        "listen = \"127.0.0.1:0\"\n[connector.lgd]\nbase_url = \"{}\"\n",
        upstream.url("")
    );
    let folder = Folder::new(&settings, &[("lgd", CONNECTOR)]);
    let running = Running::start(folder.command(&["serve"]));
    let ask = |accept: &str| {
        client()
            .post(format!("{}/graphql", running.url))
            .header("content-type", "application/json")
            .header("accept", accept)
            .body(json!({ "query": QUERY }).to_string())
    };
    let accept = "multipart/mixed;incrementalSpec=v0.2, application/json";
    let mut response = ask(accept).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let mut text = String::new();
    while !text.contains("hasNext") {
        let chunk = response.chunk().await.unwrap().expect("a part");
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    assert!(
        text.contains(r#"{"data":{"district":{"name":"Budgam"}}"#),
        "{text}"
    );
    may.notify_one();
    while let Some(chunk) = response.chunk().await.unwrap() {
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    let mut merged = Merged::default();
    for payload in text.lines().filter(|line| line.starts_with('{')) {
        merged.add(&serde_json::from_str(payload).unwrap()).unwrap();
    }
    let expected = json!({ "data": { "district": { "name": "Budgam", "works": 3 } } });
    assert_eq!(merged.into_answer().unwrap(), expected);

    // A client of another kind gets one answer.
    may.notify_one();
    let whole = ask("application/json").send().await.unwrap();
    let whole: Value = serde_json::from_slice(&whole.bytes().await.unwrap()).unwrap();
    assert_eq!(whole, expected);

    let explained = printed(&folder.command(&["explain", QUERY]).output().unwrap());
    let line = "   deferred, for \"works\" of district\n";
    assert_eq!(explained.matches(line).count(), 1, "{explained}");
    let json = folder
        .command(&["explain", "--json", QUERY])
        .output()
        .unwrap();
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    let parts = json!([{ "path": "district", "label": "works" }]);
    assert_eq!(json["fetches"][1]["deferred"], parts, "{json}");
}

/// The works of the first district are there at once, and those of the other one when the client has the first payload.
#[test(threads)]
async fn the_elements_of_a_list_follow_over_http() {
    let may = Arc::new(Notify::new());
    let districts = || async {
        Json(json!([{ "code": "A", "name": "Anantnag" }, { "code": "B", "name": "Budgam" }]))
    };
    let router = Router::new()
        .route("/districts", get(districts))
        .route("/works/A", get(|| async { Json(json!({ "n": 1 })) }))
        .route("/works/B", get(works))
        .with_state(Arc::clone(&may));
    let upstream = server::router(router).await;
    let settings = format!(
        "listen = \"127.0.0.1:0\"\n[connector.lgd]\nbase_url = \"{}\"\n",
        upstream.url("")
    );
    let folder = Folder::new(&settings, &[("lgd", CONNECTOR)]);
    let running = Running::start(folder.command(&["serve"]));
    let whole = json!([{ "name": "Anantnag", "works": 1 }, { "name": "Budgam", "works": 3 }]);
    for accept in [
        "multipart/mixed;incrementalSpec=v0.2, application/json",
        "multipart/mixed;deferSpec=20220824, application/json",
    ] {
        let asked = client()
            .post(format!("{}/graphql", running.url))
            .header("content-type", "application/json")
            .header("accept", accept)
            .body(json!({ "query": STREAMED }).to_string());
        let mut response = asked.send().await.unwrap();
        assert_eq!(response.status(), 200);
        let mut text = String::new();
        while !text.contains("hasNext") {
            let chunk = response.chunk().await.unwrap().expect("a part");
            text.push_str(&String::from_utf8_lossy(&chunk));
        }
        may.notify_one();
        while let Some(chunk) = response.chunk().await.unwrap() {
            text.push_str(&String::from_utf8_lossy(&chunk));
        }
        let payloads = text.lines().filter(|line| line.starts_with('{'));
        let payloads = payloads.map(|line| serde_json::from_str(line).unwrap());
        let payloads: Vec<Value> = payloads.collect();
        assert_eq!(payloads.len(), 2, "{text}");
        let first = json!({ "districts": [whole[0]] });
        assert_eq!(payloads[0]["data"], first, "{text}");
        let items = &payloads[1]["incremental"][0]["items"];
        assert_eq!(*items, json!([whole[1]]), "{text}");
    }

    let explained = printed(&folder.command(&["explain", STREAMED]).output().unwrap());
    let line = "   streamed: the first element of districts, then the others\n";
    assert_eq!(explained.matches(line).count(), 1, "{explained}");
    let json = folder
        .command(&["explain", "--json", STREAMED])
        .output()
        .unwrap();
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    let lists = json!([{ "path": "districts", "label": "rest", "initialCount": 1 }]);
    assert_eq!(json["fetches"][1]["streamed"], lists, "{json}");
}

/// The second page is there when the client has the elements of the first one.
#[test(threads)]
async fn pages_follow_over_http() {
    let may = Arc::new(Notify::new());
    let last = async |State(may): State<Arc<Notify>>| {
        may.notified().await;
        Json(json!(["c"]))
    };
    let router = Router::new()
        .route("/wards/0", get(|| async { Json(json!(["a", "b"])) }))
        .route("/wards/2", get(last))
        .with_state(Arc::clone(&may));
    let upstream = server::router(router).await;
    let settings = format!(
        "listen = \"127.0.0.1:0\"\n[connector.lgd]\nbase_url = \"{}\"\n",
        upstream.url("")
    );
    let folder = Folder::new(&settings, &[("lgd", CONNECTOR)]);
    let running = Running::start(folder.command(&["serve"]));
    for accept in [
        "multipart/mixed;incrementalSpec=v0.2, application/json",
        "multipart/mixed;deferSpec=20220824, application/json",
        "text/event-stream;incrementalSpec=v0.2, application/json",
    ] {
        let asked = client()
            .post(format!("{}/graphql", running.url))
            .header("content-type", "application/json")
            .header("accept", accept)
            .body(json!({ "query": "{ wards @stream(initialCount: 2) }" }).to_string());
        let mut response = asked.send().await.unwrap();
        assert_eq!(response.status(), 200, "{accept}");
        let mut text = String::new();
        while !text.contains("hasNext") {
            let chunk = response.chunk().await.unwrap().expect("a part");
            text.push_str(&String::from_utf8_lossy(&chunk));
        }
        may.notify_one();
        while let Some(chunk) = response.chunk().await.unwrap() {
            text.push_str(&String::from_utf8_lossy(&chunk));
        }
        let payloads = text
            .lines()
            .map(|line| line.strip_prefix("data: ").unwrap_or(line))
            .filter(|line| line.starts_with('{'))
            .map(|line| serde_json::from_str(line).unwrap());
        let payloads: Vec<Value> = payloads.collect();
        assert_eq!(payloads.len(), 2, "{accept}: {text}");
        assert_eq!(
            payloads[0]["data"],
            json!({ "wards": ["a", "b"] }),
            "{text}"
        );
        let items = &payloads[1]["incremental"][0]["items"];
        assert_eq!(*items, json!(["c"]), "{accept}: {text}");
    }
}
