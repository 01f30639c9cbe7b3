//! The opening handshake of a WebSocket (RFC 6455, section 4.2), over HTTP/1.1.
//!
//! **Origins.** Browsers let a page of any origin open a WebSocket, and send the cookies of the gateway with the handshake. So
//! the gateway compares `Origin` itself: pages of its own origin and of those that the settings allow may open one, and only
//! the handshake of an origin for which `cors.credentials` is on keeps its cookies. Programs that are no browsers send no
//! `Origin`.
//!
//! An origin is a scheme, a host and a port (RFC 6454, section 4). A page that came without TLS is not of the gateway's origin
//! if this connection has TLS: others may have changed the page. Behind a proxy that ends TLS, only `X-Forwarded-Proto` says
//! so. That can be believed of any client, since it makes the check stricter.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CONNECTION, COOKIE, HOST, HeaderMap, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderName, HeaderValue, StatusCode, Version};

use super::super::streams::Streams;
use crate::server::refusal::HttpRefusal;
use crate::server::response::HttpResponse;

/// The protocol that is spoken.
const SUBPROTOCOL: &str = "graphql-transport-ws";

/// The scheme by which a client has reached a proxy.
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What follows the client's key in the text that is hashed (section 1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// An accepted handshake.
pub(super) struct Handshake {
    /// The response, without a body.
    pub(super) response: HttpResponse,
    /// Whether the client speaks the protocol. If not, the connection is closed with a code and a text, which the client
    /// can read: a refused handshake has neither in a browser.
    pub(super) is_acceptable: bool,
    /// Cookies may be used.
    pub(super) keeps_cookies: bool,
}

/// Whether the request is the opening handshake of a WebSocket.
pub(in crate::server::streaming) fn is_wanted(headers: &HeaderMap) -> bool {
    has_token(headers, &UPGRADE, "websocket")
}

/// Accepts or refuses a handshake.
pub(super) fn accept(
    streams: &Streams,
    version: Version,
    headers: &HeaderMap,
) -> Result<Handshake, HttpRefusal> {
    if version != Version::HTTP_11 || !has_token(headers, &CONNECTION, "upgrade") {
        return Err(HttpRefusal::handshake(
            "A WebSocket needs HTTP/1.1 and the header Connection: Upgrade",
        ));
    }
    if headers
        .get(SEC_WEBSOCKET_VERSION)
        .map(HeaderValue::as_bytes)
        != Some(b"13")
    {
        return Err(HttpRefusal::web_socket_version());
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes);
    let key = key.filter(|key| STANDARD.decode(key).is_ok_and(|key| key.len() == 16));
    let key = key.ok_or_else(|| {
        HttpRefusal::handshake("The header Sec-WebSocket-Key must be 16 bytes in Base64")
    })?;
    let keeps_cookies = check_origin(streams, headers)?;
    let mut response = HttpResponse::default();
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let answer = response.headers_mut();
    answer.insert(UPGRADE, HeaderValue::from_static("websocket"));
    answer.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    answer.insert(SEC_WEBSOCKET_ACCEPT, accepted(key));
    let is_acceptable = has_token(headers, &SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL);
    if is_acceptable {
        answer.insert(
            SEC_WEBSOCKET_PROTOCOL,
            HeaderValue::from_static(SUBPROTOCOL),
        );
    } else if let Some(other) = headers.get(SEC_WEBSOCKET_PROTOCOL) {
        // Without one of its protocols, a browser would fail before it reads why.
        let first = other.to_str().unwrap_or_default().split(',').next();
        if let Ok(first) = HeaderValue::from_str(first.unwrap_or_default().trim()) {
            answer.insert(SEC_WEBSOCKET_PROTOCOL, first);
        }
    }
    Ok(Handshake {
        response,
        is_acceptable,
        keeps_cookies,
    })
}

/// Removes from the headers of the handshake what operations must not use.
pub(super) fn of_operations(mut headers: HeaderMap, keeps_cookies: bool) -> HeaderMap {
    for name in [
        UPGRADE,
        CONNECTION,
        SEC_WEBSOCKET_KEY,
        SEC_WEBSOCKET_PROTOCOL,
        SEC_WEBSOCKET_VERSION,
    ] {
        headers.remove(name);
    }
    if !keeps_cookies {
        headers.remove(COOKIE);
    }
    headers
}

/// Refuses a page of a foreign origin. Returns whether cookies may be used.
fn check_origin(streams: &Streams, headers: &HeaderMap) -> Result<bool, HttpRefusal> {
    let mut origins = headers.get_all(ORIGIN).iter();
    let Some(origin) = origins.next() else {
        return Ok(true);
    };
    let is_own = is_own_origin(origin, headers, streams.tls);
    let allows = || {
        let mut allowed = streams.origins.iter();
        allowed.any(|allowed| allowed.allows(origin.as_bytes()))
    };
    match origins.next() {
        None if is_own => Ok(true),
        None if allows() => Ok(streams.credentials),
        _ => Err(HttpRefusal::origin()),
    }
}

/// Whether a page of an origin came from the gateway itself.
fn is_own_origin(origin: &HeaderValue, headers: &HeaderMap, tls: bool) -> bool {
    let text = origin.to_str().unwrap_or_default();
    let (Some((scheme, authority)), Some(host)) = (text.split_once("://"), headers.get(HOST))
    else {
        return false;
    };
    let is_secure = tls || has_token(headers, &FORWARDED_PROTO, "https");
    let is_own_host = authority.as_bytes().eq_ignore_ascii_case(host.as_bytes());
    is_own_host && (!is_secure || scheme.eq_ignore_ascii_case("https"))
}

/// `Sec-WebSocket-Accept`: the hash proves that the server has read the handshake.
fn accepted(key: &[u8]) -> HeaderValue {
    let mut hash = ring::digest::Context::new(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY);
    hash.update(key);
    hash.update(GUID);
    let text = STANDARD.encode(hash.finish());
    // Base64 is a valid value.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

/// Whether a header that is a list has this element, in any case.
fn has_token(headers: &HeaderMap, name: &http::HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter();
    let mut tokens = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    tokens.any(|one| one.trim().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_without_tls_is_another_one_if_the_connection_has_tls() {
        for (origin, forwarded, tls, is_own) in [
            ("https://gateway.example", None, true, true),
            ("https://gateway.example", None, false, true),
            ("http://gateway.example", None, false, true),
            ("http://gateway.example", None, true, false),
            ("http://gateway.example", Some("https"), false, false),
            ("http://gateway.example", Some("http"), false, true),
            ("https://gateway.example", Some("https"), false, true),
            ("https://gateway.example", Some("http"), true, true),
            ("https://gateway.example:8443", None, true, false),
            ("gateway.example", None, false, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("gateway.example"));
            let forwarded = forwarded.map(HeaderValue::from_static);
            headers.extend(forwarded.map(|proto| (FORWARDED_PROTO, proto)));
            let found = is_own_origin(&HeaderValue::from_static(origin), &headers, tls);
            assert_eq!(found, is_own, "{origin} {headers:?} {tls}");
        }
    }

    #[test]
    fn the_key_is_hashed_as_in_the_specification() {
        assert_eq!(
            accepted(b"dGhlIHNhbXBsZSBub25jZQ=="),
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
    }
}
