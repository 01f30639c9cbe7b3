//! `POST /hooks/<connector>`, and a subscription that a client reads as an event stream.

use futures_util::StreamExt;
use jiff::Timestamp;
use serde_json::Value;

use super::running::{Folder, Running, client};
use crate::gateway::subscriptions::LINKS;
use crate::gateway::subscriptions::webhooks::signed;

const DESK: &str = r#"
type Query { ready: Boolean @connect(selection: "$(true)") }
type Subscription {
  statusChanged(of: ID!): String
    @connect(selection: "$.status")
    @webhook(event: "$.type->eq('moved')", filter: "$.id->eq($args.of)")
}
"#;

const SETTINGS: &str = r#"
listen = "127.0.0.1:0"
watch = "0s"
[connector.desk]
webhook_secret = { sample = "s3cret-of-the-desk" }
webhook_body_bytes = "1KB"
"#;

/// The status of the response, and its body.
async fn send(address: &str, path: &str, id: &str, body: &str) -> (u16, Value) {
    let headers = signed("s3cret-of-the-desk", id, body, Timestamp::now().as_second());
    let request = client().post(format!("{address}{path}")).headers(headers);
    let response = request.body(body.to_owned()).send().await.unwrap();
    let status = response.status().as_u16();
    (
        status,
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap(),
    )
}

#[test(threads)]
async fn what_an_upstream_sends_reaches_a_client() {
    let desk = format!("{LINKS}{DESK}");
    let folder = Folder::new(SETTINGS, &[("desk", &desk)]);
    let running = Running::start(folder.command(&["serve"]));
    let address = running.url.clone();
    let query = r#"{"query":"subscription { statusChanged(of: 7) }"}"#;
    let subscribed = client()
        .post(format!("{address}/graphql"))
        .header("accept", "text/event-stream")
        .header("content-type", "application/json")
        .body(query);
    let subscribed = subscribed.send().await.unwrap();
    assert_eq!(subscribed.status(), 200);
    let mut stream = subscribed.bytes_stream();

    let moved = r#"{"type":"moved","id":"7","status":"GRANTED"}"#;
    let (status, accepted) = send(&address, "/hooks/desk", "m1", moved).await;
    assert_eq!(
        (status, accepted),
        (200, serde_json::json!({ "fields": 1 }))
    );
    let mut text = String::new();
    while !text.contains(r#"data: {"data":{"statusChanged":"GRANTED"}}"#) {
        text.push_str(&String::from_utf8_lossy(
            &stream.next().await.unwrap().unwrap(),
        ));
    }
    let (status, accepted) = send(&address, "/hooks/desk", "m1", moved).await;
    assert_eq!(
        (status, accepted),
        (200, serde_json::json!({ "repeated": true }))
    );

    let code = |body: &Value| {
        body["errors"][0]["extensions"]["code"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    for path in ["/hooks/other", "/hooks/", "/hooks/desk/x"] {
        let (status, body) = send(&address, path, "m2", moved).await;
        assert_eq!((status, code(&body).as_str()), (404, "NOT_FOUND"));
    }
    let (status, body) = send(&address, "/hooks/desk", "m3", "no JSON").await;
    assert_eq!((status, code(&body).as_str()), (400, "BAD_REQUEST"));
    let (status, body) = send(&address, "/hooks/desk", "m4", &"1".repeat(1_001)).await;
    assert_eq!((status, code(&body).as_str()), (413, "REQUEST_TOO_LARGE"));
    let forged = client().post(format!("{address}/hooks/desk")).body(moved);
    let forged = forged.send().await.unwrap();
    assert_eq!(forged.status(), 401);
    let refused = serde_json::from_slice(&forged.bytes().await.unwrap()).unwrap();
    assert_eq!(code(&refused), "WEBHOOK_REFUSED");
    let get = client()
        .get(format!("{address}/hooks/desk"))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (get.status().as_u16(), &get.headers()["allow"]),
        (405, &"POST".parse().unwrap())
    );
    let packed = client()
        .post(format!("{address}/hooks/desk"))
        .header("content-encoding", "gzip");
    assert_eq!(packed.body(moved).send().await.unwrap().status(), 415);
    drop(stream);
    let log = running.stop();
    assert!(!log.contains("s3cret-of-the-desk"));
}
