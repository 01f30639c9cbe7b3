//! Responses with several payloads over HTTP: event streams and multipart.

use super::raw::{Raw, until, within};
use super::*;
use crate::gateway::IncrementalFormat;

const EVENTS: &str = "accept: text/event-stream\r\n";

/// Sends a subscription.
async fn subscribe(client: &mut Raw, headers: &str) {
    let body = "{\"query\":\"subscription {a}\"}";
    let head = raw::head(body.len(), headers);
    client.send(&format!("{head}{body}")).await;
}

#[tokio::test]
async fn a_subscription_is_a_stream_of_events() {
    let running = start(&settings());
    let feed = running.feed(Delivery::Events);
    let mut client = Raw::connect(&running.server).await;
    subscribe(&mut client, EVENTS).await;
    let head = client.head().await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    for line in [
        "content-type: text/event-stream; charset=utf-8",
        "cache-control: no-store",
        "x-accel-buffering: no",
        "x-request-id: ",
    ] {
        assert!(head.contains(line), "{head}");
    }
    feed.send("{\"data\":1}");
    client.read("event: next\ndata: {\"data\":1}\n\n").await;
    feed.send("{\"data\":2}");
    client.read("event: next\ndata: {\"data\":2}\n\n").await;
    assert_eq!(running.server.state.streams.count(), 1);
    feed.send_last("{\"data\":3}");
    client.read("event: next\ndata: {\"data\":3}\n\n").await;
    client.read("event: complete\ndata:\n\n").await;
    // The connection goes on.
    client.end_of_chunks().await;
    until(|| running.server.state.streams.count() == 0).await;
    client.ask("{a}").await;
    assert_eq!(client.reply().await.status, 200);
}

#[tokio::test]
async fn a_whole_response_is_json_if_the_client_accepts_that() {
    let running = start(&settings());
    for accept in [
        "text/event-stream, application/json",
        "multipart/mixed, */*",
    ] {
        let request = running.post("{\"query\":\"{a}\"}").header("accept", accept);
        let (status, headers, body) = send(request).await;
        assert_eq!(
            (status, body.as_str()),
            (200, "{\"data\":{\"a\":1}}"),
            "{accept}"
        );
        assert!(header(&headers, "content-type").starts_with("application/json"));
    }
    let request = running
        .post("{\"query\":\"{a}\"}")
        .header("accept", "text/event-stream");
    let (status, headers, body) = send(request).await;
    assert_eq!(
        (status, body.as_str()),
        (
            200,
            "event: next\ndata: {\"data\":{\"a\":1}}\n\nevent: complete\ndata:\n\n"
        )
    );
    assert_eq!(
        header(&headers, "content-type"),
        "text/event-stream; charset=utf-8"
    );
    // A page reads errors as events.
    let request = running
        .get("/graphql?query={invalid}")
        .header("accept", "text/event-stream");
    let (status, _, body) = send(request).await;
    assert_eq!(status, 200);
    assert!(
        body.starts_with("event: next\ndata: {\"errors\":"),
        "{body}"
    );
    let request = running
        .post("{\"query\":\"{a}\"}")
        .header("accept", "multipart/mixed;subscriptionSpec=\"1.0\"");
    let (_, headers, body) = send(request).await;
    assert_eq!(
        header(&headers, "content-type"),
        "multipart/mixed;boundary=graphql;subscriptionSpec=1.0"
    );
    assert_eq!(
        body,
        "\r\n--graphql\r\ncontent-type: application/json; charset=utf-8\r\n\r\n{\"payload\":{\"data\":{\"a\":1}}}\r\n--graphql--\r\n"
    );
}

#[tokio::test]
async fn a_stream_by_get_changes_nothing() {
    let running = start(&settings());
    let request = running
        .get("/graphql?query=mutation{a}")
        .header("accept", "text/event-stream");
    let (status, headers, body) = send(request).await;
    assert_eq!((status, header(&headers, "allow")), (405, "POST"), "{body}");
    let request = running.client.post(format!("{}/graphql", running.url));
    let request = request
        .header("accept", "text/event-stream")
        .header("content-type", "text/plain");
    let (status, _, body) = send(request.body("{\"query\":\"{a}\"}")).await;
    assert_eq!(status, 415, "{body}");
    let request = running.post("{").header("accept", "text/event-stream");
    let (status, headers, _) = send(request).await;
    assert_eq!(status, 400);
    assert!(header(&headers, "content-type").starts_with("application/json"));
}

