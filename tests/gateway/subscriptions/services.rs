//! Subscriptions of a GraphQL service: over WebSocket, server-sent events and multipart. The tests say every byte that the service
//! sends; `its_own_server` is one of a library.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use sangam::gateway::Gateway;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::{LINKS, Subscribed, code, request, setup, streaming};
use crate::gateway::scripted::{Upstream, json as body};

const NAMES: &str = r#"
  @source(name: "s", http: { baseURL: "http://127.0.0.1:9" })
type Query {
  district(code: ID!): District
    @connect(source: "s", http: { GET: "/district/{$args.code}" }, selection: "code name", entity: true)
}
type District @key(fields: "code") { code: ID! name: String }
"#;

/// The folder of a service that sends its events in this way.
fn folder(protocol: &str) -> String {
    format!(
        r#"{LINKS}
  @graphql(
    url: "http://127.0.0.1:9/graphql"
    headers: [{{ name: "x-client", from: "x-client" }}]
    subscriptions: {{ protocol: {protocol} }}
  )
type Query {{ ready: Boolean }}
type Subscription {{ ticks(of: ID): Tick }}
type Tick {{ n: Int text: String district: District }}
type District @key(fields: "code", resolvable: false) {{ code: ID! }}
"#
    )
}

struct World {
    service: TcpListener,
    _names: Upstream,
    gateway: Gateway,
}

