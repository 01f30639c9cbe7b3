//! WebSocket with the protocol `graphql-transport-ws`: one connection with one subscription.
//!
//! The HTTP client opens the connection, with its TLS, proxies and resolver; `tungstenite` reads and writes the frames.

use std::time::Duration;

use ::http::header::{
    ACCEPT, CONNECTION, CONTENT_TYPE, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use ::http::{Method, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream::unfold;
use futures_util::{SinkExt, StreamExt};
use reqwest::Upgraded;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message as Frame};

use super::super::error::{from_reqwest, host_and_port};
use super::super::headers;
use super::message::{Message, with_errors};
use super::{Opening, broken, event, garbage, of_status, too_large};
use crate::source::{CallOptions, EventStream, SourceError, SourceErrorKind, SubscriptionLost};

const PROTOCOL: HeaderValue = HeaderValue::from_static("graphql-transport-ws");

/// What the accepting server adds to the key (RFC 6455, section 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// After so long without a frame, a ping is sent; after twice as long, the connection is lost.
const SILENCE: Duration = Duration::from_secs(30);

/// The frames around a message, and what is not its payload.
const FRAMING: usize = 1_024;

impl Opening<'_> {
    pub(super) async fn web_socket(&self) -> Result<EventStream, SubscriptionLost> {
        let upgraded = self.upgraded().await?;
        let longest = Some(self.max_bytes.saturating_add(FRAMING));
        let config = WebSocketConfig::default()
            .max_message_size(longest)
            .max_frame_size(longest);
        let socket = WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await;
        let mut socket = Socket {
            socket,
            host: host_and_port(&self.url),
            max_bytes: self.max_bytes,
            is_complete: false,
        };
        socket
            .send("{\"type\":\"connection_init\"}".to_owned())
            .await?;
        loop {
            match socket.message().await? {
                (kind, _) if kind == "connection_ack" => break,
                (kind, payload) => socket.beside(&kind, payload).await?,
            }
        }
        let payload = String::from_utf8_lossy(&self.request.body);
        let subscribe = format!("{{\"id\":\"1\",\"type\":\"subscribe\",\"payload\":{payload}}}");
        socket.send(subscribe).await?;
        let events = unfold(Some(socket), |socket| async move {
            let mut socket = socket?;
            if socket.is_complete {
                return None;
            }
            match socket.next().await {
                Ok(Some(response)) => Some((event(response, &socket.host), Some(socket))),
                Ok(None) => None,
                Err(lost) => Some((Err(lost), None)),
            }
        });
        Ok(events.boxed())
    }

    /// The connection, after the service has accepted the upgrade (RFC 6455, section 4.1).
    async fn upgraded(&self) -> Result<Upgraded, SubscriptionLost> {
        let key = STANDARD.encode(rand::random::<[u8; 16]>());
        let mut sent = headers(self.request, &CallOptions::default(), None);
        sent.remove(CONTENT_TYPE);
        sent.remove(ACCEPT);
        sent.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        sent.insert(UPGRADE, HeaderValue::from_static("websocket"));
        sent.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        sent.insert(SEC_WEBSOCKET_PROTOCOL, PROTOCOL);
        if let Ok(key) = HeaderValue::from_str(&key) {
            sent.insert(SEC_WEBSOCKET_KEY, key);
        }
        let builder = self.client.request(Method::GET, self.url.clone());
        let response = builder.headers(sent).send().await;
        let response = response.map_err(|error| self.lost(error))?;
        let host = host_and_port(&self.url);
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(of_status(response.status(), &host));
        }
        let accept = digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{GUID}").as_bytes());
        let accept = STANDARD.encode(accept);
        let is = |name, value: &[u8]| {
            let header: Option<&HeaderValue> = response.headers().get(name);
            header.is_some_and(|header| header.as_bytes() == value)
        };
        if !is(SEC_WEBSOCKET_ACCEPT, accept.as_bytes()) {
            return Err(garbage(
                &host,
                "the WebSocket was accepted for another request",
            ));
        }
        if !is(SEC_WEBSOCKET_PROTOCOL, PROTOCOL.as_bytes()) {
            return Err(garbage(
                &host,
                "the service does not speak graphql-transport-ws",
            ));
        }
        let upgraded = response.upgrade().await;
        upgraded.map_err(|error| SubscriptionLost::for_now(from_reqwest(error, &self.url)))
    }
}

