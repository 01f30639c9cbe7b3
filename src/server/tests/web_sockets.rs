//! Operations over WebSockets, and clients that break their protocol.

use futures_util::SinkExt;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::raw::{Raw, Reply, until, within};
use super::*;
use crate::config::AllowedOrigin;

const PROTOCOL: &str = "sec-websocket-protocol: graphql-transport-ws\r\n";

const INIT: &str = "{\"type\":\"connection_init\"}";

/// The request of a handshake.
fn handshake(headers: &str) -> String {
    format!(
        "GET /graphql HTTP/1.1\r\nhost: gateway.example\r\nconnection: keep-alive, Upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    )
}

/// A client whose handshake is accepted.
struct Client {
    socket: WebSocketStream<TcpStream>,
    head: String,
}

impl Client {
    async fn open(running: &Running, headers: &str) -> Client {
        let mut raw = Raw::connect(&running.server).await;
        raw.send(&handshake(headers)).await;
        let head = raw.head().await;
        assert!(head.starts_with("http/1.1 101"), "{head}");
        let (stream, read) = raw.into_stream();
        let socket = WebSocketStream::from_partially_read(stream, read, Role::Client, None);
        Client {
            socket: socket.await,
            head,
        }
    }

    /// A client that may subscribe.
    async fn ready(running: &Running) -> Client {
        let mut client = Client::open(running, PROTOCOL).await;
        client.send(INIT).await;
        client.expect("{\"type\":\"connection_ack\"}").await;
        client
    }

    async fn send(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    async fn subscribe(&mut self, id: &str, query: &str) {
        let message = format!(
            "{{\"id\":\"{id}\",\"type\":\"subscribe\",\"payload\":{{\"query\":\"{query}\"}}}}"
        );
        self.send(&message).await;
    }

    /// The next message, after pings.
    async fn next(&mut self) -> Option<Result<Message, Error>> {
        loop {
            match within(self.socket.next()).await {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                next => return next,
            }
        }
    }

    async fn text(&mut self) -> String {
        match self.next().await {
            Some(Ok(Message::Text(text))) => text.to_string(),
            other => panic!("no text: {other:?}"),
        }
    }

    async fn expect(&mut self, text: &str) {
        assert_eq!(self.text().await, text);
    }

    /// The code and the text with which the server closes.
    async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.next().await {
                Some(Ok(Message::Close(Some(frame)))) => {
                    return (frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(_)) => {}
                other => panic!("not closed: {other:?}"),
            }
        }
    }
}

/// The response to a handshake that is refused.
async fn refused(running: &Running, text: &str) -> Reply {
    let mut raw = Raw::connect(&running.server).await;
    raw.send(text).await;
    raw.reply().await
}

#[tokio::test]
async fn operations_of_all_kinds_run_on_one_connection() {
    let running = start(&settings());
    let mut client = Client::open(&running, &format!("{PROTOCOL}x-tenant: a\r\n")).await;
    for line in [
        "sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=",
        "sec-websocket-protocol: graphql-transport-ws",
        "upgrade: websocket",
        "x-request-id: ",
    ] {
        assert!(client.head.contains(line), "{}", client.head);
    }
    let init = "{\"type\":\"connection_init\",\"payload\":{\"Authorization\":\"Bearer a\",\"other\":\"b\"}}";
    client.send(init).await;
    client.expect("{\"type\":\"connection_ack\"}").await;
    client
        .send("{\"type\":\"ping\",\"payload\":{\"a\":1}}")
        .await;
    client
        .expect("{\"type\":\"pong\",\"payload\":{\"a\":1}}")
        .await;
    let feed = running.feed(Delivery::Events);
    client.subscribe("1", "subscription {a}").await;
    feed.send("{\"data\":1}");
    client
        .expect("{\"id\":\"1\",\"type\":\"next\",\"payload\":{\"data\":1}}")
        .await;
    client.subscribe("2", "mutation {a}").await;
    client
        .expect("{\"id\":\"2\",\"type\":\"next\",\"payload\":{\"data\":{\"a\":1}}}")
        .await;
    client.expect("{\"id\":\"2\",\"type\":\"complete\"}").await;
    client.subscribe("2", "{invalid}").await;
    client
        .expect("{\"id\":\"2\",\"type\":\"error\",\"payload\":[{\"message\":\"no\"}]}")
        .await;
    feed.send_last("{\"data\":2}");
    client
        .expect("{\"id\":\"1\",\"type\":\"next\",\"payload\":{\"data\":2}}")
        .await;
    client.expect("{\"id\":\"1\",\"type\":\"complete\"}").await;
    // An id may be used again.
    client.subscribe("1", "{a}").await;
    client.text().await;
    client.expect("{\"id\":\"1\",\"type\":\"complete\"}").await;
    let requests = std::mem::take(&mut *running.fake.requests.lock().unwrap());
    let context = &requests[0].1;
    assert_eq!(header(&context.headers, "authorization"), "Bearer a");
    assert_eq!(header(&context.headers, "x-tenant"), "a");
    assert_eq!(header(&context.headers, "other"), "");
    assert_eq!(header(&context.headers, "upgrade"), "");
    assert!(context.deliveries.events && context.deliveries.live && context.mutations_allowed);
    drop(client);
    let state = &running.server.state;
    until(|| state.streams.count() == 0 && state.connections.count() == 0).await;
}

#[tokio::test]
async fn a_client_ends_an_operation() {
    let running = start(&settings());
    let mut client = Client::ready(&running).await;
    let feed = running.feed(Delivery::Live);
    client.subscribe("1", "subscription {a}").await;
    feed.send("{\"data\":1}");
    client.text().await;
    client.send("{\"id\":\"1\",\"type\":\"complete\"}").await;
    feed.ended().await;
    // Unknown ids are ignored, as the end of an operation may cross the client's.
    client.send("{\"id\":\"9\",\"type\":\"complete\"}").await;
    client.send("{\"type\":\"pong\"}").await;
    let feed = running.feed(Delivery::Live);
    client.subscribe("1", "subscription {a}").await;
    feed.send("{\"data\":2}");
    client
        .expect("{\"id\":\"1\",\"type\":\"next\",\"payload\":{\"data\":2}}")
        .await;
    // It vanishes without a word.
    drop(client);
    feed.ended().await;
}

#[tokio::test]
async fn a_client_that_breaks_the_protocol_reads_why() {
    let running = start(&settings());
    let subscribe =
        "{\"id\":\"1\",\"type\":\"subscribe\",\"payload\":{\"query\":\"subscription {a}\"}}";
    let _feed = running.feed(Delivery::Live);
    for (messages, code, text) in [
        (vec!["{"], 4400, "The message is not a JSON object"),
        (
            vec!["{\"type\":\"start\"}"],
            4400,
            "The message has an unknown `type`",
        ),
        (
            vec![subscribe],
            4401,
            "Unauthorized: send connection_init first",
        ),
        (vec![INIT, INIT], 4429, "Too many initialisation requests"),
        (
            vec![INIT, subscribe, subscribe],
            4409,
            "Subscriber for 1 already exists",
        ),
        (
            vec!["{\"type\":\"connection_init\",\"payload\":{\"authorization\":1}}"],
            4400,
            "`payload.authorization` must be the text of a header",
        ),
        (
            vec![INIT, "{\"id\":\"1\",\"type\":\"subscribe\",\"payload\":{}}"],
            4400,
            "The request has no `query`; send {\"query\": \"…\"}",
        ),
    ] {
        let mut client = Client::open(&running, PROTOCOL).await;
        for message in messages {
            client.send(message).await;
        }
        assert_eq!(client.closed().await, (code, text.to_owned()));
    }
    let mut client = Client::open(&running, PROTOCOL).await;
    client.socket.send(Message::binary(INIT)).await.unwrap();
    assert_eq!(
        client.closed().await,
        (4400, "Messages must be texts".to_owned())
    );
    let state = &running.server.state;
    until(|| state.streams.count() == 0 && state.connections.count() == 0).await;
}

/// What is wrong with a request, and not with the message that has it, is an error of this operation: others go on.
#[tokio::test]
async fn a_request_that_is_refused_ends_no_other() {
    let running = start(&settings());
    let mut client = Client::ready(&running).await;
    let feed = running.feed(Delivery::Live);
    client.subscribe("1", "subscription {a}").await;
    let wrong = "{\"id\":\"2\",\"type\":\"subscribe\",\"payload\":{\"query\":\"{a}\",\"onError\":\"ABORT\"}}";
    client.send(wrong).await;
    let error = client.text().await;
    let error: serde_json::Value = serde_json::from_str(&error).unwrap();
    assert_eq!(
        (&error["id"], &error["type"]),
        (&"2".into(), &"error".into())
    );
    assert_eq!(
        error["payload"][0]["message"],
        "`onError` must be \"NULL\", \"PROPAGATE\" or \"HALT\""
    );
    assert_eq!(error["payload"][0]["extensions"]["code"], "BAD_REQUEST");
    feed.send("{\"data\":1}");
    client
        .expect("{\"id\":\"1\",\"type\":\"next\",\"payload\":{\"data\":1}}")
        .await;
    // The id may be used again.
    let _again = running.feed(Delivery::Live);
    client.subscribe("2", "subscription {a}").await;
    client.send("{\"type\":\"ping\"}").await;
    client.expect("{\"type\":\"pong\"}").await;
}

#[tokio::test]
async fn an_abnormal_end_closes_the_connection() {
    let running = start(&settings());
    let mut client = Client::ready(&running).await;
    client.subscribe("1", "{panic}").await;
    assert_eq!(
        client.closed().await,
        (4500, "Internal server error".to_owned())
    );
}

#[tokio::test]
async fn other_subprotocols_are_refused_with_a_code() {
    let running = start(&settings());
    let why = "Subprotocol not acceptable: use graphql-transport-ws, not the legacy graphql-ws";
    // A browser reads the code only if one of its protocols is selected.
    let legacy = "sec-websocket-protocol: graphql-ws, other\r\n";
    let mut client = Client::open(&running, legacy).await;
    assert!(
        client
            .head
            .contains("sec-websocket-protocol: graphql-ws\r\n"),
        "{}",
        client.head
    );
    assert_eq!(client.closed().await, (4406, why.to_owned()));
    let mut client = Client::open(&running, "").await;
    assert_eq!(client.closed().await, (4406, why.to_owned()));
    let both = "sec-websocket-protocol: graphql-ws, graphql-transport-ws\r\n";
    let client = Client::open(&running, both).await;
    assert!(
        client
            .head
            .contains("sec-websocket-protocol: graphql-transport-ws\r\n")
    );
}

#[tokio::test]
async fn a_handshake_is_checked() {
    let running = start(&settings());
    let good = handshake(PROTOCOL);
    for (text, status, code) in [
        (
            good.replace("version: 13", "version: 8"),
            426,
            "WEBSOCKET_HANDSHAKE",
        ),
        (
            good.replace("keep-alive, Upgrade", "keep-alive"),
            400,
            "WEBSOCKET_HANDSHAKE",
        ),
        (
            good.replace("dGhlIHNhbXBsZSBub25jZQ==", "short"),
            400,
            "WEBSOCKET_HANDSHAKE",
        ),
        (
            good.replace("sec-websocket-key", "x-key"),
            400,
            "WEBSOCKET_HANDSHAKE",
        ),
    ] {
        let reply = refused(&running, &text).await;
        assert_eq!(reply.status, status, "{}", reply.body);
        assert!(reply.body.contains(code), "{}", reply.body);
        assert_eq!(
            reply.head.contains("sec-websocket-version: 13"),
            status == 426
        );
    }
}

#[tokio::test]
async fn pages_of_foreign_origins_are_refused() {
    let running = start(&settings());
    let from = |origin: &str| format!("{PROTOCOL}origin: {origin}\r\ncookie: a=b\r\n");
    for origin in [
        "https://evil.example",
        "null",
        "https://gateway.example.evil.example",
    ] {
        let reply = refused(&running, &handshake(&from(origin))).await;
        assert_eq!(reply.status, 403);
        assert!(reply.body.contains("ORIGIN_NOT_ALLOWED"), "{}", reply.body);
    }
    let two = format!(
        "{}origin: https://evil.example\r\n",
        from("https://gateway.example")
    );
    assert_eq!(refused(&running, &handshake(&two)).await.status, 403);
    // The gateway's own origin, or none.
    Client::open(&running, &from("https://gateway.example")).await;
    let mut settings = settings();
    settings.cors.origins = vec![AllowedOrigin::new("https://page.example").unwrap()];
    let running = start(&settings);
    let mut cookies = Vec::new();
    for origin in ["https://page.example", "https://gateway.example"] {
        let mut client = Client::open(&running, &from(origin)).await;
        client.send(INIT).await;
        client.text().await;
        client.subscribe("1", "{a}").await;
        client.text().await;
        let requests = std::mem::take(&mut *running.fake.requests.lock().unwrap());
        cookies.push(header(&requests[0].1.headers, "cookie").to_owned());
    }
    // `cors.credentials` is off.
    assert_eq!(cookies, ["", "a=b"]);
    settings.streaming.origins = vec![AllowedOrigin::new("https://other.example").unwrap()];
    let running = start(&settings);
    let reply = refused(&running, &handshake(&from("https://page.example"))).await;
    assert_eq!(reply.status, 403);
}

#[tokio::test]
async fn a_client_must_begin_in_time() {
    let mut settings = settings();
    settings.streaming.init_timeout = Duration::from_millis(50);
    let running = start(&settings);
    let mut client = Client::open(&running, PROTOCOL).await;
    let (code, text) = client.closed().await;
    assert_eq!(code, 4408);
    assert!(text.contains("streaming.init_timeout"), "{text}");
}

#[tokio::test]
async fn frames_and_messages_are_bounded_and_valid() {
    let mut settings = settings();
    settings.streaming.message_bytes = ByteSize(1000);
    let running = start(&settings);
    let mut client = Client::open(&running, PROTOCOL).await;
    client.send(&" ".repeat(1001)).await;
    let (code, text) = client.closed().await;
    assert_eq!(code, 1009);
    assert!(text.contains("streaming.message_bytes"), "{text}");
    for (bytes, code) in [
        // Without a mask; with a reserved bit; a fragmented control frame; text that is not UTF-8.
        (&b"\x81\x02{}"[..], 1002),
        (b"\xf1\x82\0\0\0\0{}", 1002),
        (b"\x09\x80\0\0\0\0", 1002),
        (b"\x81\x82\0\0\0\0\xff\xff", 1007),
        // A frame that claims to have more than the limit.
        (b"\x81\xff\0\0\0\xff\0\0\0\0\0\0\0\0", 1009),
    ] {
        let mut raw = Raw::connect(&running.server).await;
        raw.send(&handshake(PROTOCOL)).await;
        raw.head().await;
        raw.send_bytes(bytes).await;
        let (stream, read) = raw.into_stream();
        let socket = WebSocketStream::from_partially_read(stream, read, Role::Client, None);
        let mut client = Client {
            socket: socket.await,
            head: String::new(),
        };
        assert_eq!(client.closed().await.0, code, "{bytes:?}");
    }
    let state = &running.server.state;
    until(|| state.connections.count() == 0).await;
}

#[tokio::test]
async fn operations_of_a_connection_are_bounded() {
    let mut settings = settings();
    settings.streaming.connection_streams = 2;
    settings.streaming.streams = 2;
    let running = start(&settings);
    let mut client = Client::ready(&running).await;
    let (first, second) = (running.feed(Delivery::Live), running.feed(Delivery::Live));
    client.subscribe("1", "subscription {a}").await;
    first.send("{\"data\":1}");
    client.text().await;
    // One stream is the connection itself.
    client.subscribe("2", "subscription {a}").await;
    let text = client.text().await;
    assert!(
        text.contains("\"type\":\"error\"") && text.contains("OVERLOADED"),
        "{text}"
    );
    second.ended().await;
    client.subscribe("2", "{wait}").await;
    running.fake.arrived.notified().await;
    for id in 3..1000 {
        client.subscribe(&id.to_string(), "{a}").await;
        let text = client.text().await;
        assert!(
            text.contains("LIMIT_EXCEEDED") && text.contains("connection_streams"),
            "{text}"
        );
    }
    running.fake.proceed.notify_one();
    client
        .expect("{\"id\":\"2\",\"type\":\"next\",\"payload\":{\"data\":{\"a\":1}}}")
        .await;
    client.expect("{\"id\":\"2\",\"type\":\"complete\"}").await;
}

#[tokio::test]
async fn a_client_that_does_not_take_its_events_is_closed() {
    let mut settings = settings();
    settings.streaming.queue = 10;
    settings.limits.stall_timeout = Duration::from_millis(300);
    let running = start(&settings);
    let mut lazy = Client::ready(&running).await;
    let feed = running.feed(Delivery::Events);
    lazy.subscribe("1", "subscription {a}").await;
    let event = format!("{{\"data\":\"{}\"}}", "x".repeat(1_000_000));
    within(async {
        for sent in 0.. {
            assert!(sent < 300, "the events are held");
            feed.try_send(&event);
            tokio::task::yield_now().await;
            if feed.0.is_closed() {
                break;
            }
        }
    })
    .await;
    let state = &running.server.state;
    until(|| state.connections.count() == 0).await;
    assert_eq!((state.streams.queued(), state.streams.count()), (0, 0));
    // A client that reads again in time reads why it is closed.
    settings.limits.stall_timeout = Duration::from_secs(60);
    let running = start(&settings);
    let mut lazy = Client::ready(&running).await;
    let feed = running.feed(Delivery::Events);
    lazy.subscribe("1", "subscription {a}").await;
    within(async {
        while !feed.0.is_closed() {
            feed.try_send(&event);
            tokio::task::yield_now().await;
        }
    })
    .await;
    let (code, text) = lazy.closed().await;
    assert_eq!(code, 1013);
    assert!(text.contains("streaming.queue"), "{text}");
}

#[tokio::test]
async fn a_live_query_waits_for_a_client_that_reads_later() {
    let running = start(&settings());
    let mut lazy = Client::ready(&running).await;
    let feed = running.feed(Delivery::Live);
    lazy.subscribe("1", "subscription {a}").await;
    let body = format!("{{\"data\":\"{}\"}}", "x".repeat(1_000_000));
    for _ in 0..30 {
        feed.send(&body);
    }
    let expected = format!("{{\"id\":\"1\",\"type\":\"next\",\"payload\":{body}}}");
    for _ in 0..30 {
        // Long messages come in fragments.
        assert!(lazy.text().await == expected);
    }
    assert!(running.server.state.streams.queued() == 0);
}

#[tokio::test]
async fn a_client_that_answers_no_ping_is_gone() {
    let mut settings = settings();
    settings.streaming.heartbeat = Duration::from_millis(300);
    // Of other limits, none applies to an idle connection.
    settings.limits.idle_timeout = Duration::from_millis(50);
    // Long enough for a handshake on a machine with much to do.
    settings.limits.request_read_timeout = Duration::from_secs(1);
    settings.limits.stall_timeout = Duration::from_millis(50);
    let running = start(&settings);
    let connections = Arc::clone(&running.server.state.connections);
    let mut honest = Client::ready(&running).await;
    let mut raw = Raw::connect(&running.server).await;
    raw.send(&handshake(PROTOCOL)).await;
    raw.head().await;
    raw.send_bytes(b"\x81\x9a\0\0\0\0").await;
    raw.send(INIT).await;
    // The library answers pings when it reads.
    let read = tokio::spawn(async move { honest.next().await.is_none_or(|next| next.is_err()) });
    raw.closed().await;
    let since = connections.listener.now();
    until(|| connections.listener.now() > since + 1500).await;
    assert!(!read.is_finished());
    assert_eq!(connections.count(), 1);
    read.abort();
}

#[tokio::test]
async fn a_server_that_stops_closes_connections_in_order() {
    let running = start(&settings());
    let mut idle = Client::open(&running, PROTOCOL).await;
    let mut busy = Client::ready(&running).await;
    let feed = running.feed(Delivery::Events);
    busy.subscribe("1", "subscription {a}").await;
    feed.send("{\"data\":1}");
    busy.text().await;
    let stopping = tokio::spawn(running.server.stop());
    for client in [&mut idle, &mut busy] {
        assert_eq!(
            client.closed().await,
            (1001, "The gateway stops".to_owned())
        );
        assert!(client.next().await.is_none());
    }
    feed.ended().await;
    within(stopping).await.unwrap();
}

#[tokio::test]
async fn a_connection_has_a_lifetime() {
    let mut settings = settings();
    settings.streaming.lifetime = Duration::from_millis(50);
    let running = start(&settings);
    let mut client = Client::ready(&running).await;
    let (code, text) = client.closed().await;
    assert_eq!(code, 1001);
    assert!(text.contains("streaming.lifetime"), "{text}");
}
