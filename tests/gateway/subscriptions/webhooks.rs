//! `@webhook`: an upstream that sends events.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use ring::hmac;
use sangam::events::Unverified;
use sangam::gateway::{Gateway, HookRefusal, HookRequest, Hooked};
use serde_json::json;

use super::{LINKS, Subscribed, code, request, setup, streaming};
use crate::gateway::scripted::{Upstream, ask, json as body};

const DESK: &str = r#"
  @source(name: "s", http: { baseURL: "http://127.0.0.1:9" })
type Query {
  application(reference: ID!): Application
    @connect(source: "s", http: { GET: "/application" }, selection: "reference: ref status district: { code: district }")
  fee: Int @connect(source: "s", http: { GET: "/fee" }, selection: "$.fee")
}
type Subscription {
  applicationChanged(reference: ID!): Application
    @connect(selection: "$.application { reference: ref status district: { code: district } }")
    @webhook(event: "$.type->eq('moved')", filter: "$.application.ref->eq($args.reference)")
    @invalidates(fields: ["Query.application"])
  anything: String
    @connect(selection: "$([$response.headers.'x-kind'->first, $.type])->joinNotNull(' ')")
    @webhook
    @invalidates(fields: ["Query.fee"], unless: "$.type->ne('fee')")
}
type Application { reference: ID status: String district: District }
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

const SECRET: &str = "a-secret-of-the-desk";

