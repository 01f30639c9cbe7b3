//! A generation of a gateway and its successor: what they share, and what a change ends.

use std::sync::Arc;

use sangam::gateway::{ConfiguredConnector, Gateway, LiveGateway, Setup, SetupProblem};

use super::scripted::{Upstream, ask, json as body, settings};
use crate::plans::subgraph;

/// A connector with the field `<name>: String`, which has the member `value` or another one of the upstream's object.
fn schema(name: &str, selection: &str) -> String {
    format!(
        r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @source(name: "s", http: {{ baseURL: "http://127.0.0.1:9", headers: [{{ name: "x-key", value: "{{$config.key?}}" }}] }})
type Query {{
  {name}: String @connect(source: "s", http: {{ GET: "/{name}" }}, selection: "{selection}")
}}
"#
    )
}

struct World {
    upstream: Upstream,
    live: LiveGateway,
}

/// The connectors with their selections; `key` is the setting of `roads`.
fn setup<T>(
    upstream: &Upstream,
    connectors: &[(&str, &str)],
    key: &str,
    build: impl FnOnce(Setup<'_>) -> Result<T, SetupProblem>,
) -> T {
    let mut text = String::new();
    for (name, _) in connectors {
        let config = match *name {
            "roads" => format!("config = {{ key = {{ sample = \"{key}\" }} }}\n"),
            _ => String::new(),
        };
        text.push_str(&format!(
            "[connector.{name}]\nbase_url = \"{}\"\n{config}",
            upstream.url
        ));
    }
    let settings = settings(&text);
    let connector = |(name, selection): &(&str, &str)| ConfiguredConnector {
        subgraph: subgraph(name, &schema(name, selection)),
        owner: None,
        description: None,
        settings: settings.connector(name, None).unwrap(),
    };
    let setup = Setup {
        connectors: connectors.iter().map(connector).collect(),
        set_aside: Vec::new(),
        settings: &settings,
    };
    build(setup).unwrap_or_else(|problem| panic!("{problem:#?}"))
}

const BOTH: [(&str, &str); 2] = [("roads", "$.value"), ("schools", "$.value")];

async fn world() -> World {
    let upstream = Upstream::start().await;
    upstream.answer("/roads", body(r#"{"value":"a","other":"b"}"#));
    upstream.answer("/schools", body(r#"{"value":"c","other":"d"}"#));
    let first = setup(&upstream, &BOTH, "k1", Gateway::first);
    let live = LiveGateway::new(first);
    World { upstream, live }
}

impl World {
    async fn replace(&self, connectors: &[(&str, &str)], key: &str) {
        let current = self.live.current();
        let next = setup(&self.upstream, connectors, key, |setup| {
            current.successor(setup)
        });
        self.live.replace(next).await;
    }

    /// The data of an operation, and the calls that it made.
    async fn ask(&self, query: &str) -> (serde_json::Value, Vec<String>) {
        let answer = ask(&self.live.current(), query).await;
        assert_eq!(answer.get("errors"), None, "{answer:#}");
        (answer["data"].clone(), self.upstream.calls())
    }
}

#[test]
async fn a_changed_mapping_ends_its_own_responses_and_no_others() {
    let world = world().await;
    let queries = ["{ roads }", "{ schools }", "{ roads schools }"];
    for query in queries {
        world.ask(query).await;
    }
    world
        .replace(&[("roads", "$.other"), ("schools", "$.value")], "k1")
        .await;
    let (data, calls) = world.ask("{ schools }").await;
    assert_eq!((data["schools"].as_str(), calls.len()), (Some("c"), 0));
    // The document was accepted by the old rules: it is fetched again.
    let (data, calls) = world.ask("{ roads }").await;
    assert_eq!(data["roads"], "b");
    assert_eq!(calls, ["GET /roads"]);
    let (data, calls) = world.ask("{ roads schools }").await;
    assert_eq!(data, serde_json::json!({ "roads": "b", "schools": "c" }));
    assert!(calls.is_empty(), "{calls:?}");
}

#[test]
async fn a_changed_secret_ends_the_responses_that_were_fetched_with_it() {
    let world = world().await;
    world.ask("{ roads schools }").await;
    world.replace(&BOTH, "k2").await;
    assert_eq!(world.ask("{ schools }").await.1.len(), 0);
    assert_eq!(world.ask("{ roads }").await.1, ["GET /roads"]);
    world.replace(&BOTH, "k2").await;
    assert_eq!(world.ask("{ roads }").await.1.len(), 0);
}

#[test]
async fn a_connector_is_added_and_removed_and_documents_stay() {
    let world = world().await;
    world.ask("{ roads }").await;
    world.replace(&BOTH[..1], "k1").await;
    let answer = ask(&world.live.current(), "{ schools }").await;
    let message = answer["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("schools"), "{message}");
    // The public schema is another one, so the response is made again, from the document.
    assert_eq!(world.ask("{ roads }").await.1.len(), 0);
    world.replace(&BOTH, "k1").await;
    assert_eq!(world.ask("{ schools roads }").await.1, ["GET /schools"]);
}

#[test]
async fn a_request_in_flight_ends_on_its_generation() {
    let world = world().await;
    world.upstream.hold("/roads");
    let old = world.live.current();
    let waiting = Arc::clone(&old);
    let asked = tokio::spawn(async move { ask(&waiting, "{ roads schools }").await });
    world.upstream.until_called("GET /roads").await;
    world
        .replace(&[("roads", "$.other"), ("schools", "$.other")], "k1")
        .await;
    assert!(!Arc::ptr_eq(&old, &world.live.current()));
    assert!(!asked.is_finished());
    let (data, _) = world.ask("{ schools }").await;
    assert_eq!(data["schools"], "d");
    asked.abort();
}

#[test]
async fn the_most_used_operations_are_compiled_before_a_generation_serves() {
    let world = world().await;
    world.ask("{ roads }").await;
    let compiled = || world.live.current().compiled_operations();
    assert_eq!(compiled(), 1);
    world.replace(&BOTH, "k1").await;
    assert_eq!(compiled(), 1);
    assert_eq!(world.ask("{ roads }").await.1.len(), 0);
    assert_eq!(compiled(), 1);
}