#[tokio::test]
async fn parts_come_one_by_one() {
    let running = start(&settings());
    let format = IncrementalFormat::DeferSpec2022;
    let feed = running.feed(Delivery::Incremental(format));
    let mut client = Raw::connect(&running.server).await;
    feed.send("{\"data\":1,\"hasNext\":true}");
    subscribe(
        &mut client,
        "accept: multipart/mixed;deferSpec=20220824, application/json\r\n",
    )
    .await;
    let head = client.head().await;
    assert!(
        head.contains("content-type: multipart/mixed;boundary=\"-\";deferspec=20220824"),
        "{head}"
    );
    let part = "content-type: application/json; charset=utf-8\r\n\r\n";
    client.read("\r\n---\r\n").await;
    client.read(part).await;
    client.read("{\"data\":1,\"hasNext\":true}\r\n---").await;
    feed.send_last("{\"incremental\":[],\"hasNext\":false}");
    client.read(part).await;
    client
        .read("{\"incremental\":[],\"hasNext\":false}\r\n---")
        .await;
    client.read("--\r\n").await;
    client.end_of_chunks().await;
    let requests = running.fake.requests.lock().unwrap();
    assert_eq!(requests[0].1.deliveries.incremental, Some(format));
}

#[tokio::test]
async fn heartbeats_fill_the_silence_until_the_lifetime_is_over() {
    let mut settings = settings();
    settings.streaming.heartbeat = Duration::from_millis(20);
    settings.streaming.lifetime = Duration::from_millis(200);
    let running = start(&settings);
    let feed = running.feed(Delivery::Live);
    let mut client = Raw::connect(&running.server).await;
    subscribe(&mut client, EVENTS).await;
    client.head().await;
    client.read(":\n\n").await;
    client.read(":\n\n").await;
    // Without `complete`: clients subscribe again.
    let rest = client.rest_of_chunks().await;
    assert!(!rest.contains("complete"), "{rest}");
    feed.ended().await;
    let feed = running.feed(Delivery::Live);
    let mut client = Raw::connect(&running.server).await;
    subscribe(
        &mut client,
        "accept: multipart/mixed;subscriptionSpec=1.0\r\n",
    )
    .await;
    client.head().await;
    client.read("{}\r\n--graphql").await;
    let rest = client.rest_of_chunks().await;
    assert!(rest.contains("\"code\":\"STREAM_ENDED\""), "{rest}");
    feed.ended().await;
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_execution() {
    let running = start(&settings());
    for delivery in [Delivery::Events, Delivery::Live] {
        let feed = running.feed(delivery);
        let mut client = Raw::connect(&running.server).await;
        subscribe(&mut client, EVENTS).await;
        client.head().await;
        drop(client);
        feed.ended().await;
    }
    until(|| running.server.state.streams.count() == 0).await;
}

#[tokio::test]
async fn a_client_that_does_not_read_its_events_is_disconnected() {
    let mut settings = settings();
    settings.streaming.queue = 10;
    settings.limits.stall_timeout = Duration::from_millis(300);
    let running = start(&settings);
    let feed = running.feed(Delivery::Events);
    let mut lazy = Raw::connect(&running.server).await;
    subscribe(&mut lazy, EVENTS).await;
    let event = format!("{{\"data\":\"{}\"}}", "x".repeat(1_000_000));
    within(async {
        let mut sent = 0;
        while !feed.0.is_closed() {
            assert!(sent < 200, "the events are held");
            feed.try_send(&event);
            sent += 1;
            tokio::task::yield_now().await;
        }
    })
    .await;
    until(|| running.server.state.connections.count() == 0).await;
    assert_eq!(running.server.state.streams.queued(), 0);
}

#[tokio::test]
async fn a_live_query_waits_for_its_client() {
    let running = start(&settings());
    let feed = running.feed(Delivery::Live);
    let mut lazy = Raw::connect(&running.server).await;
    subscribe(&mut lazy, EVENTS).await;
    let body = format!("{{\"data\":\"{}\"}}", "x".repeat(1_000_000));
    for _ in 0..50 {
        feed.send(&body);
    }
    // The rest stays in the feed, where a live query has only the latest response.
    assert!(!feed.0.is_closed());
    let event = format!("event: next\ndata: {body}\n\n");
    lazy.head().await;
    let mut bytes = 0;
    while bytes < 50 * event.len() {
        bytes += lazy.some_of_chunks().await;
    }
    assert_eq!(running.server.state.streams.count(), 1);
}

#[tokio::test]
async fn streams_beyond_the_bound_are_refused() {
    let mut settings = settings();
    settings.streaming.streams = 1;
    let running = start(&settings);
    let (first, second) = (running.feed(Delivery::Live), running.feed(Delivery::Live));
    let mut client = Raw::connect(&running.server).await;
    subscribe(&mut client, EVENTS).await;
    client.head().await;
    let mut refused = Raw::connect(&running.server).await;
    subscribe(&mut refused, EVENTS).await;
    let reply = refused.reply().await;
    assert_eq!(reply.status, 503);
    assert!(reply.body.contains("OVERLOADED"), "{}", reply.body);
    second.ended().await;
    assert!(!first.0.is_closed());
    // Operations with one payload are served.
    refused.ask("{a}").await;
    assert_eq!(refused.reply().await.status, 200);
}

#[tokio::test]
async fn streams_do_not_keep_a_server_from_stopping() {
    let running = start(&settings());
    let live = running.feed(Delivery::Live);
    let mut client = Raw::connect(&running.server).await;
    subscribe(&mut client, EVENTS).await;
    client.head().await;
    let finite = running.feed(Delivery::Incremental(IncrementalFormat::V02));
    finite.send("{\"data\":1}");
    let mut other = Raw::connect(&running.server).await;
    subscribe(&mut other, EVENTS).await;
    other.head().await;
    let stopping = tokio::spawn(running.server.stop());
    let rest = client.rest_of_chunks().await;
    assert!(!rest.contains("complete"), "{rest}");
    live.ended().await;
    assert!(!stopping.is_finished());
    finite.send_last("{\"data\":2}");
    let rest = other.rest_of_chunks().await;
    assert!(rest.ends_with("event: complete\ndata:\n\n"), "{rest}");
    stopping.await.unwrap();
}

#[tokio::test]
async fn idle_streams_outlive_the_limits_of_responses() {
    let mut settings = settings();
    settings.limits.stall_timeout = Duration::from_millis(50);
    settings.limits.idle_timeout = Duration::from_millis(50);
    settings.limits.request_read_timeout = Duration::from_millis(50);
    let running = start(&settings);
    let connections = Arc::clone(&running.server.state.connections);
    let feed = running.feed(Delivery::Live);
    let mut client = Raw::connect(&running.server).await;
    subscribe(&mut client, EVENTS).await;
    client.head().await;
    let since = connections.listener.now();
    until(|| connections.listener.now() > since + 300).await;
    feed.send("{\"data\":1}");
    client.read("event: next\ndata: {\"data\":1}\n\n").await;
}

/// A request of the single connection mode, with its answer.
async fn single(
    running: &Running,
    method: &str,
    path: &str,
    token: &str,
    body: &str,
) -> (u16, String) {
    let method = method.parse().unwrap();
    let request = running
        .client
        .request(method, format!("{}{path}", running.url));
    let request = match token {
        "" => request,
        token => request.header("x-graphql-event-stream-token", token),
    };
    let request = match body {
        "" => request,
        body => request
            .header("content-type", "application/json")
            .body(body.to_owned()),
    };
    let (status, _, body) = send(request).await;
    (status, body)
}

fn operation(id: &str, query: &str) -> String {
    format!("{{\"query\":\"{query}\",\"extensions\":{{\"operationId\":\"{id}\"}}}}")
}

#[tokio::test]
async fn operations_share_an_event_stream() {
    let running = start(&settings());
    let (status, token) = single(&running, "PUT", "/graphql", "", "").await;
    assert_eq!((status, token.len()), (201, 32));
    // An operation may be sent before its stream is open.
    let sent = single(&running, "POST", "/graphql", &token, &operation("1", "{a}")).await;
    assert_eq!(sent, (202, String::new()));
    let mut client = Raw::connect(&running.server).await;
    let open = format!("GET /graphql?token={token} HTTP/1.1\r\nhost: a\r\n{EVENTS}\r\n");
    client.send(&open).await;
    let head = client.head().await;
    assert!(head.contains("content-type: text/event-stream"), "{head}");
    client
        .read("event: next\ndata: {\"id\":\"1\",\"payload\":{\"data\":{\"a\":1}}}\n\n")
        .await;
    client
        .read("event: complete\ndata: {\"id\":\"1\"}\n\n")
        .await;
    let (first, second) = (running.feed(Delivery::Events), running.feed(Delivery::Live));
    for id in ["1", "2"] {
        let body = operation(id, "subscription {a}");
        let (status, _) = single(&running, "POST", "/graphql", &token, &body).await;
        assert_eq!(status, 202);
    }
    second.send("{\"data\":2}");
    client
        .read("event: next\ndata: {\"id\":\"2\",\"payload\":{\"data\":2}}\n\n")
        .await;
    let (status, body) = single(&running, "POST", "/graphql", &token, &operation("2", "{a}")).await;
    assert!(
        status == 409 && body.contains("STREAM_CONFLICT"),
        "{status} {body}"
    );
    let end = "/graphql?operationId=2";
    assert_eq!(single(&running, "DELETE", end, &token, "").await.0, 200);
    second.ended().await;
    // An operation that is refused is answered at once.
    let (status, body) = single(
        &running,
        "POST",
        "/graphql",
        &token,
        &operation("3", "{invalid}"),
    )
    .await;
    assert!(
        status == 400 && body.contains("\"message\":\"no\""),
        "{status} {body}"
    );
    first.send_last("{\"data\":1}");
    client
        .read("event: next\ndata: {\"id\":\"1\",\"payload\":{\"data\":1}}\n\n")
        .await;
    client
        .read("event: complete\ndata: {\"id\":\"1\"}\n\n")
        .await;
    // The client vanishes, with an operation.
    let feed = running.feed(Delivery::Events);
    let body = operation("1", "subscription {a}");
    assert_eq!(
        single(&running, "POST", "/graphql", &token, &body).await.0,
        202
    );
    drop(client);
    feed.ended().await;
    until(|| running.server.state.streams.count() == 0).await;
    let (status, body) = single(&running, "POST", "/graphql", &token, &operation("1", "{a}")).await;
    assert!(
        status == 404 && body.contains("STREAM_NOT_FOUND"),
        "{status} {body}"
    );
}

#[tokio::test]
async fn requests_for_an_event_stream_are_checked() {
    let mut settings = settings();
    settings.streaming.connection_streams = 1;
    settings.streaming.reservations = 2;
    let running = start(&settings);
    let (_, token) = single(&running, "PUT", "/graphql", "", "").await;
    for (method, path, token, body, status, code) in [
        (
            "DELETE",
            "/graphql?operationId=1",
            "",
            "",
            404,
            "STREAM_NOT_FOUND",
        ),
        (
            "POST",
            "/graphql",
            "other",
            "{\"query\":\"{a}\"}",
            404,
            "STREAM_NOT_FOUND",
        ),
        ("DELETE", "/graphql", &token, "", 400, "operationId"),
        (
            "POST",
            "/graphql",
            &token,
            "{\"query\":\"{a}\"}",
            400,
            "operationId",
        ),
        ("POST", "/graphql", &token, "{}", 400, "BAD_REQUEST"),
        ("PATCH", "/graphql", &token, "", 405, "METHOD_NOT_ALLOWED"),
    ] {
        let answer = single(&running, method, path, token, body).await;
        assert!(
            answer.0 == status && answer.1.contains(code),
            "{method} {path} {answer:?}"
        );
    }
    let feed = running.feed(Delivery::Live);
    let subscription = operation("1", "subscription {a}");
    assert_eq!(
        single(&running, "POST", "/graphql", &token, &subscription)
            .await
            .0,
        202
    );
    let (status, body) = single(&running, "POST", "/graphql", &token, &operation("2", "{a}")).await;
    assert!(
        status == 400 && body.contains("connection_streams"),
        "{status} {body}"
    );
    let mut client = Raw::connect(&running.server).await;
    let open = format!(
        "GET /graphql HTTP/1.1\r\nhost: a\r\n{EVENTS}x-graphql-event-stream-token: {token}\r\n\r\n"
    );
    client.send(&open).await;
    client.head().await;
    let mut second = Raw::connect(&running.server).await;
    second.send(&open).await;
    let reply = second.reply().await;
    assert!(
        reply.status == 409 && reply.body.contains("STREAM_CONFLICT"),
        "{}",
        reply.body
    );
    for _ in 0..2 {
        assert_eq!(single(&running, "PUT", "/graphql", "", "").await.0, 201);
    }
    assert_eq!(single(&running, "PUT", "/graphql", "", "").await.0, 503);
    drop(client);
    feed.ended().await;
}

#[tokio::test]
async fn streams_share_an_http2_connection() {
    let running = start(&settings());
    let http2 = reqwest::Client::builder()
        .no_proxy()
        .http2_prior_knowledge();
    let client = http2.build().unwrap();
    let url = format!("{}/graphql?query=subscription%20%7Ba%7D", running.url);
    let (first, second) = (running.feed(Delivery::Events), running.feed(Delivery::Live));
    let mut streams = Vec::new();
    for feed in [&first, &second] {
        let request = client.get(&url).header("accept", "text/event-stream");
        let response = within(request.send()).await.unwrap();
        feed.send("{\"data\":1}");
        streams.push(response.bytes_stream());
    }
    for stream in &mut streams {
        let event = within(stream.next()).await.unwrap().unwrap();
        assert_eq!(event, "event: next\ndata: {\"data\":1}\n\n");
    }
    assert_eq!(running.server.state.connections.count(), 1);
    // The client cancels one of them.
    drop(streams.remove(0));
    first.ended().await;
    second.send("{\"data\":2}");
    let event = within(streams[0].next()).await.unwrap().unwrap();
    assert_eq!(event, "event: next\ndata: {\"data\":2}\n\n");
    assert_eq!(running.server.state.streams.count(), 1);
}
