//! Clients that vanish, in every state of every transport: nothing of them is left, and other clients notice nothing.

use super::raw::{Raw, head, until, within};
use super::*;
use crate::gateway::IncrementalFormat;

/// How a client vanishes.
#[derive(Debug, Clone, Copy)]
enum Vanishing {
    /// Its side of the connection is closed.
    Closes,
    /// The connection is reset, as by a program that is killed.
    Resets,
}

/// A text as a client's frame: whole, masked with zeros.
fn frame(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).unwrap();
    assert!(length < 126, "{text}");
    let mut frame = vec![0x81, 0x80 | length, 0, 0, 0, 0];
    frame.extend_from_slice(text.as_bytes());
    frame
}

const HANDSHAKE: &str = "GET /graphql HTTP/1.1\r\nhost: gateway.example\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
                         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                         sec-websocket-protocol: graphql-transport-ws\r\n\r\n";

const EVENTS: &str = "accept: text/event-stream\r\n";

/// The frame of an operation.
pub(super) fn subscribe(id: &str, query: &str) -> Vec<u8> {
    frame(&format!(
        "{{\"id\":\"{id}\",\"type\":\"subscribe\",\"payload\":{{\"query\":\"{query}\"}}}}"
    ))
}

/// A WebSocket that may subscribe.
pub(super) async fn ready(running: &Running) -> Raw {
    let mut client = Raw::connect(&running.server).await;
    client.send(HANDSHAKE).await;
    client.head().await;
    let begin = frame("{\"type\":\"connection_init\"}");
    client.send_bytes(&begin).await;
    client.read("connection_ack").await;
    client
}

/// A gateway, and a client of it that is well.
struct World {
    running: Running,
    well: Raw,
    feed: Feed,
}

impl World {
    async fn start() -> World {
        let mut settings = settings();
        // What a client has yet to read ends no stream.
        settings.streaming.queue_bytes = ByteSize(100_000_000);
        let running = start(&settings);
        let feed = running.feed(Delivery::Events);
        let mut well = Raw::connect(&running.server).await;
        well.send(&request("subscription {a}", EVENTS)).await;
        feed.send("{\"data\":\"before\"}");
        well.read("before").await;
        World {
            running,
            well,
            feed,
        }
    }

    async fn connect(&self) -> Raw {
        Raw::connect(&self.running.server).await
    }

    async fn ready(&self) -> Raw {
        ready(&self.running).await
    }

    /// The client vanishes; of it, nothing is left.
    async fn vanishes(&mut self, client: Raw, how: Vanishing, when: &str) {
        let (stream, _) = client.into_stream();
        if let Vanishing::Resets = how {
            stream.set_zero_linger().unwrap();
        }
        drop(stream);
        let state = Arc::clone(&self.running.server.state);
        let gone = until(|| {
            let streams = &state.streams;
            state.connections.count() == 1 && streams.count() == 1 && streams.queued() == 0
        });
        let waited = tokio::time::timeout(Duration::from_secs(30), gone).await;
        assert!(waited.is_ok(), "{how:?} {when}: something is left");
        let event = format!("{{\"data\":\"after {when}\"}}");
        self.feed.send(&event);
        self.well.read(&event).await;
    }
}

fn request(query: &str, headers: &str) -> String {
    let body = format!("{{\"query\":\"{query}\"}}");
    format!("{}{body}", head(body.len(), headers))
}

