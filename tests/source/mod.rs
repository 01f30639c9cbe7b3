//! The HTTP driver over sockets, alone and with the document cache; and a wire that only these tests have.

mod answers;
mod bulkhead;
mod caching;
mod closing;
mod connections;
mod dns;
mod pairs;

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use sangam::connector::{HttpRequest, Request};
use sangam::source::{CallOptions, UpstreamResponse};

fn get(url: &str) -> Request {
    Request::new(HttpRequest {
        url: url.to_owned(),
        ..HttpRequest::default()
    })
}

fn post(url: &str, body: &'static str) -> Request {
    Request::new(rendered(url, body))
}

fn rendered(url: &str, body: &'static str) -> HttpRequest {
    HttpRequest {
        method: Method::POST,
        url: url.to_owned(),
        body: Bytes::from_static(body.as_bytes()),
        ..HttpRequest::default()
    }
}

/// The content of a response: a string without quotes, anything else as JSON.
fn content(answer: &UpstreamResponse) -> String {
    let text = serde_json::from_slice(&answer.document);
    text.unwrap_or_else(|_| String::from_utf8_lossy(&answer.document).into_owned())
}

fn options(timeout: Duration, max_bytes: usize) -> CallOptions {
    CallOptions {
        timeout,
        max_bytes,
        ..CallOptions::default()
    }
}

const LONG: Duration = Duration::from_secs(30);
