//! A supergraph that another composer wrote is served and checked instead of connectors.

use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::running::{Folder, Running, post as ask, printed, text};
use crate::support::server::{Server, router};

const SUPERGRAPH: &str = include_str!("supergraph/composed-elsewhere.graphql");

/// A GraphQL service that gives this to every operation.
async fn service(data: Value) -> Server {
    let answer = post(move || {
        let body = json!({ "data": data });
        async { Json(body) }
    });
    router(Router::new().route("/graphql", answer)).await
}

fn folder(settings: &str, supergraph: &str) -> Folder {
    let folder = Folder::new(settings, &[]);
    std::fs::write(folder.path("supergraph.graphql"), supergraph).unwrap();
    folder
}

/// Runs a command to its end.
fn ended(folder: &Folder, arguments: &[&str]) -> (Option<i32>, String) {
    let output = folder.command(arguments).output().unwrap();
    (output.status.code(), printed(&output))
}

#[test]
async fn its_graphs_are_connectors_with_settings() {
    let roads = service(json!({ "road": { "name": "Ring road", "id": "7" } })).await;
    let works = service(json!({ "_entities": [{ "works": ["Bridge"] }] })).await;
    let addresses = format!(
        "listen = \"127.0.0.1:0\"\n[connector.roads]\nbase_url = \"{}\"\n[connector.works-v2]\nbase_url = \"{}\"\n",
        roads.url("/graphql"),
        works.url("/graphql")
    );
    let by_setting = format!("supergraph = \"supergraph.graphql\"\n{addresses}");
    let by_flag = ["serve", "--supergraph", "supergraph.graphql"];
    for (settings, arguments) in [(&addresses, &by_flag[..]), (&by_setting, &["serve"])] {
        let folder = folder(settings, SUPERGRAPH);
        let running = Running::start(folder.command(arguments));
        let query = "{ road(id: \"7\") { name works } connectors { name } }";
        let response = text(ask(&running.url, query, &json!({}))).await;
        let response: Value = serde_json::from_str(&response).unwrap();
        let expected = json!({ "data": {
            "road": { "name": "Ring road", "works": ["Bridge"] },
            "connectors": [
                { "name": "roads" },
                { "name": "works-v2" },
            ],
        } });
        assert_eq!(response, expected);
        running.stop();
    }
}

/// A graph has no folder whose `@graphql` could map its errors: the settings do.
#[test]
async fn errors_of_its_graphs_say_what_the_settings_select() {
    let answer = post(|| async {
        Json(json!({
            "data": { "road": null },
            "errors": [{
                "message": "The road is closed",
                "path": ["road"],
                "extensions": { "code": "CLOSED", "gate": 4 },
            }],
        }))
    });
    let roads = router(Router::new().route("/graphql", answer)).await;
    let settings = format!(
        "listen = \"127.0.0.1:0\"\nsupergraph = \"supergraph.graphql\"\n[connector.roads]\nbase_url = \"{}\"
error_message = \"message\"\nerror_extensions = \"code: extensions.code\"\n",
        roads.url("/graphql")
    );
    let folder = folder(&settings, SUPERGRAPH);
    let running = Running::start(folder.command(&["serve"]));
    let response = text(ask(
        &running.url,
        "{ road(id: \"7\") { name } }",
        &json!({}),
    ))
    .await;
    let response: Value = serde_json::from_str(&response).unwrap();
    let expected = json!({
        "data": { "road": null },
        "errors": [{
            "message": "The road is closed",
            "locations": [{ "line": 1, "column": 3 }],
            "path": ["road"],
            "extensions": {
                "code": "CLOSED",
                "service": "roads",
                "http": { "status": 200 },
                "sangam": { "kind": "UPSTREAM" },
            },
        }],
    });
    assert_eq!(response, expected);
    running.stop();
}

