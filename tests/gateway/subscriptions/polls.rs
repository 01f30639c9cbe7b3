//! `@poll`: an upstream that is asked at intervals.

use sangam::gateway::Gateway;
use serde_json::json;

use super::{LINKS, Subscribed, code, request, setup, streaming};
use crate::gateway::scripted::{Upstream, ask, http, json as body};

const COUNTER: &str = r#"
  @source(name: "s", http: { baseURL: "http://127.0.0.1:9", headers: [{ name: "x-client", from: "x-client" }] })
type Query { ready: Boolean @connect(selection: "$(true)") }
type Subscription {
  count(of: ID!): Count
    @connect(source: "s", http: { GET: "/count/{$args.of}" }, selection: "open district: { code: district }")
    @poll(every: 3600)
  other: Int @connect(source: "s", http: { GET: "/other" }, selection: "$.open") @poll(every: 3600)
}
type Count { open: Int district: District }
type District @key(fields: "code", resolvable: false) { code: ID! }
"#;

const NAMES: &str = r#"
  @source(name: "s", http: { baseURL: "http://127.0.0.1:9" })
type Query {
  district(code: ID!): District
    @connect(source: "s", http: { GET: "/district/{$args.code}" }, selection: "code name", entity: true)
}
type District @key(fields: "code") { code: ID! name: String }
"#;