#[tokio::test]
async fn of_a_web_socket() {
    for how in [Vanishing::Closes, Vanishing::Resets] {
        let mut world = World::start().await;
        let mut client = world.connect().await;
        client.send(&HANDSHAKE[..HANDSHAKE.len() - 2]).await;
        world.vanishes(client, how, "within the handshake").await;

        let mut client = world.connect().await;
        client.send(HANDSHAKE).await;
        client.head().await;
        world.vanishes(client, how, "before it begins").await;

        let client = world.ready().await;
        world.vanishes(client, how, "before it subscribes").await;

        let mut client = world.ready().await;
        client.send_bytes(&subscribe("1", "{a}")[..20]).await;
        world.vanishes(client, how, "within a frame").await;

        let mut client = world.ready().await;
        client.send_bytes(b"\x01\x81\0\0\0\0{").await;
        world.vanishes(client, how, "within a message").await;

        let mut client = world.ready().await;
        client.send_bytes(&subscribe("1", "{wait}")).await;
        within(world.running.fake.arrived.notified()).await;
        world.vanishes(client, how, "while its query runs").await;

        let mut client = world.ready().await;
        let feed = world.running.feed(Delivery::Events);
        client.send_bytes(&subscribe("1", "subscription {a}")).await;
        until(|| world.running.server.state.streams.count() == 3).await;
        world.vanishes(client, how, "before its first event").await;
        feed.ended().await;

        for delivery in [Delivery::Events, Delivery::Live] {
            let mut client = world.ready().await;
            let feed = world.running.feed(delivery);
            client.send_bytes(&subscribe("1", "subscription {a}")).await;
            feed.send("{\"data\":\"first\"}");
            client.read("first").await;
            world.vanishes(client, how, "between its events").await;
            feed.ended().await;

            let mut client = world.ready().await;
            let feed = world.running.feed(delivery);
            client.send_bytes(&subscribe("1", "subscription {a}")).await;
            for _ in 0..20 {
                feed.try_send(&format!("{{\"data\":\"{}\"}}", "x".repeat(200_000)));
            }
            client.read("xxx").await;
            world
                .vanishes(client, how, "while it has much to read")
                .await;
            feed.ended().await;
        }

        let mut client = world.ready().await;
        client.send_bytes(b"\x88\x80\0\0\0\0").await;
        world
            .vanishes(client, how, "when it has said goodbye")
            .await;
    }
}

#[tokio::test]
async fn of_a_response_that_streams() {
    let incremental = Delivery::Incremental(IncrementalFormat::V02);
    let parts = "accept: multipart/mixed;incrementalSpec=v0.2\r\n";
    let subscription = "accept: multipart/mixed;subscriptionSpec=\"1.0\"\r\n";
    for how in [Vanishing::Closes, Vanishing::Resets] {
        let mut world = World::start().await;
        let mut client = world.connect().await;
        let whole = request("subscription {a}", EVENTS);
        client.send(&whole[..whole.len() - 2]).await;
        world.vanishes(client, how, "within the request").await;

        for accept in [EVENTS, parts, subscription] {
            let mut client = world.connect().await;
            client.send(&request("{wait}", accept)).await;
            within(world.running.fake.arrived.notified()).await;
            world.vanishes(client, how, "while it is executed").await;
        }
        for (accept, delivery) in [
            (EVENTS, Delivery::Events),
            (EVENTS, Delivery::Live),
            (EVENTS, incremental),
            (parts, incremental),
            (subscription, Delivery::Events),
        ] {
            let mut client = world.connect().await;
            let feed = world.running.feed(delivery);
            client.send(&request("subscription {a}", accept)).await;
            feed.send("{\"data\":\"first\"}");
            client.read("first").await;
            world.vanishes(client, how, "between its payloads").await;
            feed.ended().await;

            let mut client = world.connect().await;
            let feed = world.running.feed(delivery);
            client.send(&request("subscription {a}", accept)).await;
            for _ in 0..20 {
                feed.try_send(&format!("{{\"data\":\"{}\"}}", "x".repeat(200_000)));
            }
            client.read("xxx").await;
            world
                .vanishes(client, how, "while it has much to read")
                .await;
            feed.ended().await;
        }
    }
}

#[tokio::test]
async fn of_an_event_stream_for_several_operations() {
    for how in [Vanishing::Closes, Vanishing::Resets] {
        let mut world = World::start().await;
        let mut client = world.connect().await;
        let reserve = "PUT /graphql HTTP/1.1\r\nhost: gateway.example\r\n\r\n";
        client.send(reserve).await;
        let token = client.reply().await.body;
        let named = format!("x-graphql-event-stream-token: {token}\r\n");
        let open = format!("GET /graphql HTTP/1.1\r\nhost: gateway.example\r\n{EVENTS}{named}\r\n");
        client.send(&open).await;
        client.head().await;
        let feed = world.running.feed(Delivery::Events);
        let body = "{\"query\":\"subscription {a}\",\"extensions\":{\"operationId\":\"1\"}}";
        let mut other = world.connect().await;
        other
            .send(&format!("{}{body}", head(body.len(), &named)))
            .await;
        assert_eq!(other.reply().await.status, 202);
        drop(other);
        feed.send("{\"data\":\"first\"}");
        client.read("first").await;
        world.vanishes(client, how, "between its events").await;
        feed.ended().await;
    }
}
