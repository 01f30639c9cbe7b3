//! The HTTP driver over real sockets, by itself and under the document cache.

mod answers;
mod bulkhead;
mod caching;
mod closing;
mod connections;
mod dns;

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use sangam::connector::Request;
use sangam::source::CallOptions;

fn get(target: &str) -> Request {
    Request {
        verb: Method::GET,
        target: target.to_owned(),
        headers: Vec::new(),
        body: Bytes::new(),
    }
}

fn post(target: &str, body: &'static str) -> Request {
    Request {
        verb: Method::POST,
        body: Bytes::from_static(body.as_bytes()),
        ..get(target)
    }
}

fn options(timeout: Duration, max_bytes: usize) -> CallOptions {
    CallOptions {
        timeout,
        max_bytes,
        ..CallOptions::default()
    }
}

const LONG: Duration = Duration::from_secs(30);