#[test]
fn it_is_checked_and_explained() {
    let folder = folder("", SUPERGRAPH);
    let (status, shown) = ended(&folder, &["check", "--supergraph", "supergraph.graphql"]);
    let expected = "roads            a GraphQL service
works-v2         a GraphQL service

2 connectors fit together; no operations; 0 warnings
";
    assert_eq!((status, &*shown), (Some(0), expected));
    let arguments = ["explain", "--supergraph", "supergraph.graphql"];
    let query = ["{ road(id: \"7\") { works } }"];
    let (status, shown) = ended(&folder, &[&arguments[..], &query].concat());
    assert_eq!(status, Some(0), "{shown}");
    assert!(shown.contains("works-v2: entities of Road"), "{shown}");
}

/// The gateway's own connector is in it, and is not read a second time.
#[test]
fn what_this_gateway_composes_it_serves() {
    let schema =
        "extend schema @link(url: \"https://specs.sangam.dev/wire/v0.1\", import: [\"@graphql\"])
  @graphql(url: \"http://roads.example/graphql\")
type Query { road: String }\n";
    let folder = Folder::new("", &[("roads", schema)]);
    let (status, supergraph) = ended(&folder, &["schema", "--supergraph"]);
    assert_eq!(status, Some(0), "{supergraph}");
    assert!(supergraph.contains("name: \"gateway\""), "{supergraph}");
    std::fs::write(folder.path("supergraph.graphql"), supergraph).unwrap();
    let (status, shown) = ended(&folder, &["check", "--supergraph", "supergraph.graphql"]);
    let expected = "roads            a GraphQL service

1 connector can be served; no operations; 0 warnings
";
    assert_eq!((status, &*shown), (Some(0), expected));
}

#[test]
fn what_cannot_be_served_is_refused() {
    let without_url = SUPERGRAPH.replace("http://works.example/graphql", "");
    for (supergraph, arguments, status, expected) in [
        (
            "type Query { a: Int }",
            &["check", "--supergraph", "supergraph.graphql"][..],
            1,
            "this is no supergraph SDL",
        ),
        (
            SUPERGRAPH,
            &["check", "--supergraph", "nowhere.graphql"],
            3,
            "error: the supergraph nowhere.graphql cannot be read: No such file or directory",
        ),
        (
            SUPERGRAPH,
            &[
                "check",
                "--supergraph",
                "supergraph.graphql",
                "--connectors",
                "connectors",
            ],
            2,
            "cannot be used with",
        ),
        (
            &without_url,
            &["serve", "--supergraph", "supergraph.graphql"],
            1,
            "\"error\":\"the graph `works-v2` of supergraph.graphql has no URL\"",
        ),
    ] {
        let folder = folder("", supergraph);
        let (code, shown) = ended(&folder, arguments);
        assert_eq!(code, Some(status), "{shown}");
        assert!(shown.contains(expected), "{shown}");
    }
}

/// A changed supergraph is served without a restart; one that cannot be read changes nothing.
#[test]
async fn it_is_watched() {
    let roads = service(json!({ "road": { "name": "Ring road", "id": "7" } })).await;
    let settings = format!(
        "listen = \"127.0.0.1:0\"\nwatch = \"10ms\"\nsupergraph = \"supergraph.graphql\"\n[connector.roads]\nbase_url = \"{}\"\n",
        roads.url("/graphql")
    );
    let folder = folder(&settings, SUPERGRAPH);
    let mut running = Running::start(folder.command(&["serve"]));
    let query = "{ road(id: \"7\") { name } }";
    let expected = json!({ "data": { "road": { "name": "Ring road" } } }).to_string();
    assert_eq!(text(ask(&running.url, query, &json!({}))).await, expected);
    std::fs::write(folder.path("supergraph.graphql"), "type Query { a: Int }").unwrap();
    running.until("not reloaded: everything is served as before");
    assert_eq!(text(ask(&running.url, query, &json!({}))).await, expected);
    let renamed = SUPERGRAPH.replace("  name: String @", "  title: String @");
    std::fs::write(folder.path("supergraph.graphql"), renamed).unwrap();
    running.until("reloaded");
    let response = text(ask(&running.url, query, &json!({}))).await;
    assert!(response.starts_with("{\"errors\":"), "{response}");
    let response = text(ask(
        &running.url,
        "{ __type(name: \"Road\") { fields { name } } }",
        &json!({}),
    ))
    .await;
    assert!(response.contains("\"title\""), "{response}");
    running.stop();
}
