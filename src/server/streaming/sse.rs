//! Responses that stream over HTTP: their heads. Named operations that are watched use [`answers`].

use std::collections::VecDeque;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, VARY};
use http::{HeaderName, HeaderValue};

use super::body::{body, single_body};
use super::formats::Format;
use super::single::SingleStream;
use super::streams::OpenStream;
use crate::gateway::{Payload, Payloads};
use crate::server::response::HttpResponse;
use crate::server::response_body::Streamed;

/// Tells nginx, and proxies that know its headers, not to collect a response before they pass it on.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// An event stream of payloads that are the texts of events. `open` comes from [`Streams::open`](super::Streams::open), and counts the stream until its body has been sent or its client
/// has left.
pub(in crate::server) fn answers(events: Payloads, open: OpenStream) -> HttpResponse {
    let mut response = streamed(Format::Answers, None, events, open);
    // The path decides the format.
    response.headers_mut().remove(VARY);
    response
}

/// A response in this format; `first` was taken from the payloads.
pub(super) fn streamed(
    format: Format,
    first: Option<Payload>,
    payloads: Payloads,
    open: OpenStream,
) -> HttpResponse {
    let mut response = head(format.content_type());
    let body = body(format, first, payloads, open);
    response.extensions_mut().insert(Streamed::events(body));
    response
}

/// An event stream for several operations.
pub(super) fn single(stream: SingleStream, open: OpenStream) -> HttpResponse {
    let mut response = head(Format::Events.content_type());
    let body = single_body(stream, open);
    response.extensions_mut().insert(Streamed::events(body));
    response
}

/// A response with one payload in this format.
pub(super) fn whole(format: Format, payload: Bytes) -> HttpResponse {
    let mut pieces = VecDeque::new();
    format.begin(&mut pieces);
    format.payload(payload, &mut pieces);
    format.complete(&mut pieces);
    let mut response = head(format.content_type());
    let bytes: Vec<u8> = pieces.into_iter().flatten().collect();
    *response.body_mut() = Bytes::from(bytes);
    response
}

/// The head of a response that streams.
pub(super) fn head(content_type: HeaderValue) -> HttpResponse {
    let mut response = HttpResponse::default();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (VARY, "accept"),
        (BUFFERING, "no"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
