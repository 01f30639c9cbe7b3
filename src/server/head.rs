//! Checks the head of every request: its length, and the host that it names.

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, Uri, Version};

use super::refusal::HttpRefusal;
use crate::config::Limits;

/// Checks a head.
pub(super) fn check(
    version: Version,
    uri: &Uri,
    headers: &HeaderMap,
    limits: &Limits,
) -> Result<(), HttpRefusal> {
    let target = uri
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    if target > limits.uri_bytes.0 {
        return Err(HttpRefusal::long_uri(limits.uri_bytes.0));
    }
    let fields = headers.iter();
    let bytes: usize = fields
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if bytes > limits.head_bytes.0 {
        return Err(HttpRefusal::long_head(limits.head_bytes.0));
    }
    host(version, uri, headers)
}

/// Checks that a request names exactly one host (RFC 9112, section 3.2; RFC 9113, section 8.3.1). With two hosts, a proxy
/// and the gateway could each use a different one.
fn host(version: Version, uri: &Uri, headers: &HeaderMap) -> Result<(), HttpRefusal> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err(HttpRefusal::malformed(
            "The request has several Host headers",
        ));
    }
    match host {
        Some(host) => {
            let named = host.to_str().ok().filter(|host| is_host(host));
            let Some(named) = named else {
                return Err(HttpRefusal::malformed("The Host header is not a host"));
            };
            let other = uri
                .authority()
                .is_some_and(|authority| !authority.as_str().eq_ignore_ascii_case(named));
            if other && version >= Version::HTTP_2 {
                return Err(HttpRefusal::malformed(
                    "The Host header and :authority name different hosts",
                ));
            }
            Ok(())
        }
        None if version == Version::HTTP_11 => {
            Err(HttpRefusal::malformed("The request has no Host header"))
        }
        None if version >= Version::HTTP_2 && uri.authority().is_none() => Err(
            HttpRefusal::malformed("The request has neither :authority nor a Host header"),
        ),
        None => Ok(()),
    }
}

/// `uri-host [ ":" port ]`, or empty, which a client sends when its target has no host.
fn is_host(text: &str) -> bool {
    is_plain_host(text) || (text.parse::<Authority>().is_ok() && !text.contains('@'))
}

/// Whether the text is a plain name or an IPv4 address, with an optional port. Nearly every request has one, and this
/// check does not allocate, as the parser does.
fn is_plain_host(text: &str) -> bool {
    let (name, port) = text.split_once(':').unwrap_or((text, "0"));
    let in_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    text.is_empty() || (!name.is_empty() && name.bytes().all(in_name) && is_port)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_host_is_one_by_the_parser_too() {
        for text in ["a", "a:80", "127.0.0.1:4000", "a-b.example", "a_b:1"] {
            assert!(is_plain_host(text), "{text}");
            let parsed: Authority = text.parse().unwrap();
            assert_eq!(parsed.as_str(), text);
        }
        for text in [
            ":80", "a:", "a:b", "a:1:2", "a/b", "[::1]:80", "u@a", "a, b",
        ] {
            assert!(!is_plain_host(text), "{text}");
        }
    }
}
