//! Streams over TLS: WebSockets (`wss`) and event streams, and the pages that may open a WebSocket.

use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::running::{Folder, Running};
use crate::gateway::subscriptions::LINKS;

const SCHEMA: &str = r#"
type Query { ready: Boolean @connect(selection: "$(true)") }
type Subscription { posted: Int @connect(selection: "$.n") @webhook }
"#;

const SETTINGS: &str = r#"
listen = "127.0.0.1:0"
[tls]
certificate = "chain.pem"
key = "key.pem"
[streaming]
origins = ["https://page.example"]
[connector.desk]
webhook_secret = { sample = "sample-token" }
webhook_proof = "token"
"#;

struct World {
    running: Running,
    certificate: rcgen::Certificate,
    _folder: Folder,
}

impl World {
    fn start() -> World {
        sangam::source::tls::install_provider();
        let folder = Folder::new(SETTINGS, &[("desk", &format!("{LINKS}{SCHEMA}"))]);
        let rcgen::CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(folder.path("chain.pem"), cert.pem()).unwrap();
        std::fs::write(folder.path("key.pem"), signing_key.serialize_pem()).unwrap();
        World {
            running: Running::start(folder.command(&["serve"])),
            certificate: cert,
            _folder: folder,
        }
    }

    /// The gateway's URL with the name of its certificate.
    fn url(&self) -> String {
        self.running.url.replace("127.0.0.1", "localhost")
    }

    fn client(&self) -> reqwest::Client {
        let certificate = reqwest::Certificate::from_pem(self.certificate.pem().as_bytes());
        reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([certificate.unwrap()])
            .build()
            .unwrap()
    }

    /// Sends the request of a WebSocket from a page of this origin; gives the head of the response, and the connection.
    async fn handshake(&self, origin: &str) -> (String, TlsStream<TcpStream>) {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.certificate.der().clone()).unwrap();
        let config = rustls::ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let address = self.running.url.strip_prefix("https://").unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        let mut stream = connector.connect(name, stream).await.unwrap();
        let host = self.url().replace("https://", "");
        let request = format!(
            "GET /graphql HTTP/1.1\r\nhost: {host}\r\norigin: {origin}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        (String::from_utf8(head).unwrap(), stream)
    }

    /// Posts events until one has arrived.
    async fn until_posted<T>(&self, arrived: impl Future<Output = T>) -> T {
        let client = self.client();
        let post = async {
            loop {
                let request = client.post(format!("{}/hooks/desk", self.url()));
                let request = request.header("x-webhook-token", "sample-token");
                let response = request.body("{\"n\":7}").send().await.unwrap();
                assert_eq!(response.status(), 200);
            }
        };
        tokio::select! {
            arrived = arrived => arrived,
            () = post => unreachable!(),
        }
    }
}

#[test(threads)]
async fn a_web_socket() {
    let world = World::start();
    for origin in [world.url(), "https://page.example".to_owned()] {
        let (head, stream) = world.handshake(&origin).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let mut socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
        let subscribe = json!({ "id": "1", "type": "subscribe", "payload": { "query": "subscription { posted }" } });
        for message in [json!({ "type": "connection_init" }), subscribe] {
            socket
                .send(Message::text(message.to_string()))
                .await
                .unwrap();
        }
        let next = async {
            loop {
                let message = socket.next().await.unwrap().unwrap();
                let Message::Text(text) = message else {
                    continue;
                };
                let message: Value = serde_json::from_str(&text).unwrap();
                if message["type"] == "next" {
                    return message;
                }
            }
        };
        let next = world.until_posted(next).await;
        assert_eq!(next["payload"], json!({ "data": { "posted": 7 } }));
    }
}

#[test(threads)]
async fn pages_of_other_origins() {
    let world = World::start();
    for origin in ["https://evil.example", "http://page.example", "null"] {
        let (head, _stream) = world.handshake(origin).await;
        assert!(head.starts_with("HTTP/1.1 403 "), "{origin}: {head}");
    }
}

#[test(threads)]
async fn an_event_stream_over_http_2() {
    let world = World::start();
    let request = world.client().post(format!("{}/graphql", world.url()));
    let request = request
        .header("accept", "text/event-stream")
        .header("content-type", "application/json")
        .body("{\"query\":\"subscription { posted }\"}");
    let mut response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.version(), http::Version::HTTP_2);
    let event = async {
        let mut text = String::new();
        while !text.contains("data: {\"data\":{\"posted\":7}}\n\n") {
            let chunk = response.chunk().await.unwrap().expect("an event");
            text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    };
    world.until_posted(event).await;
}
