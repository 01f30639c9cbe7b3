//! The messages of the protocol `graphql-transport-ws`.

use bytes::{BufMut, Bytes, BytesMut};

use super::super::framing::one_line;
use super::close::Close;
use crate::document::{JsonReader, Kind, ReadError, Reader, Scalar, Value, ValueSpan, unescape};
use crate::gateway::GraphqlRequest;
use crate::server::refusal::HttpRefusal;
use crate::server::request::{self, Posted};

/// The answer to `connection_init`.
pub(super) const ACKNOWLEDGED: Bytes = Bytes::from_static(b"{\"type\":\"connection_ack\"}");

/// A message of a client.
#[derive(Debug)]
pub(super) enum ClientMessage {
    /// `connection_init`, with its payload.
    Init(Option<Value>),
    /// `ping`, with the message that answers it.
    Ping(Bytes),
    /// `pong`.
    Pong,
    /// `subscribe`: an operation of any kind. In error, the payload has the form of the protocol, and is no request of this
    /// gateway.
    Subscribe(String, Result<Box<GraphqlRequest>, Box<HttpRefusal>>),
    /// `complete`: the client ends an operation.
    Complete(String),
}

/// The members of a message.
#[derive(Default)]
struct Members {
    kind: Option<String>,
    id: Option<String>,
    payload: Option<ValueSpan>,
}

impl ClientMessage {
    /// Reads a message.
    pub(super) fn read(text: &str) -> Result<ClientMessage, Close> {
        let members = Members::read(text);
        let members = members.map_err(|_| Close::invalid("The message is not a JSON object"))?;
        let kind = members.kind.as_deref();
        let kind = kind.ok_or_else(|| Close::invalid("The message has no `type`"))?;
        let payload = members.payload.map(|span| &text[span.range()]);
        let payload = payload.filter(|payload| *payload != "null");
        if matches!(kind, "connection_init" | "ping" | "pong")
            && payload.is_some_and(|payload| !payload.starts_with('{'))
        {
            return Err(Close::invalid("`payload` must be an object"));
        }
        let id = || match &members.id {
            Some(id) if !id.is_empty() => Ok(id.clone()),
            _ => Err(Close::invalid("The message has no `id`")),
        };
        Ok(match kind {
            "connection_init" => {
                let payload = payload.map(|payload| Value::parse_json(payload.as_bytes()));
                let payload = payload.transpose();
                let payload = payload.map_err(|_| Close::invalid("`payload` is not JSON"));
                ClientMessage::Init(payload?)
            }
            "ping" => ClientMessage::Ping(match payload {
                Some(payload) => format!("{{\"type\":\"pong\",\"payload\":{payload}}}").into(),
                None => Bytes::from_static(b"{\"type\":\"pong\"}"),
            }),
            "pong" => ClientMessage::Pong,
            "subscribe" => {
                let id = id()?;
                let payload = payload.unwrap_or_default();
                match request::from_json(payload.as_bytes(), 0) {
                    Ok(Posted::One(request)) => ClientMessage::Subscribe(id, Ok(Box::new(request))),
                    Ok(Posted::Batch(_)) => {
                        return Err(Close::invalid("`payload` must be an object"));
                    }
                    Err(refusal) if has_form(payload).unwrap_or(false) => {
                        ClientMessage::Subscribe(id, Err(Box::new(refusal)))
                    }
                    Err(refusal) => return Err(Close::invalid(refusal.message)),
                }
            }
            "complete" => ClientMessage::Complete(id()?),
            _ => return Err(Close::invalid("The message has an unknown `type`")),
        })
    }
}

impl Members {
    fn read(text: &str) -> Result<Members, ReadError> {
        let mut members = Members::default();
        let mut reader = JsonReader::over(text)?;
        reader.enter_object()?;
        while let Some(key) = reader.next_key()? {
            match key.as_str() {
                "type" => members.kind = string(&mut reader)?,
                "id" => members.id = string(&mut reader)?,
                "payload" => members.payload = Some(reader.capture()?),
                _ => reader.skip()?,
            }
        }
        reader.finish()?;
        Ok(members)
    }
}

/// Whether the payload of `subscribe` has the form that the protocol gives it: what else is in it is between the client and the
/// gateway. The text may be left out beside an id of it.
fn has_form(payload: &str) -> Result<bool, ReadError> {
    let mut reader = JsonReader::over(payload)?;
    reader.enter_object()?;
    let (mut has_text, mut fits) = (false, true);
    while let Some(key) = reader.next_key()? {
        let kind = reader.peek()?;
        match key.as_str() {
            "query" => {
                has_text = true;
                fits &= kind == Kind::String;
            }
            "documentId" => has_text = true,
            "operationName" => fits &= matches!(kind, Kind::String | Kind::Null),
            "variables" | "extensions" => fits &= matches!(kind, Kind::Object | Kind::Null),
            _ => {}
        }
        reader.skip()?;
    }
    Ok(has_text && fits)
}

/// A string, or `None` for another value.
fn string(reader: &mut JsonReader<'_>) -> Result<Option<String>, ReadError> {
    if reader.peek()? != Kind::String {
        reader.skip()?;
        return Ok(None);
    }
    match reader.scalar()? {
        Scalar::String(span) => Ok(Some(unescape(reader.slice(span)).into_owned())),
        _ => Ok(None),
    }
}

/// A payload of an operation.
pub(super) fn next(id: &str, body: Bytes) -> Bytes {
    message(id, "next", &one_line(body))
}

/// The errors of an operation that was refused.
pub(super) fn error(id: &str, body: &Bytes) -> Bytes {
    let errors = errors(body).unwrap_or(b"[{\"message\":\"The operation was refused\"}]");
    message(id, "error", errors)
}

