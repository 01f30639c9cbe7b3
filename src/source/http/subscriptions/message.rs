//! The JSON messages in which responses of GraphQL are wrapped.

use bytes::Bytes;

use crate::document::{JsonReader, Kind, ReadError, Reader};

/// The members of a message that the protocols use, as JSON texts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Message {
    /// `type`.
    pub(super) kind: Option<String>,
    /// `payload`; `None` if it is absent or null.
    pub(super) payload: Option<Bytes>,
    /// `errors`.
    pub(super) errors: Option<Bytes>,
    /// It has a member `payload`.
    pub(super) has_payload: bool,
    /// It has `data` or `errors` itself.
    pub(super) is_response: bool,
}

impl Message {
    /// Reads a message to its end.
    pub(super) fn read(text: &Bytes) -> Option<Message> {
        read(text).ok().flatten()
    }
}

fn read(text: &Bytes) -> Result<Option<Message>, ReadError> {
    let mut reader = JsonReader::new(text)?;
    if reader.peek()? != Kind::Object {
        return Ok(None);
    }
    let mut message = Message::default();
    reader.enter_object()?;
    while let Some(key) = reader.next_key()? {
        let key = key.as_str().to_owned();
        let kind = reader.peek()?;
        let span = reader.capture()?;
        let value = text.slice_ref(span.of(reader.text()));
        match key.as_str() {
            "type" => message.kind = serde_json::from_slice(&value).ok(),
            "payload" => {
                message.has_payload = true;
                message.payload = (kind != Kind::Null).then_some(value);
            }
            "errors" => {
                message.is_response = true;
                message.errors = Some(value);
            }
            "data" => message.is_response = true,
            _ => {}
        }
    }
    reader.finish()?;
    Ok(Some(message))
}

/// Whether a text is a response of GraphQL: an object with `data` or `errors`.
pub(super) fn is_response(text: &[u8]) -> bool {
    let text = Bytes::copy_from_slice(text);
    Message::read(&text).is_some_and(|message| message.is_response)
}

/// A response of GraphQL with these errors.
pub(super) fn with_errors(errors: &[u8]) -> Bytes {
    Bytes::from([b"{\"errors\":", errors, b"}"].concat())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn members() {
        let read = |text: &'static str| Message::read(&Bytes::from_static(text.as_bytes()));
        let message = read(r#"{"id":"1","type":"next","payload":{"data":{"a":1.10}}}"#).unwrap();
        assert_eq!(message.kind.as_deref(), Some("next"));
        assert_eq!(message.payload.unwrap(), r#"{"data":{"a":1.10}}"#);
        let message = read(r#"{"payload":null,"errors":[{}]}"#).unwrap();
        assert_eq!(
            (message.payload, message.errors.unwrap()),
            (None, Bytes::from("[{}]"))
        );
        for garbage in ["", "[]", "{", r#"{"a":1} {}"#, "null", "{\"a\":\u{1}}"] {
            assert_eq!(read(garbage), None);
        }
        assert!(is_response(br#"{"data":null}"#) && !is_response(br#"{"date":null}"#));
    }
}
