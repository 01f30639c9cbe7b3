//! Checks of request heads.

use super::raw::{Raw, Reply};
use super::*;

async fn reply(running: &Running, text: &str) -> Reply {
    let mut client = Raw::connect(&running.server).await;
    client.send(text).await;
    client.reply().await
}

#[tokio::test]
async fn a_request_names_one_host() {
    let running = start(&settings());
    let cases = [
        ("GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n", 200),
        ("GET /health/live HTTP/1.1\r\nhost: a:80\r\n\r\n", 200),
        ("GET /health/live HTTP/1.1\r\nhost: [::1]:80\r\n\r\n", 200),
        ("GET /health/live HTTP/1.1\r\nhost:\r\n\r\n", 200),
        ("GET http://b/health/live HTTP/1.1\r\nhost: a\r\n\r\n", 200),
        ("GET /health/live HTTP/1.0\r\n\r\n", 200),
        ("GET /health/live HTTP/1.1\r\n\r\n", 400),
        ("GET http://b/health/live HTTP/1.1\r\n\r\n", 400),
        (
            "GET /health/live HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n",
            400,
        ),
        (
            "GET /health/live HTTP/1.0\r\nhost: a\r\nhost: b\r\n\r\n",
            400,
        ),
        ("GET /health/live HTTP/1.1\r\nhost: a, b\r\n\r\n", 400),
        ("GET /health/live HTTP/1.1\r\nhost: a/b\r\n\r\n", 400),
        ("GET /health/live HTTP/1.1\r\nhost: u@a\r\n\r\n", 400),
        ("GET /graphql?query=%7Ba%7D HTTP/1.1\r\n\r\n", 400),
        (
            "GET /graphql?query=%7Ba%7D HTTP/1.1\r\nhost: a\r\nHost: b\r\n\r\n",
            400,
        ),
    ];
    for (text, status) in cases {
        let reply = reply(&running, text).await;
        assert_eq!(reply.status, status, "{text}{}", reply.body);
        if status == 400 {
            assert!(reply.body.contains("BAD_REQUEST"), "{text}{}", reply.body);
            assert!(reply.body.contains("ost"), "{text}{}", reply.body);
        }
    }
    assert!(running.fake.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_too_long_is_refused_in_the_shape_of_an_answer() {
    let running = start(&settings());
    let target = format!("/graphql?query={}", "a".repeat(16_000));
    let long_target = reply(
        &running,
        &format!("GET {target} HTTP/1.1\r\nhost: a\r\n\r\n"),
    )
    .await;
    assert_eq!(long_target.status, 414);
    assert!(
        long_target.body.contains("URI_TOO_LONG"),
        "{}",
        long_target.body
    );
    let value = "a".repeat(33_000);
    let text = format!("GET / HTTP/1.1\r\nhost: a\r\ncookie: {value}\r\n\r\n");
    let long_head = reply(&running, &text).await;
    assert_eq!(long_head.status, 431);
    assert!(
        long_head.body.contains("HEADERS_TOO_LARGE"),
        "{}",
        long_head.body
    );
    assert!(
        long_head.body.contains("\"kind\":\"LIMIT\""),
        "{}",
        long_head.body
    );
}