/// An upstream for both connectors, of which the first is asked without a pause.
async fn world() -> (Upstream, Gateway) {
    let upstream = Upstream::start().await;
    upstream.answer("/count/water", body(r#"{"open":1,"district":"d1","at":1}"#));
    upstream.answer("/other", body(r#"{"open":10}"#));
    upstream.answer("/district/d1", body(r#"{"code":"d1","name":"Jammu"}"#));
    upstream.answer("/district/d2", body(r#"{"code":"d2","name":"Samba"}"#));
    let url = &upstream.url;
    let text = format!(
        "[connector.counter]\nbase_url = \"{url}\"\npoll_every = \"1ms\"\n[connector.names]\nbase_url = \"{url}\"\n"
    );
    let (counter, names) = (format!("{LINKS}{COUNTER}"), format!("{LINKS}{NAMES}"));
    let connectors = [("counter", counter.as_str()), ("names", names.as_str())];
    let gateway = setup(&text, &connectors, Gateway::first);
    (upstream, gateway)
}

const WATER: &str = r#"subscription { count(of: "water") { open district { name } } }"#;

#[test]
async fn a_subscriber_gets_the_state_and_then_what_changes_joined_with_other_connectors() {
    let (upstream, gateway) = world().await;
    let mut subscribed = Subscribed::to(&gateway, WATER).await;
    let state = json!({ "data": { "count": { "open": 1, "district": { "name": "Jammu" } } } });
    assert_eq!(subscribed.next().await, state);
    // `at` is not selected: this is no change.
    upstream.answer("/count/water", body(r#"{"open":1,"district":"d1","at":2}"#));
    upstream.calls();
    upstream.until_called("GET /count/water").await;
    upstream.answer("/count/water", body(r#"{"open":2,"district":"d1","at":3}"#));
    let state = json!({ "data": { "count": { "open": 2, "district": { "name": "Jammu" } } } });
    assert_eq!(subscribed.next().await, state);
    // The district was in the cache.
    assert!(!upstream.calls().contains(&"GET /district/d1".to_owned()));
    upstream.answer("/count/water", body(r#"{"open":2,"district":"d2"}"#));
    let state = json!({ "data": { "count": { "open": 2, "district": { "name": "Samba" } } } });
    assert_eq!(subscribed.next().await, state);
}

#[test]
async fn one_poll_serves_all_and_ends_with_the_last_subscriber() {
    let (upstream, gateway) = world().await;
    let mut subscribers = Vec::new();
    for _ in 0..200 {
        // Other fields, other names: the request is the same.
        let query = match subscribers.len() % 2 {
            0 => WATER,
            _ => r#"subscription { c: count(of: "water") { open } }"#,
        };
        subscribers.push(Subscribed::to(&gateway, query).await);
    }
    assert_eq!(gateway.feeds(), 1);
    for subscriber in &mut subscribers {
        subscriber.next().await;
    }
    upstream.answer("/count/water", body(r#"{"open":7,"district":"d1"}"#));
    for (index, subscriber) in subscribers.iter_mut().enumerate() {
        let name = ["count", "c"][index % 2];
        assert_eq!(subscriber.next().await["data"][name]["open"], 7);
    }
    // One that comes later gets the state at once.
    upstream.hold("/count/water");
    let mut late = Subscribed::to(&gateway, WATER).await;
    assert_eq!(late.next().await["data"]["count"]["open"], 7);
    subscribers.clear();
    assert_eq!(gateway.feeds(), 1);
    drop(late);
    assert_eq!(gateway.feeds(), 0);
    upstream.answer("/count/water", body(r#"{"open":8,"district":"d1"}"#));
    // Another poll goes on, and this one does not.
    let mut other = Subscribed::to(&gateway, "subscription { other }").await;
    upstream.calls();
    for open in 11..20 {
        upstream.answer("/other", body(format!(r#"{{"open":{open}}}"#)));
        other.next().await;
    }
    assert!(upstream.calls().iter().all(|call| call == "GET /other"));
}

#[test]
async fn subscribers_with_other_headers_that_are_sent_have_polls_of_their_own() {
    let (_upstream, gateway) = world().await;
    let mut all = Vec::new();
    for name in ["a", "b", "a"] {
        let mut client = streaming();
        let headers = std::sync::Arc::make_mut(&mut client.headers);
        headers.insert("x-client", name.parse().unwrap());
        all.push(gateway.execute(request(WATER), &client).await);
    }
    assert_eq!(gateway.feeds(), 2);
}

#[test]
async fn a_failure_is_one_event_and_the_poll_goes_on() {
    let (upstream, gateway) = world().await;
    let mut subscribed = Subscribed::to(&gateway, WATER).await;
    assert_eq!(subscribed.next().await["data"]["count"]["open"], 1);
    upstream.answer("/count/water", http("503 Service Unavailable", "", b""));
    let failed = subscribed.next().await;
    assert_eq!(failed["data"], json!({ "count": null }));
    assert_eq!(code(&failed), "CONNECTOR_FETCH");
    upstream.calls();
    for _ in 0..3 {
        upstream.until_called("GET /count/water").await;
        upstream.calls();
    }
    // The same state as before: subscribers have seen the error.
    upstream.answer("/count/water", body(r#"{"open":1,"district":"d1"}"#));
    let state = json!({ "data": { "count": { "open": 1, "district": { "name": "Jammu" } } } });
    assert_eq!(subscribed.next().await, state);
}

#[test]
async fn garbage_and_a_lost_connection_are_errors_of_the_field() {
    let (upstream, gateway) = world().await;
    upstream.answer(
        "/count/water",
        http(
            "200 OK",
            "content-type: application/json\r\n",
            b"{\"open\":",
        ),
    );
    let mut subscribed = Subscribed::to(&gateway, WATER).await;
    assert_eq!(code(&subscribed.next().await), "CONNECTOR_BAD_ANSWER");
    drop(subscribed);
    upstream.answer("/count/water", Vec::new());
    let mut subscribed = Subscribed::to(&gateway, WATER).await;
    assert_eq!(code(&subscribed.next().await), "HTTP_CLIENT_ERROR");
}

#[test]
async fn a_transport_with_one_response_gets_the_reason() {
    let (upstream, gateway) = world().await;
    let refused = ask(&gateway, WATER).await;
    assert_eq!(code(&refused), "NOT_SUPPORTED");
    assert_eq!(
        refused["errors"][0]["message"],
        "A subscription needs a transport that streams: a WebSocket (graphql-transport-ws), or a request with \
         `Accept: text/event-stream` or `Accept: multipart/mixed;subscriptionSpec=\"1.0\"`"
    );
    assert!(refused.get("data").is_none());
    let mut batch = gateway
        .execute_batch(vec![request(WATER)], &streaming())
        .await;
    let body = batch[0].body().await;
    assert!(String::from_utf8_lossy(&body).contains("NOT_SUPPORTED"));
    assert_eq!((upstream.calls().len(), gateway.feeds()), (0, 0));
}

#[test]
async fn a_subscription_over_the_cost_limit_does_not_begin() {
    let (upstream, _) = world().await;
    let text = format!(
        "[cost]\nmax = 1\n[connector.counter]\nbase_url = \"{}\"\n",
        upstream.url
    );
    let counter = format!("{LINKS}{COUNTER}");
    let gateway = setup(&text, &[("counter", &counter)], Gateway::first);
    let mut response = gateway
        .execute(
            request(r#"subscription { count(of: "water") { open district { code } } }"#),
            &streaming(),
        )
        .await;
    let body: serde_json::Value = serde_json::from_slice(&response.body().await).unwrap();
    assert_eq!(code(&body), "COST_LIMIT_EXCEEDED");
    assert_eq!(gateway.feeds(), 0);
}
