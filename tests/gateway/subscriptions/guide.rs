//! The example of a polled field and of a webhook in the guide for connectors.

use bytes::Bytes;
use jiff::Timestamp;
use sangam::gateway::{Gateway, HookRequest, Hooked};
use serde_json::json;

use super::webhooks::signed;
use super::{Subscribed, setup};
use crate::gateway::scripted::{Upstream, ask, json as body};

/// The first block of this language in the guide's section on subscriptions.
fn block(language: &str) -> &'static str {
    let guide = include_str!("../../../connectors/README.md");
    let (_, section) = guide.split_once("### Subscriptions\n").unwrap();
    let (_, block) = section.split_once(&format!("```{language}\n")).unwrap();
    block.split_once("```").unwrap().0
}

#[test]
async fn the_example_does_what_the_guide_says() {
    let upstream = Upstream::start().await;
    upstream.answer("/flooded", body(r#"{"count":2}"#));
    upstream.answer("/gauges/g1", body(r#"{"id":"g1","level_m":1.2}"#));
    let url = &upstream.url;
    let settings = block("toml").replace(
        r#"{ env = "GAUGES_WEBHOOK_SECRET" }"#,
        r#"{ sample = "s3cret" }"#,
    );
    let settings = format!("{settings}base_url = \"{url}\"\npoll_every = \"1ms\"\n");
    let gateway = setup(&settings, &[("gauges", block("graphql"))], Gateway::first);

    let mut flooded = Subscribed::to(&gateway, "subscription { floodedCount }").await;
    assert_eq!(
        flooded.next().await,
        json!({ "data": { "floodedCount": 2 } })
    );
    upstream.answer("/flooded", body(r#"{"count":3}"#));
    assert_eq!(
        flooded.next().await,
        json!({ "data": { "floodedCount": 3 } })
    );

    let mut read = Subscribed::to(
        &gateway,
        "subscription { gaugeRead(id: \"g1\") { id level } }",
    )
    .await;
    let level = r#"{ gauge(id: "g1") { level } }"#;
    assert_eq!(ask(&gateway, level).await["data"]["gauge"]["level"], 1.2);
    upstream.answer("/gauges/g1", body(r#"{"id":"g1","level_m":3.4}"#));
    let (_, sent) = block("http").split_once("\n\n").unwrap();
    let sent = sent.trim();
    let headers = signed("s3cret", "reading-4711", sent, Timestamp::now().as_second());
    for expected in [Hooked::Event(1), Hooked::Repeated] {
        let request = HookRequest {
            connector: "gauges",
            headers: &headers,
            body: Bytes::from_static(sent.as_bytes()),
        };
        assert_eq!(gateway.hook(request).await, Ok(expected));
    }
    let event = json!({ "data": { "gaugeRead": { "id": "g1", "level": 3.4 } } });
    assert_eq!(read.next().await, event);
    assert_eq!(ask(&gateway, level).await["data"]["gauge"]["level"], 3.4);
}