async fn world(protocol: &str) -> World {
    let names = Upstream::start().await;
    names.answer("/district/d1", body(r#"{"code":"d1","name":"Jammu"}"#));
    let service = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let text = format!(
        "[connector.ticker]\nbase_url = \"http://{}/graphql\"\nevent_bytes = \"10KB\"\n[connector.names]\nbase_url = \"{}\"\n",
        service.local_addr().unwrap(),
        names.url
    );
    let (ticker, other) = (folder(protocol), format!("{LINKS}{NAMES}"));
    let connectors = [("ticker", ticker.as_str()), ("names", other.as_str())];
    World {
        service,
        gateway: setup(&text, &connectors, Gateway::first),
        _names: names,
    }
}

/// A connection to the service, of which the request has been read.
struct Peer {
    stream: TcpStream,
    head: String,
    body: Value,
}

impl World {
    /// The next connection of the gateway.
    async fn peer(&self) -> Peer {
        let (mut stream, _) = self.service.accept().await.unwrap();
        let mut received = Vec::new();
        let end = loop {
            if let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            assert_ne!(stream.read_buf(&mut received).await.unwrap(), 0);
        };
        let head = String::from_utf8_lossy(&received[..end]).to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        while received.len() < end + length {
            assert_ne!(stream.read_buf(&mut received).await.unwrap(), 0);
        }
        let head = String::from_utf8_lossy(&received[..end]).into_owned();
        let body = serde_json::from_slice(&received[end..]).unwrap_or_default();
        Peer { stream, head, body }
    }

    /// The next connection, as a WebSocket whose subscription has begun.
    async fn socket(&self) -> Socket {
        let mut socket = self.peer().await.upgrade().await;
        assert_eq!(socket.read().await, json!({ "type": "connection_init" }));
        socket.write(r#"{"type":"connection_ack"}"#).await;
        let subscribe = socket.read().await;
        assert_eq!(
            (&subscribe["type"], &subscribe["id"]),
            (&json!("subscribe"), &json!("1"))
        );
        socket
    }
}

impl Peer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// Accepts the upgrade.
    async fn upgrade(mut self) -> Socket {
        assert!(
            self.head.starts_with("GET /graphql HTTP/1.1\r\n"),
            "{}",
            self.head
        );
        assert_eq!(
            self.header("sec-websocket-protocol"),
            Some("graphql-transport-ws")
        );
        assert_eq!(self.header("sec-websocket-version"), Some("13"));
        let key = self.header("sec-websocket-key").unwrap();
        let guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
        let accept = digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{guid}").as_bytes());
        let accept = STANDARD.encode(accept);
        self.send(&format!(
            "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-accept: {accept}\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n"
        ))
        .await;
        let config = WebSocketConfig::default();
        Socket(WebSocketStream::from_raw_socket(self.stream, Role::Server, Some(config)).await)
    }

    /// Waits until the gateway has closed the connection.
    async fn until_closed(mut self) {
        let mut rest = Vec::new();
        // It may be reset.
        let _ = self.stream.read_to_end(&mut rest).await;
    }
}

struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    async fn read(&mut self) -> Value {
        let text = self.0.next().await.unwrap().unwrap().into_text().unwrap();
        serde_json::from_str(&text).unwrap()
    }

    async fn write(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    async fn tick(&mut self, n: usize) {
        let payload = tick(n);
        self.write(&format!(
            r#"{{"id":"1","type":"next","payload":{payload}}}"#
        ))
        .await;
    }

    /// Waits until the gateway has closed the connection.
    async fn until_closed(mut self) {
        while let Some(Ok(_)) = self.0.next().await {}
    }
}

/// What the service sends for an event.
fn tick(n: usize) -> String {
    format!(r#"{{"data":{{"ticks":{{"n":{n},"district":{{"code":"d1"}}}}}}}}"#)
}

const TICKS: &str = "subscription { ticks(of: 7) { n district { name } } }";

/// What a client gets for an event.
fn ticked(n: usize) -> Value {
    json!({ "data": { "ticks": { "n": n, "district": { "name": "Jammu" } } } })
}

#[test]
async fn subscribers_share_a_web_socket_that_ends_with_the_last_one() {
    let world = world("WEBSOCKET").await;
    let mut first = Subscribed::to(&world.gateway, TICKS).await;
    let mut second = Subscribed::to(&world.gateway, TICKS).await;
    let mut socket = world.peer().await.upgrade().await;
    assert_eq!(socket.read().await, json!({ "type": "connection_init" }));
    socket
        .write(r#"{"type":"ping","payload":{"a":1.10}}"#)
        .await;
    assert_eq!(
        socket.read().await.to_string(),
        r#"{"payload":{"a":1.1},"type":"pong"}"#
    );
    socket
        .write(r#"{"type":"connection_ack","payload":{}}"#)
        .await;
    let subscribe = socket.read().await;
    let query = subscribe["payload"]["query"].as_str().unwrap();
    assert!(
        query.contains("ticks") && query.contains("district"),
        "{query}"
    );
    for n in 1..4 {
        socket.tick(n).await;
        assert_eq!(first.next().await, ticked(n));
        assert_eq!(second.next().await, ticked(n));
    }
    assert_eq!(world.gateway.feeds(), 1);
    drop(first);
    socket.tick(4).await;
    assert_eq!(second.next().await, ticked(4));
    drop(second);
    assert_eq!(world.gateway.feeds(), 0);
    socket.until_closed().await;
}

#[test]
async fn clients_with_other_headers_have_subscriptions_of_their_own() {
    let world = world("WEBSOCKET").await;
    let mut all = Vec::new();
    for name in ["a", "b"] {
        let mut client = streaming();
        let headers = std::sync::Arc::make_mut(&mut client.headers);
        headers.insert("x-client", name.parse().unwrap());
        all.push(world.gateway.execute(request(TICKS), &client).await);
        assert_eq!(world.peer().await.header("x-client"), Some(name));
    }
    assert_eq!(world.gateway.feeds(), 2);
}

#[test]
async fn a_lost_connection_is_made_again_and_clients_do_not_notice() {
    let world = world("WEBSOCKET").await;
    let mut subscribed = Subscribed::to(&world.gateway, TICKS).await;
    let mut socket = world.socket().await;
    socket.tick(1).await;
    assert_eq!(subscribed.next().await, ticked(1));
    drop(socket);
    // The service is not back yet.
    drop(world.peer().await);
    let mut busy = world.peer().await;
    busy.send("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n")
        .await;
    let mut socket = world.socket().await;
    socket.tick(2).await;
    assert_eq!(subscribed.next().await, ticked(2));
    let restarts = CloseFrame {
        code: 1012.into(),
        reason: "restart".into(),
    };
    socket.0.close(Some(restarts)).await.unwrap();
    let mut socket = world.socket().await;
    socket.tick(3).await;
    assert_eq!(subscribed.next().await, ticked(3));
}

#[test]
async fn the_service_ends_a_subscription() {
    let world = world("WEBSOCKET").await;
    let mut subscribed = Subscribed::to(&world.gateway, TICKS).await;
    let mut socket = world.socket().await;
    socket.tick(1).await;
    socket.write(r#"{"id":"1","type":"complete"}"#).await;
    assert_eq!(subscribed.next().await, ticked(1));
    assert_eq!(subscribed.last().await, None);

    // The next subscriber has a new one, which is refused.
    let mut subscribed = Subscribed::to(&world.gateway, TICKS).await;
    let mut socket = world.socket().await;
    socket
        .write(r#"{"id":"1","type":"error","payload":[{"message":"no"}]}"#)
        .await;
    let event = subscribed.next().await;
    assert_eq!(
        (code(&event), &event["data"]["ticks"]),
        ("DOWNSTREAM_SERVICE_ERROR", &Value::Null)
    );
    assert_eq!(subscribed.last().await, None);

    for (refusal, expected) in [
        (4403, "CONNECTOR_BAD_ANSWER"),
        (4400, "CONNECTOR_BAD_ANSWER"),
    ] {
        let mut subscribed = Subscribed::to(&world.gateway, TICKS).await;
        let mut socket = world.socket().await;
        let refused = CloseFrame {
            code: refusal.into(),
            reason: "no".into(),
        };
        socket.0.close(Some(refused)).await.unwrap();
        assert_eq!(code(&subscribed.next().await), expected);
        assert_eq!(subscribed.last().await, None);
    }
}

#[test]
async fn what_is_no_event_ends_a_subscription() {
    let world = world("WEBSOCKET").await;
    let long = format!(
        r#"{{"id":"1","type":"next","payload":{{"data":"{}"}}}}"#,
        "x".repeat(12_000)
    );
    for (message, expected) in [
        (Message::text("{"), "CONNECTOR_BAD_ANSWER"),
        (Message::text("[]"), "CONNECTOR_BAD_ANSWER"),
        (Message::text(r#"{"type":"ka"}"#), "CONNECTOR_BAD_ANSWER"),
        (
            Message::text(r#"{"id":"1","type":"next","payload":{"a":1}}"#),
            "CONNECTOR_BAD_ANSWER",
        ),
        (
            Message::text(r#"{"id":"1","type":"next"}"#),
            "CONNECTOR_BAD_ANSWER",
        ),
        (Message::binary(vec![1, 2]), "CONNECTOR_BAD_ANSWER"),
        (Message::text(long), "RESPONSE_LIMIT_EXCEEDED"),
    ] {
        let mut subscribed = Subscribed::to(&world.gateway, TICKS).await;
        let mut socket = world.socket().await;
        socket.0.send(message.clone()).await.unwrap();
        assert_eq!(code(&subscribed.next().await), expected, "{message:?}");
        assert_eq!(subscribed.last().await, None);
        assert_eq!(world.gateway.feeds(), 0);
    }
}

#[test]
async fn a_service_that_is_not_there_or_speaks_otherwise_is_an_error_at_once() {
    let world = world("WEBSOCKET").await;
    let handshake = "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
                     sec-websocket-accept: AAAA\r\n\r\n";
    for (response, expected) in [
        ("", "HTTP_CLIENT_ERROR"),
        (
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            "CONNECTOR_BAD_ANSWER",
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "CONNECTOR_BAD_ANSWER",
        ),
        (
            "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n",
            "HTTP_CLIENT_ERROR",
        ),
        (handshake, "CONNECTOR_BAD_ANSWER"),
    ] {
        let mut subscribed = Subscribed::to(&world.gateway, TICKS).await;
        let mut peer = world.peer().await;
        peer.send(response).await;
        drop(peer);
        assert_eq!(code(&subscribed.next().await), expected, "{response}");
        assert_eq!(subscribed.last().await, None);
    }
}

#[test]
async fn a_flood_ends_those_that_do_not_read_and_no_others() {
    let world = world("WEBSOCKET").await;
    let mut slow = Subscribed::to(&world.gateway, TICKS).await;
    let mut quick = Subscribed::to(&world.gateway, TICKS).await;
    let mut socket = world.socket().await;
    for n in 0..200 {
        socket.tick(n).await;
        assert_eq!(quick.next().await, ticked(n));
    }
    assert_eq!(
        code(&slow.last().await.unwrap()),
        "SUBSCRIPTION_EVENTS_LOST"
    );
    socket.tick(1_000).await;
    assert_eq!(quick.next().await, ticked(1_000));
}

const SSE: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\r\n";

#[test]
async fn server_sent_events() {
    let world = world("SSE").await;
    let mut subscribed = Subscribed::to(&world.gateway, TICKS).await;
    let mut peer = world.peer().await;
    assert!(peer.head.starts_with("POST /graphql HTTP/1.1\r\n"));
    assert_eq!(peer.header("accept"), Some("text/event-stream"));
    assert!(peer.body["query"].as_str().unwrap().contains("ticks"));
    peer.send(SSE).await;
    peer.send(&format!(":\n\nevent: next\ndata: {}\n\n", tick(1)))
        .await;
    assert_eq!(subscribed.next().await, ticked(1));
    let event = format!("event: next\r\ndata: {}\r\n\r\n", tick(2));
    let (one, two) = event.split_at(30);
    peer.send(one).await;
    peer.send(two).await;
    assert_eq!(subscribed.next().await, ticked(2));
    // The connection is lost.
    drop(peer);
    let mut peer = world.peer().await;
    peer.send(SSE).await;
    peer.send(&format!(
        "event: next\ndata: {}\n\nevent: complete\ndata:\n\n",
        tick(3)
    ))
    .await;
    assert_eq!(subscribed.next().await, ticked(3));
    assert_eq!(subscribed.last().await, None);
    peer.until_closed().await;
}

#[test]
async fn what_is_no_stream_of_events() {
    let world = world("SSE").await;
    let refused = r#"{"errors":[{"message":"no"}]}"#;
    let json = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{refused}",
        refused.len()
    );
    let never = format!("{SSE}event: next\ndata: {}", "x".repeat(12_000));
    let garbage = format!("{SSE}event: next\ndata: {{}}\n\n");
    for (response, expected) in [
        (json.as_str(), "DOWNSTREAM_SERVICE_ERROR"),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
            "CONNECTOR_BAD_ANSWER",
        ),
        (never.as_str(), "RESPONSE_LIMIT_EXCEEDED"),
        (garbage.as_str(), "CONNECTOR_BAD_ANSWER"),
    ] {
        let mut subscribed = Subscribed::to(&world.gateway, TICKS).await;
        let mut peer = world.peer().await;
        peer.send(response).await;
        assert_eq!(code(&subscribed.next().await), expected, "{response}");
        assert_eq!(subscribed.last().await, None);
    }
}

const PARTS: &str = "HTTP/1.1 200 OK\r\ncontent-type: multipart/mixed;boundary=\"graphql\";subscriptionSpec=\"1.0\"\r\n\r\n";

/// A part, and the delimiter that ends it.
fn part(content: &str) -> String {
    format!("\r\nContent-Type: application/json\r\n\r\n{content}\r\n--graphql")
}

#[test]
async fn multipart() {
    let world = world("MULTIPART").await;
    let mut subscribed = Subscribed::to(&world.gateway, TICKS).await;
    let mut peer = world.peer().await;
    let accept = peer.header("accept").unwrap();
    assert!(accept.contains("multipart/mixed") && accept.contains("subscriptionSpec=\"1.0\""));
    peer.send(PARTS).await;
    peer.send("\r\n--graphql").await;
    peer.send(&part("{}")).await;
    peer.send(&part(&format!(r#"{{"payload":{}}}"#, tick(1))))
        .await;
    assert_eq!(subscribed.next().await, ticked(1));
    drop(peer);
    let mut peer = world.peer().await;
    peer.send(PARTS).await;
    peer.send("\r\n--graphql").await;
    peer.send(&part(&format!(r#"{{"payload":{}}}"#, tick(2))))
        .await;
    assert_eq!(subscribed.next().await, ticked(2));
    peer.send(&part(r#"{"payload":null,"errors":[{"message":"over"}]}"#))
        .await;
    assert_eq!(code(&subscribed.next().await), "DOWNSTREAM_SERVICE_ERROR");
    assert_eq!(subscribed.last().await, None);

    let long = "x".repeat(80_000);
    for never in [
        format!("\r\n--graphql\r\nA: b\r\n\r\n{{\"payload\":\"{long}"),
        format!("\r\n--graphql\r\nA: {long}"),
        long,
    ] {
        let mut subscribed = Subscribed::to(&world.gateway, TICKS).await;
        let mut peer = world.peer().await;
        peer.send(PARTS).await;
        peer.send(&never).await;
        assert_eq!(code(&subscribed.next().await), "RESPONSE_LIMIT_EXCEEDED");
        assert_eq!(subscribed.last().await, None);
    }

    let mut subscribed = Subscribed::to(&world.gateway, TICKS).await;
    let mut peer = world.peer().await;
    peer.send(PARTS).await;
    peer.send("\r\n--graphql").await;
    peer.send(&part(&format!(r#"{{"payload":{}}}"#, tick(3))))
        .await;
    peer.send("--\r\n").await;
    assert_eq!(subscribed.next().await, ticked(3));
    assert_eq!(subscribed.last().await, None);
}

mod own {
    use async_graphql::{Object, SimpleObject, Subscription};
    use futures_util::{Stream, stream};

    pub(super) struct Query;

    #[Object]
    impl Query {
        async fn ready(&self) -> bool {
            true
        }
    }

    #[derive(SimpleObject)]
    pub(super) struct District {
        code: async_graphql::ID,
    }

    #[derive(SimpleObject)]
    pub(super) struct Tick {
        n: i32,
        text: String,
        district: District,
    }

    pub(super) struct Subscription;

    #[Subscription]
    impl Subscription {
        async fn ticks(&self, of: Option<async_graphql::ID>) -> impl Stream<Item = Tick> {
            let of = of.map_or_else(String::new, |of| of.to_string());
            stream::iter((1..4).map(move |n| Tick {
                n,
                text: of.clone(),
                district: District { code: "d1".into() },
            }))
        }
    }
}

#[test]
async fn its_own_server() {
    use async_graphql::http::{WebSocket, WebSocketProtocols, WsMessage};

    let world = world("WEBSOCKET").await;
    let mut subscribed = Subscribed::to(&world.gateway, TICKS).await;
    let (mut sink, stream) = world.peer().await.upgrade().await.0.split();
    let schema =
        async_graphql::Schema::new(own::Query, async_graphql::EmptyMutation, own::Subscription);
    let received = stream.filter_map(|message| async { message.ok()?.into_text().ok() });
    let received = received.map(|text| text.to_string().into_bytes()).boxed();
    let mut socket = WebSocket::new(schema, received, WebSocketProtocols::GraphQLWS);
    let served = tokio::spawn(async move {
        while let Some(message) = socket.next().await {
            if let WsMessage::Text(text) = message {
                sink.send(Message::text(text)).await.unwrap();
            }
        }
    });
    for n in 1..4 {
        assert_eq!(subscribed.next().await, ticked(n));
    }
    assert_eq!(subscribed.last().await, None);
    served.abort();
}
