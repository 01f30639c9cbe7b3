//! Compresses responses with gzip for clients that accept it (RFC 9110, section 8.4).
//!
//! A payload is complete in memory before it is sent, so it is compressed in one piece. A cached response is compressed
//! once; the result is stored beside it and sent to every client that accepts gzip.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

use crate::gateway::{ContentCoding, Payload};
use crate::priority;

/// Shorter responses are not compressed: they fit into one packet.
const SHORTEST: usize = 1024;

/// Compressing this many bytes takes milliseconds, so the task moves to a thread of lower priority first.
const LONG: usize = 256 * 1024;

/// The content coding of a response, as it was negotiated with its client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Negotiated {
    /// The coding.
    pub(super) coding: ContentCoding,
    /// Other clients may get another coding.
    pub(super) varies: bool,
}

/// The coding of a body for a client with these headers.
pub(super) fn negotiate(enabled: bool, headers: &HeaderMap, body: &[u8]) -> Negotiated {
    let varies = enabled && body.len() > SHORTEST;
    let coding = match varies && is_accepted(headers) {
        true => ContentCoding::Gzip,
        false => ContentCoding::Identity,
    };
    Negotiated { coding, varies }
}

/// Whether the client accepts gzip by name, or anything (section 12.5.3).
fn is_accepted(headers: &HeaderMap) -> bool {
    let ranges = headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let (mut gzip, mut any) = (None, None);
    for range in ranges {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let wanted = !parts.any(is_never);
        if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            gzip = Some(wanted);
        } else if name == "*" {
            any = Some(wanted);
        }
    }
    gzip.or(any).unwrap_or(false)
}

/// `q=0`, with any number of zeros.
fn is_never(parameter: &str) -> bool {
    let quality = parameter
        .strip_prefix("q=")
        .or_else(|| parameter.strip_prefix("Q="));
    quality.is_some_and(|text| text.parse() == Ok(0.0))
}

/// The body in a coding: the one stored beside a cached response, or a new one. `None` when compression fails; the caller
/// then sends the body uncompressed.
pub(super) async fn body(payload: &Payload, coding: ContentCoding) -> Option<Bytes> {
    if coding == ContentCoding::Identity {
        return Some(payload.body.clone());
    }
    let kept = payload.memo.as_ref().map(|memo| memo.compressed(coding));
    if let Some(compressed) = kept.and_then(|cell| cell.get()) {
        return Some(compressed.clone());
    }
    if payload.body.len() >= LONG {
        priority::lower().await;
    }
    let made = gzip(&payload.body)?;
    Some(match kept {
        Some(cell) => cell.get_or_init(|| made).clone(),
        None => made,
    })
}

fn gzip(body: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_what_the_client_accepts() {
        let cases = [
            ("gzip", true),
            ("br, gzip;q=0.5", true),
            ("GZIP", true),
            ("*", true),
            ("deflate, *;q=0.1", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000, *", false),
            ("*;q=0", false),
            ("br", false),
            ("identity", false),
            ("", false),
        ];
        for (accept, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(accept));
            assert_eq!(is_accepted(&headers), expected, "{accept}");
        }
        assert!(!is_accepted(&HeaderMap::new()));
    }
}
