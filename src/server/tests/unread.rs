//! Requests that are refused while their bodies arrive: the client can send the rest, and reads the refusal.

use super::raw::{Raw, head, until};
use super::*;

/// More than the sockets of both sides buffer, so that the client can send it only if the server reads it.
const LONG: usize = 12_000_000;

/// What the server takes after a refusal, and what sockets may buffer beyond that.
const MOST: usize = 16 * 1024 * 1024 + 20_000_000;

/// The parts of a long body: with the length in the head, or in chunks.
fn long(path: &str, chunked: bool) -> Vec<String> {
    let part = "a".repeat(1_000_000);
    let parts = LONG / part.len();
    let head = head(LONG, "").replace("/graphql", path);
    if !chunked {
        return std::iter::once(head)
            .chain(std::iter::repeat_n(part, parts))
            .collect();
    }
    let head = head.replace(
        &format!("content-length: {LONG}"),
        "transfer-encoding: chunked",
    );
    let chunk = format!("{:x}\r\n{part}\r\n", part.len());
    std::iter::once(head)
        .chain(std::iter::repeat_n(chunk, parts))
        .chain(std::iter::once("0\r\n\r\n".to_owned()))
        .collect()
}

#[tokio::test]
async fn a_client_that_sends_first_reads_the_refusal() {
    let running = start(&settings());
    let cases = [
        ("/graphql", 413),
        ("/nothing", 404),
        ("/schema.graphql", 405),
    ];
    for (path, status) in cases {
        for chunked in [false, true] {
            let mut client = Raw::connect(&running.server).await;
            for part in long(path, chunked) {
                client.send(&part).await;
            }
            let reply = client.reply().await;
            assert_eq!(reply.status, status, "{path}");
            assert!(reply.head.contains("connection: close"), "{}", reply.head);
            assert_eq!(client.closed().await, 0);
        }
    }
}

#[tokio::test]
async fn http_clients_read_the_refusal() {
    let running = start(&settings());
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http2 = reqwest::Client::builder().http2_prior_knowledge();
    for client in [running.client.clone(), http2.no_proxy().build().unwrap()] {
        let request = client.post(format!("{}/graphql", running.url));
        let request = request.header("content-type", "application/json");
        let (status, _, body) = send(request.body(vec![b' '; LONG])).await;
        assert_eq!(status, 413);
        assert!(body.contains("REQUEST_TOO_LARGE"), "{body}");
    }
}

#[tokio::test]
async fn a_client_that_waits_for_a_go_ahead_gets_the_refusal_instead() {
    let running = start(&settings());
    let mut client = Raw::connect(&running.server).await;
    client.send(&head(LONG, "expect: 100-continue\r\n")).await;
    assert_eq!(client.reply().await.status, 413);
}

#[tokio::test]
async fn the_rest_of_a_body_is_bounded_in_bytes() {
    let running = start(&settings());
    let mut client = Raw::connect(&running.server).await;
    client.send(&head(10 * MOST, "")).await;
    let part = " ".repeat(1_000_000);
    let mut sent = 0;
    while client.try_send(&part).await.is_ok() {
        sent += part.len();
        assert!(sent < MOST, "{sent}");
    }
}

#[tokio::test]
async fn the_rest_of_a_body_is_bounded_in_time() {
    let mut settings = settings();
    settings.limits.stall_timeout = Duration::from_millis(100);
    let running = start(&settings);
    let connections = Arc::clone(&running.server.state.connections);
    let mut client = Raw::connect(&running.server).await;
    client.send(&head(LONG, "")).await;
    assert_eq!(client.reply().await.status, 413);
    // The client neither sends the rest nor closes its side.
    until(|| connections.count() == 0).await;
}