struct Socket {
    socket: WebSocketStream<Upgraded>,
    host: String,
    max_bytes: usize,
    /// No message follows.
    is_complete: bool,
}

impl Socket {
    /// The next response; `None` if the subscription is complete.
    async fn next(&mut self) -> Result<Option<Bytes>, SubscriptionLost> {
        loop {
            let (kind, payload) = self.message().await?;
            match (kind.as_str(), payload) {
                ("next", Some(response)) => return Ok(Some(response)),
                ("error", Some(errors)) => {
                    self.is_complete = true;
                    return Ok(Some(with_errors(&errors)));
                }
                ("complete", _) => return Ok(None),
                (kind, payload) => self.beside(kind, payload).await?,
            }
        }
    }

    /// A message that is not about the subscription.
    async fn beside(&mut self, kind: &str, payload: Option<Bytes>) -> Result<(), SubscriptionLost> {
        match kind {
            "ping" => {
                let payload = payload.map(|payload| String::from_utf8_lossy(&payload).into_owned());
                let payload = payload.map_or_else(String::new, |it| format!(",\"payload\":{it}"));
                self.send(format!("{{\"type\":\"pong\"{payload}}}")).await
            }
            "pong" => Ok(()),
            _ => Err(garbage(
                &self.host,
                "a message of a type that graphql-transport-ws does not have here",
            )),
        }
    }

    /// The type and the payload of the next message.
    async fn message(&mut self) -> Result<(String, Option<Bytes>), SubscriptionLost> {
        loop {
            match self.frame().await? {
                Frame::Text(text) => {
                    let message = Message::read(&Bytes::from(text));
                    let kind = message.and_then(|message| Some((message.kind?, message.payload)));
                    return kind.ok_or_else(|| {
                        garbage(&self.host, "a message is no JSON object with a type")
                    });
                }
                Frame::Binary(_) => return Err(garbage(&self.host, "a binary message")),
                Frame::Close(frame) => return Err(self.closed(frame)),
                // `tungstenite` responds to pings.
                Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_) => {}
            }
        }
    }

    async fn frame(&mut self) -> Result<Frame, SubscriptionLost> {
        let mut asked = false;
        loop {
            match timeout(SILENCE, self.socket.next()).await {
                Ok(Some(Ok(frame))) => return Ok(frame),
                Ok(Some(Err(error))) => return Err(self.lost(&error)),
                Ok(None) => return Err(broken(&self.host)),
                Err(_) if asked => {
                    let detail = format!("{}: a WebSocket is silent", self.host);
                    let error = SourceError::new(SourceErrorKind::Timeout, detail);
                    return Err(SubscriptionLost::for_now(error));
                }
                Err(_) => {
                    asked = true;
                    let sent = self.socket.send(Frame::Ping(Bytes::new())).await;
                    sent.map_err(|error| self.lost(&error))?;
                }
            }
        }
    }

    async fn send(&mut self, text: String) -> Result<(), SubscriptionLost> {
        let sent = self.socket.send(Frame::text(text)).await;
        sent.map_err(|error| self.lost(&error))
    }

    /// Codes from 4400 are those of `graphql-transport-ws`: most say that the client or its request is at fault.
    fn closed(&self, frame: Option<CloseFrame>) -> SubscriptionLost {
        let Some(frame) = frame else {
            return broken(&self.host);
        };
        let code = u16::from(frame.code);
        let detail = format!("{}: the service closed a WebSocket with {code}", self.host);
        match code {
            // Timeouts and too many requests.
            4408 | 4429 => {
                SubscriptionLost::for_now(SourceError::new(SourceErrorKind::Unreachable, detail))
            }
            4400..=4499 => SubscriptionLost::finally(SourceErrorKind::BadAnswer, detail),
            1002 | 1003 | 1007..=1010 => {
                SubscriptionLost::finally(SourceErrorKind::BadAnswer, detail)
            }
            _ => SubscriptionLost::for_now(SourceError::new(SourceErrorKind::Unreachable, detail)),
        }
    }

    fn lost(&self, error: &Error) -> SubscriptionLost {
        match error {
            Error::Capacity(_) => too_large(&self.host, self.max_bytes),
            Error::Protocol(
                tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
            ) => broken(&self.host),
            Error::Protocol(_) | Error::Utf8(_) => {
                garbage(&self.host, "frames of a WebSocket cannot be read")
            }
            _ => broken(&self.host),
        }
    }
}
