//! A reload while subscriptions run.

use sangam::gateway::{Gateway, LiveGateway};

use super::{LINKS, Subscribed, code, setup};
use crate::gateway::scripted::{Upstream, json as body};

/// A connector with a subscription of its own name.
fn schema(name: &str, selection: &str) -> String {
    format!(
        r#"{LINKS}
  @source(name: "s", http: {{ baseURL: "http://127.0.0.1:9" }})
type Query {{ {name}Now: Int @connect(source: "s", http: {{ GET: "/{name}" }}, selection: "$.value") }}
type Subscription {{
  {name}: Int @connect(source: "s", http: {{ GET: "/{name}" }}, selection: "{selection}") @poll(every: 3600)
}}
"#
    )
}

#[test]
async fn a_subscription_goes_on_if_its_connector_is_the_same_and_ends_if_not() {
    let upstream = Upstream::start().await;
    upstream.answer("/roads", body(r#"{"value":1,"other":5}"#));
    upstream.answer("/schools", body(r#"{"value":1}"#));
    let section = |name: &str| {
        let url = &upstream.url;
        format!("[connector.{name}]\nbase_url = \"{url}\"\npoll_every = \"1ms\"\n")
    };
    let text = section("roads") + &section("schools");
    let (roads, schools) = (schema("roads", "$.value"), schema("schools", "$.value"));
    let first = setup(
        &text,
        &[("roads", &roads), ("schools", &schools)],
        Gateway::first,
    );
    let live = LiveGateway::new(first);
    let mut of_roads = Subscribed::to(&live.current(), "subscription { roads }").await;
    let mut of_schools = Subscribed::to(&live.current(), "subscription { schools }").await;
    assert_eq!(of_roads.next().await["data"]["roads"], 1);
    assert_eq!(of_schools.next().await["data"]["schools"], 1);

    let changed = schema("roads", "$.other");
    let next = setup(
        &text,
        &[("roads", &changed), ("schools", &schools)],
        |setup| live.current().successor(setup),
    );
    live.replace(next).await;
    let last = of_roads.last().await.unwrap();
    assert_eq!(code(&last), "SUBSCRIPTION_SCHEMA_RELOAD");
    assert_eq!(
        last["errors"][0]["message"],
        "The graph has changed: subscribe again"
    );
    upstream.answer("/schools", body(r#"{"value":2}"#));
    assert_eq!(of_schools.next().await["data"]["schools"], 2);
    // The poll of the first generation serves subscribers of the second one.
    let mut another = Subscribed::to(&live.current(), "subscription { schools }").await;
    assert_eq!(another.next().await["data"]["schools"], 2);
    assert_eq!(live.current().feeds(), 1);
    let mut of_roads = Subscribed::to(&live.current(), "subscription { roads }").await;
    assert_eq!(of_roads.next().await["data"]["roads"], 5);
}

#[test]
async fn a_subscription_ends_if_its_field_is_gone() {
    let upstream = Upstream::start().await;
    upstream.answer("/roads", body(r#"{"value":1}"#));
    let text = format!("[connector.roads]\nbase_url = \"{}\"\n", upstream.url);
    let roads = schema("roads", "$.value");
    let live = LiveGateway::new(setup(&text, &[("roads", &roads)], Gateway::first));
    let mut of_roads = Subscribed::to(&live.current(), "subscription { roads }").await;
    of_roads.next().await;
    let without = schema("roads", "$.value").replace("Subscription", "Mutation");
    let without = without.replace("@poll(every: 3600)", "");
    let next = setup(&text, &[("roads", &without)], |setup| {
        live.current().successor(setup)
    });
    live.replace(next).await;
    assert_eq!(
        code(&of_roads.last().await.unwrap()),
        "SUBSCRIPTION_SCHEMA_RELOAD"
    );
}
