//! Compares a request with a recorded one and lists the differences.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;

use super::compare::differences;
use super::config::is_unstated;
use super::model::RecordedExchange;
use crate::document::Value;

/// A request as it arrived at the replay.
#[derive(Debug, Clone)]
pub(super) struct Arrived {
    pub(super) method: Method,
    /// The path below the base URL.
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// The differences between a request and the recorded one, one line each, the most important first; empty for a match.
pub(super) fn mismatches(exchange: &RecordedExchange, arrived: &Arrived) -> Vec<String> {
    let mut mismatches = Vec::new();
    if exchange.method != arrived.method {
        mismatches.push(format!(
            "method: recorded {}, sent {}",
            exchange.method, arrived.method
        ));
    }
    if !same_path(&exchange.path, &arrived.path) {
        mismatches.push(format!(
            "path: recorded {}, sent {}",
            exchange.path, arrived.path
        ));
    }
    query(&exchange.query, &arrived.query, &mut mismatches);
    for (name, expected) in &exchange.headers {
        let mut values = arrived.headers.get_all(name).iter();
        let same = |value: &http::HeaderValue| {
            value.as_bytes() == expected.as_bytes() || is_unstated(value.as_bytes())
        };
        if !values.any(same) {
            let sent: Vec<_> = arrived.headers.get_all(name).iter().collect();
            mismatches.push(match sent.first().and_then(|value| value.to_str().ok()) {
                Some(sent) => format!("header {name}: recorded `{expected}`, sent `{sent}`"),
                None => format!("header {name}: recorded `{expected}`, not sent"),
            });
        }
    }
    body(exchange, arrived, &mut mismatches);
    mismatches
}

/// Whether the segments of two paths are equal. A recorded path may have characters that the gateway percent-encodes.
fn same_path(one: &str, other: &str) -> bool {
    let segments = |path| {
        let segments = trimmed(path).split('/');
        segments.map(|segment| percent_decode_str(segment).collect::<Vec<u8>>())
    };
    segments(one).eq(segments(other))
}

/// A request to the base URL itself has an empty path; a spec writes it as `/`.
fn trimmed(path: &str) -> &str {
    if path == "/" { "" } else { path }
}

fn query(recorded: &[(String, String)], sent: &[(String, String)], mismatches: &mut Vec<String>) {
    let mut rest: Vec<_> = sent.iter().collect();
    for pair in recorded {
        let masked = |sent: &(String, String)| sent.0 == pair.0 && is_unstated(sent.1.as_bytes());
        match rest.iter().position(|sent| *sent == pair || masked(sent)) {
            Some(index) => {
                rest.swap_remove(index);
            }
            None => mismatches.push(format!("query {}={}: recorded, not sent", pair.0, pair.1)),
        }
    }
    for (key, value) in rest {
        mismatches.push(format!("query {key}={value}: sent, not recorded"));
    }
}

fn body(exchange: &RecordedExchange, arrived: &Arrived, mismatches: &mut Vec<String>) {
    let sent = arrived.body.trim_ascii();
    let Some(recorded) = &exchange.body else {
        if exchange.method != Method::GET && !sent.is_empty() {
            mismatches.push(format!("body: none is recorded, sent {}", text(sent)));
        }
        return;
    };
    let recorded = recorded.trim_ascii();
    if let (Ok(recorded), Ok(sent)) = (Value::parse_json(recorded), Value::parse_json(sent)) {
        let different = differences(&recorded, &sent);
        mismatches.extend(different.into_iter().map(|line| format!("body: {line}")));
        return;
    }
    let is_form = arrived.headers.get(CONTENT_TYPE).is_some_and(|value| {
        value
            .as_bytes()
            .starts_with(b"application/x-www-form-urlencoded")
    });
    let same = if is_form {
        pairs(recorded) == pairs(sent)
    } else {
        recorded == sent
    };
    if !same {
        mismatches.push(format!(
            "body: recorded {}, sent {}",
            text(recorded),
            text(sent)
        ));
    }
}

fn pairs(form: &[u8]) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = url::form_urlencoded::parse(form).into_owned().collect();
    pairs.sort();
    pairs
}

fn text(body: &[u8]) -> String {
    if body.is_empty() {
        return "none".to_owned();
    }
    format!("`{}`", String::from_utf8_lossy(body))
}
