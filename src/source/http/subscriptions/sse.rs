//! Server-sent events, as `graphql-sse` has them in its distinct connections mode: `next` with a response, and `complete`.

use bytes::{Buf, Bytes, BytesMut};
use futures_util::stream::{BoxStream, unfold};
use futures_util::{StreamExt, TryStreamExt};
use memchr::memchr;

use super::super::error::{from_reqwest, host_and_port};
use super::{Opening, broken, event, too_large};
use crate::source::{EventStream, SubscriptionLost};

impl Opening<'_> {
    pub(super) async fn server_sent_events(&self) -> Result<EventStream, SubscriptionLost> {
        let response = match self.post("text/event-stream").await {
            Ok(response) => response,
            Err(refused) => return refused,
        };
        let url = self.url.clone();
        let host = host_and_port(&url);
        let content = response
            .bytes_stream()
            .map_err(move |error| SubscriptionLost::for_now(from_reqwest(error, &url)));
        let stream = SseStream {
            content: content.boxed(),
            lines: Lines::new(self.max_bytes),
            host,
        };
        let events = unfold(Some(stream), |stream| async move {
            let mut stream = stream?;
            match stream.next().await {
                Ok(Some(response)) => Some((event(response, &stream.host), Some(stream))),
                Ok(None) => None,
                Err(lost) => Some((Err(lost), None)),
            }
        });
        Ok(events.boxed())
    }
}

struct SseStream {
    content: BoxStream<'static, Result<Bytes, SubscriptionLost>>,
    lines: Lines,
    host: String,
}

impl SseStream {
    /// The next response; `None` if the subscription is complete.
    async fn next(&mut self) -> Result<Option<Bytes>, SubscriptionLost> {
        loop {
            while let Some(event) = self.lines.next_event() {
                match event.name.as_str() {
                    "next" | "" if !event.data.is_empty() => return Ok(Some(event.data.freeze())),
                    "complete" => return Ok(None),
                    _ => {}
                }
            }
            if self.lines.is_too_long() {
                return Err(too_large(&self.host, self.lines.max_bytes));
            }
            match self.content.next().await {
                Some(part) => self.lines.push(&part?),
                None => return Err(broken(&self.host)),
            }
        }
    }
}

/// One event.
#[derive(Debug, Default, PartialEq, Eq)]
struct SseEvent {
    name: String,
    data: BytesMut,
}

/// Reads events from the parts of a stream (HTML Living Standard, section 9.2.6). A carriage return alone ends no line: servers
/// of GraphQL do not write it.
struct Lines {
    received: BytesMut,
    /// The event whose lines have not all arrived.
    begun: SseEvent,
    max_bytes: usize,
}

impl Lines {
    fn new(max_bytes: usize) -> Lines {
        Lines {
            received: BytesMut::new(),
            begun: SseEvent::default(),
            max_bytes,
        }
    }

    fn push(&mut self, part: &[u8]) {
        self.received.extend_from_slice(part);
    }

    /// Whether the event that has begun is longer than allowed.
    fn is_too_long(&self) -> bool {
        self.received.len() + self.begun.data.len() > self.max_bytes
    }

    /// The next event that has arrived.
    fn next_event(&mut self) -> Option<SseEvent> {
        while let Some(end) = memchr(b'\n', &self.received) {
            let line = self.received.split_to(end);
            self.received.advance(1);
            let line = line.strip_suffix(b"\r").unwrap_or(&line);
            if line.is_empty() {
                let event = std::mem::take(&mut self.begun);
                if event != SseEvent::default() {
                    return Some(event);
                }
                continue;
            }
            let (field, value) = match memchr(b':', line) {
                Some(colon) => (&line[..colon], &line[colon + 1..]),
                None => (line, &line[line.len()..]),
            };
            let value = value.strip_prefix(b" ").unwrap_or(value);
            match field {
                b"event" => self.begun.name = String::from_utf8_lossy(value).into_owned(),
                b"data" => {
                    if !self.begun.data.is_empty() {
                        self.begun.data.extend_from_slice(b"\n");
                    }
                    self.begun.data.extend_from_slice(value);
                }
                // Comments, ids and times.
                _ => {}
            }
            if self.begun.data.len() > self.max_bytes {
                return None;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(parts: &[&str]) -> Vec<(String, String)> {
        let mut lines = Lines::new(1_000);
        let mut events = Vec::new();
        for part in parts {
            lines.push(part.as_bytes());
            while let Some(SseEvent { name, data }) = lines.next_event() {
                events.push((name, String::from_utf8_lossy(&data).into_owned()));
            }
        }
        events
    }

    #[test]
    fn parts_are_joined_wherever_they_are_cut() {
        let text = ":\n\nevent: next\r\nid: 3\ndata: {\"a\":\ndata:1}\n\n\n:ping\n\nevent: complete\ndata:\n\n";
        let expected = [
            ("next".to_owned(), "{\"a\":\n1}".to_owned()),
            ("complete".to_owned(), String::new()),
        ];
        assert_eq!(events(&[text]), expected);
        for cut in 0..text.len() {
            assert_eq!(events(&[&text[..cut], &text[cut..]]), expected, "{cut}");
        }
        let single: Vec<String> = text.chars().map(String::from).collect();
        let single: Vec<&str> = single.iter().map(String::as_str).collect();
        assert_eq!(events(&single), expected);
    }

    #[test]
    fn a_line_that_never_ends_is_too_long() {
        let mut lines = Lines::new(10);
        lines.push(b"data: 12345678901");
        assert_eq!(lines.next_event(), None);
        assert!(lines.is_too_long());
        let mut lines = Lines::new(10);
        for _ in 0..4 {
            lines.push(b"data: 123\n");
            assert_eq!(lines.next_event(), None);
        }
        assert!(lines.is_too_long());
    }
}
