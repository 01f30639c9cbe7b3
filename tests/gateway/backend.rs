//! Gateways whose caches store in a backend that they share: each answer of it needs a wait, and it can fail.

use futures_util::future::join_all;
use sangam::gateway::Gateway;

use super::scripted::{Upstream, ask, gateway_on, json as body};
use crate::support::backend::SharedBackend;

const CONNECTS: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @source(name: "s", http: { baseURL: "http://127.0.0.1:9" })
type Query {
  a: String @connect(source: "s", http: { GET: "/a" }, selection: "$.value")
}
type Mutation {
  set: String @connect(source: "s", http: { POST: "/set" }, selection: "$.value")
}
"#;

const BOTH: &str = "[connector.own]\n";
const DOCUMENTS: &str = "[cache]\nresponses = \"0MB\"\n[connector.own]\n";

/// The same connects, where the mapping of `a` is a named one.
fn named(mapping: &str) -> String {
    let declaration = format!(
        r#"@link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@mapping"])
  @mapping(name: "value", selection: "{mapping}")
  @source("#
    );
    CONNECTS
        .replace("v2.12", "v2.13")
        .replace("v0.3", "v0.4")
        .replacen("$.value", "...&value", 1)
        .replacen("\n  @source(", &format!("\n  {declaration}"), 1)
}

struct World {
    backend: SharedBackend,
    upstream: Upstream,
    first: Gateway,
    second: Gateway,
}

async fn world(settings: &str) -> World {
    let (backend, upstream) = (SharedBackend::default(), Upstream::start().await);
    upstream.answer("/a", body(r#"{"value":"old"}"#));
    upstream.answer("/set", body(r#"{"value":"done"}"#));
    let gateway = || gateway_on(&backend, &upstream, CONNECTS, settings);
    let (first, second) = (gateway(), gateway());
    World {
        backend,
        upstream,
        first,
        second,
    }
}

/// The value of `a`, without errors.
async fn value(gateway: &Gateway) -> String {
    let answer = ask(gateway, "{ a }").await;
    assert_eq!(answer.get("errors"), None, "{answer:#}");
    answer["data"]["a"].as_str().unwrap().to_owned()
}

#[test]
async fn what_one_gateway_stores_another_uses_until_a_mutation() {
    for settings in [BOTH, DOCUMENTS] {
        let World {
            upstream,
            first,
            second,
            ..
        } = &world(settings).await;
        assert_eq!(value(first).await, "old");
        assert_eq!(value(second).await, "old");
        assert_eq!(upstream.calls(), ["GET /a"], "{settings}");
        upstream.answer("/a", body(r#"{"value":"new"}"#));
        assert_eq!(ask(first, "mutation { set }").await["data"]["set"], "done");
        assert_eq!(value(second).await, "new");
        assert_eq!(value(first).await, "new");
        assert_eq!(upstream.calls(), ["POST /set", "GET /a"], "{settings}");
    }
}

#[test]
async fn a_failing_backend_is_a_miss() {
    for settings in [BOTH, DOCUMENTS] {
        let world = world(settings).await;
        assert_eq!(value(&world.first).await, "old");
        assert_eq!(world.upstream.calls(), ["GET /a"]);
        world.backend.fail(true);
        world.upstream.answer("/a", body(r#"{"value":"new"}"#));
        assert_eq!(value(&world.first).await, "new");
        assert_eq!(value(&world.second).await, "new");
        assert_eq!(world.upstream.calls(), ["GET /a", "GET /a"], "{settings}");
        let changed = ask(&world.first, "mutation { set }").await;
        assert_eq!(changed["data"]["set"], "done");
        // What was stored before is from before the mutation.
        world.backend.fail(false);
        assert_eq!(value(&world.second).await, "new");
        assert_eq!(value(&world.first).await, "new");
        assert_eq!(
            world.upstream.calls(),
            ["POST /set", "GET /a"],
            "{settings}"
        );
    }
}

#[test]
async fn a_crowd_makes_one_call() {
    let world = world(DOCUMENTS).await;
    let crowd = join_all((0..50).map(|_| value(&world.first))).await;
    assert!(crowd.iter().all(|value| value == "old"));
    assert_eq!(world.upstream.calls(), ["GET /a"]);
}

/// One lookup of the response and one of the document.
#[test]
async fn a_miss_waits_once_for_each_cache() {
    let world = world(BOTH).await;
    assert_eq!(value(&world.first).await, "old");
    assert_eq!(world.backend.lookups(), 2);
    assert_eq!(value(&world.second).await, "old");
    assert_eq!(world.backend.lookups(), 1);
}

/// A gateway with another mapping or another setting makes other responses under the same public schema.
#[test]
async fn gateways_that_differ_share_no_responses() {
    let (backend, upstream) = (SharedBackend::default(), Upstream::start().await);
    upstream.answer("/a", body(r#"{"value":"old","other":"new"}"#));
    let corrected = CONNECTS.replacen("$.value", "$.other", 1);
    let by_setting = CONNECTS.replacen("$.value", "$config.text", 1);
    let with_setting = |text| format!("[connector.own]\nconfig.text = \"{text}\"\n");
    let (named, named_corrected) = (named("$.value"), named("$.other"));
    for (schema, settings, expected) in [
        (CONNECTS, BOTH.to_owned(), "old"),
        (&corrected, BOTH.to_owned(), "new"),
        (&named, BOTH.to_owned(), "old"),
        (&named_corrected, BOTH.to_owned(), "new"),
        (&named, DOCUMENTS.to_owned(), "old"),
        (&named_corrected, DOCUMENTS.to_owned(), "new"),
        (&by_setting, with_setting("one"), "one"),
        (&by_setting, with_setting("two"), "two"),
    ] {
        let gateway = gateway_on(&backend, &upstream, schema, &settings);
        assert_eq!(value(&gateway).await, expected);
    }
}
