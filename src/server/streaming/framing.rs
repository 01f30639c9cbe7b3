//! How payloads are written into the body of a response: as server-sent events or as parts.

use std::collections::VecDeque;

use bytes::{BufMut, Bytes, BytesMut};
use http::HeaderValue;
use memchr::memchr2;

use super::formats::Format;
use super::streams::{Reason, Transport};
use crate::errors::code;
use crate::gateway::IncrementalFormat;
use crate::server::refusal::HttpRefusal;

/// A payload up to this length is copied together with its frame; a longer one is sent as it is, and shared by all clients.
const COPIED: usize = 4 * 1024;

/// The delimiter of the parts of a subscription.
const GRAPHQL: &[u8] = b"\r\n--graphql";

/// The delimiter of the parts of one response.
const PARTS: &[u8] = b"\r\n---";

/// After a delimiter: the headers of a part.
const PART: &[u8] = b"\r\ncontent-type: application/json; charset=utf-8\r\n\r\n";

/// After a delimiter: no part follows.
const NO_PART: &[u8] = b"--\r\n";

impl Format {
    pub(super) fn transport(self) -> Transport {
        match self {
            Format::Events | Format::Answers => Transport::Sse,
            Format::Subscription | Format::Incremental(_) => Transport::Multipart,
        }
    }

    /// The media type of the response.
    pub(super) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Format::Events | Format::Answers => "text/event-stream; charset=utf-8",
            Format::Subscription => "multipart/mixed;boundary=graphql;subscriptionSpec=1.0",
            Format::Incremental(IncrementalFormat::V02) => {
                "multipart/mixed;boundary=\"-\";incrementalSpec=v0.2"
            }
            Format::Incremental(IncrementalFormat::DeferSpec2022) => {
                "multipart/mixed;boundary=\"-\";deferSpec=20220824"
            }
        })
    }

    fn delimiter(self) -> &'static [u8] {
        match self {
            Format::Events | Format::Answers => b"",
            Format::Subscription => GRAPHQL,
            Format::Incremental(_) => PARTS,
        }
    }

    /// What precedes all payloads.
    pub(super) fn begin(self, pieces: &mut VecDeque<Bytes>) {
        match self {
            Format::Events => {}
            // When a browser connects again that has lost its connection: not all at the same time.
            Format::Answers => {
                let milliseconds = rand::random_range(1_000..5_000);
                pieces.push_back(Bytes::from(format!("retry: {milliseconds}\n\n")));
            }
            _ => pieces.push_back(Bytes::from_static(self.delimiter())),
        }
    }

    /// A payload. A part has its delimiter behind it, by which the client knows that it is complete.
    pub(super) fn payload(self, body: Bytes, pieces: &mut VecDeque<Bytes>) {
        match self {
            Format::Events => {
                frame(
                    &[b"event: next\ndata: "],
                    one_line(body),
                    &[b"\n\n"],
                    pieces,
                );
            }
            Format::Answers => pieces.push_back(body),
            Format::Subscription => {
                frame(&[PART, b"{\"payload\":"], body, &[b"}", GRAPHQL], pieces);
            }
            Format::Incremental(_) => frame(&[PART], body, &[PARTS], pieces),
        }
    }

    /// What is sent if nothing else is; `None` if the format has none.
    pub(super) fn heartbeat(self) -> Option<Bytes> {
        match self {
            Format::Events | Format::Answers => Some(Bytes::from_static(b":\n\n")),
            Format::Subscription => Some(Bytes::from([PART, b"{}".as_slice(), GRAPHQL].concat())),
            Format::Incremental(_) => None,
        }
    }

    /// What follows the last payload.
    pub(super) fn complete(self, pieces: &mut VecDeque<Bytes>) {
        pieces.push_back(Bytes::from_static(match self {
            // `EventSource` connects again, and learns from the status if there is nothing to watch any more.
            Format::Answers => b"",
            Format::Events => b"event: complete\ndata:\n\n",
            Format::Subscription | Format::Incremental(_) => NO_PART,
        }));
    }

    /// What is sent of a stream that ends before its last payload. An event stream ends without `complete`, so that clients
    /// subscribe again.
    pub(super) fn cut(self, reason: Reason, pieces: &mut VecDeque<Bytes>) {
        let error = error(reason);
        match (self, error) {
            (Format::Events, Some(error)) if !is_orderly(reason) => {
                self.payload(error, pieces);
            }
            (Format::Subscription, Some(error)) => {
                // The errors of the transport stand beside a payload that is null.
                let errors = error.strip_prefix(b"{".as_slice()).unwrap_or_default();
                let parts = [PART, b"{\"payload\":null,", errors, GRAPHQL, NO_PART];
                pieces.push_back(Bytes::from(parts.concat()));
            }
            _ => {}
        }
    }
}

/// Whether a stream is ended without a fault of anyone.
fn is_orderly(reason: Reason) -> bool {
    matches!(reason, Reason::Lifetime | Reason::Stop)
}