async fn world(desk: &str) -> (Upstream, Gateway) {
    let upstream = Upstream::start().await;
    upstream.answer(
        "/application",
        body(r#"{"ref":"7","status":"FILED","district":"d1"}"#),
    );
    upstream.answer("/fee", body(r#"{"fee":10}"#));
    upstream.answer("/district/d1", body(r#"{"code":"d1","name":"Jammu"}"#));
    let url = &upstream.url;
    let text = format!(
        "[connector.desk]\nbase_url = \"{url}\"\n{desk}\n[connector.names]\nbase_url = \"{url}\"\n"
    );
    let (schema, names) = (format!("{LINKS}{DESK}"), format!("{LINKS}{NAMES}"));
    let connectors = [("desk", schema.as_str()), ("names", names.as_str())];
    let gateway = setup(&text, &connectors, Gateway::first);
    (upstream, gateway)
}

fn standard() -> String {
    format!("webhook_secret = {{ sample = \"{SECRET}\" }}")
}

/// The headers of a request that is signed as Standard Webhooks says.
pub(crate) fn signed(secret: &str, id: &str, body: &str, at: i64) -> HeaderMap {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{id}.{at}.{body}").as_bytes());
    let mut headers = HeaderMap::new();
    let signature = format!("v1,{}", STANDARD.encode(tag));
    for (name, value) in [
        ("webhook-id", id),
        ("webhook-timestamp", &at.to_string()),
        ("webhook-signature", &signature),
        ("x-kind", "test"),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    headers
}

async fn send(gateway: &Gateway, headers: &HeaderMap, body: &str) -> Result<Hooked, HookRefusal> {
    let body = Bytes::copy_from_slice(body.as_bytes());
    let connector = "desk";
    gateway
        .hook(HookRequest {
            connector,
            headers,
            body,
        })
        .await
}

fn now() -> i64 {
    Timestamp::now().as_second()
}

const MOVED: &str =
    r#"{"type":"moved","application":{"ref":"7","status":"GRANTED","district":"d1"}}"#;

#[test]
async fn an_event_ends_what_is_cached_and_reaches_those_that_it_concerns() {
    let (upstream, gateway) = world(&standard()).await;
    let read = "{ application(reference: 7) { status } fee }";
    ask(&gateway, read).await;
    let changed = "applicationChanged(reference: 7) { reference status district { name } }";
    let mut mine = Subscribed::to(&gateway, &format!("subscription {{ {changed} }}")).await;
    let other = "subscription { applicationChanged(reference: 8) { status } }";
    let mut other = Subscribed::to(&gateway, other).await;
    let mut anything = Subscribed::to(&gateway, "subscription { anything }").await;
    upstream.calls();
    let sent = send(&gateway, &signed(SECRET, "m1", MOVED, now()), MOVED).await;
    assert_eq!(sent, Ok(Hooked::Event(2)));
    let event = json!({ "data": { "applicationChanged": {
        "reference": "7", "status": "GRANTED", "district": { "name": "Jammu" },
    } } });
    assert_eq!(mine.next().await, event);
    assert_eq!(anything.next().await["data"]["anything"], "test moved");
    // The fee is still cached, and the application is not.
    upstream.answer(
        "/application",
        body(r#"{"ref":"7","status":"GRANTED","district":"d1"}"#),
    );
    let read = ask(&gateway, read).await;
    assert_eq!(
        read["data"],
        json!({ "application": { "status": "GRANTED" }, "fee": 10 })
    );
    assert_eq!(upstream.calls(), ["GET /district/d1", "GET /application"]);

    let second = r#"{"type":"moved","application":{"ref":"8","status":"REFUSED"}}"#;
    send(&gateway, &signed(SECRET, "m2", second, now()), second)
        .await
        .unwrap();
    // It did not get the first one.
    let event = json!({ "data": { "applicationChanged": { "status": "REFUSED" } } });
    assert_eq!(other.next().await, event);
    assert_eq!(anything.next().await["data"]["anything"], "test moved");

    upstream.answer("/fee", body(r#"{"fee":12}"#));
    assert_eq!(ask(&gateway, "{ fee }").await["data"]["fee"], 10);
    let fee = r#"{"type":"fee"}"#;
    let sent = send(&gateway, &signed(SECRET, "m3", fee, now()), fee).await;
    assert_eq!(sent, Ok(Hooked::Event(1)));
    assert_eq!(anything.next().await["data"]["anything"], "test fee");
    assert_eq!(ask(&gateway, "{ fee }").await["data"]["fee"], 12);
}

#[test]
async fn a_copy_is_no_event_and_a_bad_signature_nothing() {
    let (_upstream, gateway) = world(&standard()).await;
    let mut anything = Subscribed::to(&gateway, "subscription { anything }").await;
    let at = now();
    let headers = signed(SECRET, "m1", MOVED, at);
    assert_eq!(send(&gateway, &headers, MOVED).await, Ok(Hooked::Event(2)));
    for _ in 0..3 {
        assert_eq!(send(&gateway, &headers, MOVED).await, Ok(Hooked::Repeated));
    }
    let refused = |why| Err(HookRefusal::Unverified(why));
    let forged = MOVED.replace("GRANTED", "REFUSED");
    assert_eq!(
        send(&gateway, &headers, &forged).await,
        refused(Unverified::Invalid)
    );
    let other = signed("another", "m2", MOVED, at);
    assert_eq!(
        send(&gateway, &other, MOVED).await,
        refused(Unverified::Invalid)
    );
    let old = signed(SECRET, "m3", MOVED, at - 301);
    assert_eq!(
        send(&gateway, &old, MOVED).await,
        refused(Unverified::OutOfTime)
    );
    let unsigned = send(&gateway, &HeaderMap::new(), MOVED).await;
    assert_eq!(unsigned, refused(Unverified::Unsigned));
    let broken = r#"{"type":"#;
    let sent = send(&gateway, &signed(SECRET, "m4", broken, at), broken).await;
    assert_eq!(sent, Err(HookRefusal::NotJson));
    let long = format!("\"{}\"", "x".repeat(256_000));
    let sent = send(&gateway, &signed(SECRET, "m5", &long, at), &long).await;
    assert_eq!(sent, Err(HookRefusal::TooLarge(256_000)));
    // Of all these, subscribers got the first one; this is the next.
    let last = r#"{"type":"last"}"#;
    send(&gateway, &signed(SECRET, "m6", last, at), last)
        .await
        .unwrap();
    assert_eq!(anything.next().await["data"]["anything"], "test moved");
    assert_eq!(anything.next().await["data"]["anything"], "test last");
}

#[test]
async fn as_many_requests_are_remembered_as_settings_say() {
    let (_upstream, gateway) = world(&format!("{}\nwebhook_remembered = 2", standard())).await;
    let mut sent = Vec::new();
    for id in ["m1", "m2", "m3", "m1"] {
        sent.push(send(&gateway, &signed(SECRET, id, MOVED, now()), MOVED).await);
    }
    let event = Ok(Hooked::Event(2));
    assert_eq!(
        sent,
        [event, event, Err(HookRefusal::Busy), Ok(Hooked::Repeated)]
    );
}

#[test]
async fn a_token_and_a_signature_of_the_body() {
    let token = format!(
        "{}\nwebhook_proof = \"token\"\nwebhook_header = \"authorization\"",
        standard()
    );
    let (_upstream, gateway) = world(&token).await;
    let mut headers = HeaderMap::new();
    headers.insert("authorization", format!("Bearer {SECRET}").parse().unwrap());
    headers.insert("x-kind", "test".parse().unwrap());
    assert_eq!(send(&gateway, &headers, MOVED).await, Ok(Hooked::Event(2)));
    assert_eq!(send(&gateway, &headers, MOVED).await, Ok(Hooked::Event(2)));

    let (_upstream, gateway) = world(&format!("{}\nwebhook_proof = \"body\"", standard())).await;
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = hmac::sign(&key, MOVED.as_bytes());
    let digits: String = tag
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let mut headers = HeaderMap::new();
    headers.insert(
        "x-hub-signature-256",
        format!("sha256={digits}").parse().unwrap(),
    );
    assert_eq!(send(&gateway, &headers, MOVED).await, Ok(Hooked::Event(2)));
    assert_eq!(send(&gateway, &headers, MOVED).await, Ok(Hooked::Repeated));
}

#[test]
async fn without_a_secret_there_is_no_webhook() {
    let (_upstream, gateway) = world("").await;
    let headers = signed(SECRET, "m1", MOVED, now());
    assert_eq!(
        send(&gateway, &headers, MOVED).await,
        Err(HookRefusal::NotFound)
    );
    let mut response = gateway
        .execute(request("subscription { anything }"), &streaming())
        .await;
    let refused: serde_json::Value = serde_json::from_slice(&response.body().await).unwrap();
    assert_eq!(code(&refused), "SUBSCRIPTION_WITHOUT_SOURCE");
    let message = &refused["errors"][0]["message"];
    assert_eq!(
        message,
        "No events arrive: the settings of desk have no webhook_secret"
    );
}

#[test]
async fn a_subscriber_that_does_not_read_ends_and_others_go_on() {
    let (_upstream, gateway) = world(&standard()).await;
    let mut slow = Subscribed::to(&gateway, "subscription { anything }").await;
    let mut quick = Subscribed::to(&gateway, "subscription { anything }").await;
    for id in 0..100 {
        let headers = signed(SECRET, &format!("m{id}"), MOVED, now());
        send(&gateway, &headers, MOVED).await.unwrap();
        quick.next().await;
    }
    let last = slow.last().await.unwrap();
    assert_eq!(code(&last), "SUBSCRIPTION_EVENTS_LOST");
}