/// An operation has ended.
pub(super) fn complete(id: &str) -> Bytes {
    message(id, "complete", b"")
}

fn message(id: &str, kind: &str, payload: &[u8]) -> Bytes {
    let id = serde_json::Value::from(id).to_string();
    let mut bytes = BytesMut::with_capacity(id.len() + payload.len() + 48);
    for text in ["{\"id\":", &id, ",\"type\":\"", kind, "\""] {
        bytes.put_slice(text.as_bytes());
    }
    if !payload.is_empty() {
        bytes.put_slice(b",\"payload\":");
        bytes.put_slice(payload);
    }
    bytes.put_slice(b"}");
    bytes.freeze()
}

/// The list `errors` of a response.
fn errors(body: &[u8]) -> Option<&[u8]> {
    let mut reader = JsonReader::new(body).ok()?;
    reader.enter_object().ok()?;
    while let Some(key) = reader.next_key().ok()? {
        if key.as_str() == "errors" {
            return Some(reader.capture().ok()?.of(body));
        }
        reader.skip().ok()?;
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn reads_what_clients_send() {
        let read = |text| format!("{:?}", ClientMessage::read(text).unwrap());
        assert_eq!(read("{\"type\":\"connection_init\"}"), "Init(None)");
        assert_eq!(
            read("{\"type\":\"connection_init\",\"payload\":null}"),
            "Init(None)"
        );
        assert_eq!(read("{\"type\":\"pong\",\"payload\":{}}"), "Pong");
        assert_eq!(
            read("{\"payload\":{\"a\":[1]},\"type\":\"ping\"}"),
            "Ping(b\"{\\\"type\\\":\\\"pong\\\",\\\"payload\\\":{\\\"a\\\":[1]}}\")"
        );
        assert_eq!(
            read("{\"id\":\"\\u0031\",\"type\":\"complete\"}"),
            "Complete(\"1\")"
        );
        let subscribe = "{\"id\":\"1\",\"type\":\"subscribe\",\"payload\":{\"query\":\"{a}\",\"variables\":{\"b\":1.0}}}";
        let Ok(ClientMessage::Subscribe(id, Ok(request))) = ClientMessage::read(subscribe) else {
            unreachable!()
        };
        assert_eq!((id.as_str(), request.query.as_deref()), ("1", Some("{a}")));
    }

    #[test]
    fn says_what_is_wrong_with_a_message() {
        for (text, why) in [
            ("", "The message is not a JSON object"),
            ("[]", "The message is not a JSON object"),
            ("{\"type\":\"ping\"} {}", "The message is not a JSON object"),
            ("{}", "The message has no `type`"),
            ("{\"type\":1}", "The message has no `type`"),
            ("{\"type\":\"start\"}", "The message has an unknown `type`"),
            (
                "{\"type\":\"connection_init\",\"payload\":[]}",
                "`payload` must be an object",
            ),
            (
                "{\"type\":\"ping\",\"payload\":1}",
                "`payload` must be an object",
            ),
            ("{\"type\":\"complete\"}", "The message has no `id`"),
            (
                "{\"type\":\"complete\",\"id\":1}",
                "The message has no `id`",
            ),
            (
                "{\"type\":\"subscribe\",\"id\":\"\"}",
                "The message has no `id`",
            ),
            (
                "{\"type\":\"subscribe\",\"id\":\"1\"}",
                "The request has no body; send {\"query\": \"…\"}",
            ),
            (
                "{\"type\":\"subscribe\",\"id\":\"1\",\"payload\":{\"query\":1}}",
                "`query` must be a string",
            ),
        ] {
            let close = ClientMessage::read(text).unwrap_err();
            assert_eq!(close.code, 4400, "{text}");
            assert_eq!(close.frame().reason.as_str(), why, "{text}");
        }
    }

    #[test]
    fn a_payload_in_the_form_of_the_protocol_closes_nothing() {
        for (payload, why) in [
            (
                "{\"query\":\"{a}\",\"onError\":\"ABORT\"}",
                "`onError` must be \"NULL\", \"PROPAGATE\" or \"HALT\"",
            ),
            (
                "{\"query\":\"{a}\",\"variables\":null,\"onError\":[]}",
                "`onError` must be \"NULL\", \"PROPAGATE\" or \"HALT\"",
            ),
            (
                "{\"documentId\":5}",
                "`documentId` must be a string or null",
            ),
        ] {
            let text = format!("{{\"type\":\"subscribe\",\"id\":\"1\",\"payload\":{payload}}}");
            let Ok(ClientMessage::Subscribe(_, Err(refusal))) = ClientMessage::read(&text) else {
                unreachable!("{payload}")
            };
            assert_eq!(refusal.message, why, "{payload}");
        }
        let wrong = "{\"type\":\"subscribe\",\"id\":\"1\",\"payload\":{\"query\":\"{a}\",\"variables\":[],\"onError\":\"x\"}}";
        assert_eq!(ClientMessage::read(wrong).unwrap_err().code, 4400);
    }

    #[test]
    fn writes_what_clients_read() {
        let body = Bytes::from_static(b"{\"errors\":[{\"message\":\"no\"}],\n\"data\":null}");
        assert_eq!(
            next("a\"b", body.clone()),
            "{\"id\":\"a\\\"b\",\"type\":\"next\",\"payload\":{\"errors\":[{\"message\":\"no\"}], \"data\":null}}"
        );
        assert_eq!(
            error("1", &body),
            "{\"id\":\"1\",\"type\":\"error\",\"payload\":[{\"message\":\"no\"}]}"
        );
        assert_eq!(complete("1"), "{\"id\":\"1\",\"type\":\"complete\"}");
    }
}