/// The response with the error that says why a stream ends before its last payload.
pub(super) fn error(reason: Reason) -> Option<Bytes> {
    let refusal = match reason {
        Reason::Slow => HttpRefusal::of_stream(
            code::STREAM_SLOW,
            "The client did not take its events in time (streaming.queue)",
        ),
        Reason::Lifetime => HttpRefusal::of_stream(
            code::STREAM_ENDED,
            "The stream has reached its lifetime (streaming.lifetime)",
        ),
        Reason::Stop => HttpRefusal::of_stream(code::STREAM_ENDED, "The gateway stops"),
        Reason::Failed => HttpRefusal::internal(),
        Reason::Complete | Reason::Client | Reason::Gone | Reason::Protocol => return None,
    };
    Some(refusal.body())
}

/// An event of an event stream for several operations: a payload of one of them, or its end.
pub(super) fn single(id: &str, payload: Option<Bytes>, pieces: &mut VecDeque<Bytes>) {
    let id = serde_json::Value::from(id).to_string();
    match payload {
        Some(body) => {
            let before: [&[u8]; 3] = [
                b"event: next\ndata: {\"id\":",
                id.as_bytes(),
                b",\"payload\":",
            ];
            frame(&before, one_line(body), &[b"}\n\n"], pieces);
        }
        None => {
            let text = format!("event: complete\ndata: {{\"id\":{id}}}\n\n");
            pieces.push_back(Bytes::from(text));
        }
    }
}

/// A payload on one line: outside of strings, a line break in JSON is a blank, and inside there is none.
pub(in crate::server) fn one_line(body: Bytes) -> Bytes {
    if memchr2(b'\n', b'\r', &body).is_none() {
        return body;
    }
    let blank = |byte: &u8| {
        if matches!(byte, b'\n' | b'\r') {
            b' '
        } else {
            *byte
        }
    };
    body.iter().map(blank).collect()
}

/// A payload between texts.
pub(super) fn frame(before: &[&[u8]], body: Bytes, behind: &[&[u8]], pieces: &mut VecDeque<Bytes>) {
    let length = |texts: &[&[u8]]| texts.iter().map(|text| text.len()).sum::<usize>();
    let is_copied = body.len() <= COPIED;
    let room = length(before)
        + if is_copied {
            body.len() + length(behind)
        } else {
            0
        };
    let mut bytes = BytesMut::with_capacity(room);
    before.iter().for_each(|text| bytes.put_slice(text));
    if !is_copied {
        pieces.push_back(bytes.freeze());
        pieces.push_back(body);
        pieces.push_back(Bytes::from(behind.concat()));
        return;
    }
    bytes.put_slice(&body);
    behind.iter().for_each(|text| bytes.put_slice(text));
    pieces.push_back(bytes.freeze());
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn text(write: impl FnOnce(&mut VecDeque<Bytes>)) -> String {
        let mut pieces = VecDeque::new();
        write(&mut pieces);
        let bytes: Vec<u8> = pieces.into_iter().flatten().collect();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_payload_is_an_event_on_one_line() {
        let event = text(|pieces| {
            let body = Bytes::from_static(b"{\"data\":\r\n{\"a\":1}\n}");
            Format::Events.payload(body, pieces);
            Format::Events.complete(pieces);
        });
        assert_eq!(
            event,
            "event: next\ndata: {\"data\":  {\"a\":1} }\n\nevent: complete\ndata:\n\n"
        );
        let long = format!("{{\"data\":\"{}\"}}", "a".repeat(COPIED));
        let event = text(|pieces| Format::Events.payload(Bytes::from(long.clone()), pieces));
        assert_eq!(event, format!("event: next\ndata: {long}\n\n"));
    }

    #[test]
    fn parts_have_their_delimiter_behind_them() {
        let body = Bytes::from_static(b"{\"data\":1}");
        let parts = text(|pieces| {
            Format::Subscription.begin(pieces);
            Format::Subscription.payload(body.clone(), pieces);
            Format::Subscription.complete(pieces);
        });
        assert_eq!(
            parts,
            "\r\n--graphql\r\ncontent-type: application/json; charset=utf-8\r\n\r\n{\"payload\":{\"data\":1}}\r\n--graphql--\r\n"
        );
        let format = Format::Incremental(IncrementalFormat::V02);
        let parts = text(|pieces| {
            format.begin(pieces);
            format.payload(body, pieces);
            format.complete(pieces);
        });
        assert_eq!(
            parts,
            "\r\n---\r\ncontent-type: application/json; charset=utf-8\r\n\r\n{\"data\":1}\r\n-----\r\n"
        );
    }

    #[test]
    fn a_stream_that_is_cut_says_why() {
        assert_eq!(text(|pieces| Format::Events.cut(Reason::Stop, pieces)), "");
        let slow = text(|pieces| Format::Events.cut(Reason::Slow, pieces));
        assert!(
            slow.contains("STREAM_SLOW") && slow.starts_with("event: next\n"),
            "{slow}"
        );
        let stop = text(|pieces| Format::Subscription.cut(Reason::Stop, pieces));
        assert!(stop.contains("{\"payload\":null,\"errors\":[{"), "{stop}");
        assert!(stop.ends_with("}]}\r\n--graphql--\r\n"), "{stop}");
    }
}
