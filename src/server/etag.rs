//! Entity tags and conditional requests (RFC 9110, sections 8.8.3 and 13): a client or a cache that has a response sends its
//! tag with `If-None-Match`, and gets 304 without a body if the response is still the same.
//!
//! The tag is a hash of the body, so replicas and restarts of the gateway agree on it. It is strong: the representation of
//! each content coding has its own tag (`"…"`, `"…-gzip"`), as their bytes differ. The tags of a cached response are
//! computed once and stored beside it.
//!
//! A workbook has a weak tag, of what it is made of: no two of them have the same bytes, because the time of the data is in
//! it. So the tag is known before the workbook is made.
//!
//! Responses with `no-store` have no tag. No cache may hold such a response (RFC 9111, section 5.2.2.5), so nothing would be
//! validated with the tag, and each of these responses would have to be hashed. Neither have responses to `POST`, which
//! select no representation.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::response::HttpResponse;
use crate::gateway::{ContentCoding, Payload};

/// The tags of one body, by content coding.
pub(super) type EntityTags = [HeaderValue; ContentCoding::ALL.len()];

/// Bytes of the hash in a tag: two of 2^64 bodies may have the same.
const HASH_BYTES: usize = 16;

/// The tag of a payload in a content coding.
pub(super) fn of(payload: &Payload, coding: ContentCoding) -> HeaderValue {
    match &payload.memo {
        Some(memo) => {
            let tags = memo.tags.get_or_init(|| Box::new(tags(&payload.body)));
            tags[coding.index()].clone()
        }
        None => tags(&payload.body)[coding.index()].clone(),
    }
}

/// The tags of a body. They share one allocation.
pub(super) fn tags(body: &[u8]) -> EntityTags {
    let hash = blake3::hash(body);
    let hash = URL_SAFE_NO_PAD.encode(&hash.as_bytes()[..HASH_BYTES]);
    let mut text = String::with_capacity(ContentCoding::ALL.len() * (hash.len() + 8));
    let ends = ContentCoding::ALL.map(|coding| {
        text.push('"');
        text.push_str(&hash);
        if let Some(name) = coding.name() {
            text.push('-');
            text.push_str(name);
        }
        text.push('"');
        text.len()
    });
    let text = Bytes::from(text);
    let mut start = 0;
    ends.map(|end| {
        let tag = text.slice(start..end);
        start = end;
        // The characters of base64 and of names are valid. If one were not, an empty tag would equal no other.
        HeaderValue::from_maybe_shared(tag).unwrap_or(HeaderValue::from_static("\"\""))
    })
}

/// A weak tag of what a response is made of.
pub(super) fn weak(parts: &[&[u8]]) -> HeaderValue {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        // With their lengths, so that no other division of the same bytes has the same hash.
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let hash = URL_SAFE_NO_PAD.encode(&hasher.finalize().as_bytes()[..HASH_BYTES]);
    HeaderValue::try_from(format!("W/\"{hash}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Adds a tag, if the response gets one.
pub(super) fn add(response: &mut HttpResponse, tag: &HeaderValue) {
    if is_for(response) {
        response.headers_mut().insert(ETAG, tag.clone());
    }
}

/// Whether a response gets a tag: it is executed, and may be stored.
pub(super) fn is_for(response: &HttpResponse) -> bool {
    let policy = response.headers().get(CACHE_CONTROL);
    response.status() == StatusCode::OK && policy.is_some_and(|policy| policy != "no-store")
}

/// Whether the precondition of a `GET` or `HEAD` is false: the client has this response (RFC 9110, section 13.1.2). Only
/// for responses whose status would be 200 otherwise. A list that is malformed matches with what precedes the error.
pub(super) fn is_not_modified(request: &HeaderMap, response: &HttpResponse) -> bool {
    if response.status() != StatusCode::OK {
        return false;
    }
    let own = response.headers().get(ETAG).map(HeaderValue::as_bytes);
    let own = own.map(|own| own.strip_prefix(b"W/").unwrap_or(own));
    let mut fields = request.get_all(IF_NONE_MATCH).iter();
    fields.any(|field| {
        let list = field.as_bytes().trim_ascii();
        // `*` matches any current representation, also one without a tag.
        list == b"*" || OpaqueTags(list).any(|tag| own == Some(tag))
    })
}

/// Makes a 304 of a response: it keeps the headers that tell caches about the stored response, and loses its body and what
/// describes that (RFC 9110, section 15.4.5).
pub(super) fn not_modified(mut response: HttpResponse) -> HttpResponse {
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response.headers_mut().remove(CONTENT_TYPE);
    response.headers_mut().remove(CONTENT_ENCODING);
    *response.body_mut() = Bytes::new();
    response
}

/// The tags of a list, without `W/`: `If-None-Match` uses the weak comparison. A tag may contain commas.
struct OpaqueTags<'a>(&'a [u8]);

impl<'a> Iterator for OpaqueTags<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let begin = self
            .0
            .iter()
            .position(|byte| !matches!(byte, b' ' | b'\t' | b','))?;
        let rest = &self.0[begin..];
        let rest = rest.strip_prefix(b"W/").unwrap_or(rest);
        let inner = rest.strip_prefix(b"\"")?;
        let end = memchr::memchr(b'"', inner)? + 2;
        let (tag, rest) = rest.split_at(end);
        self.0 = rest;
        Some(tag)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn response(tag: Option<HeaderValue>) -> HttpResponse {
        let mut response = HttpResponse::new(Bytes::new());
        response
            .headers_mut()
            .extend(tag.map(|tag| (Some(ETAG), tag)));
        response
    }

    #[test]
    fn each_coding_has_its_tag() {
        let [identity, gzip, ..] = tags(b"{}");
        let text = identity.to_str().unwrap();
        assert_eq!(text.len(), 24);
        let inner = text.trim_matches('"');
        assert_eq!(gzip.to_str().unwrap(), format!("\"{inner}-gzip\""));
        assert_eq!(tags(b"{}")[0], identity);
        assert_ne!(tags(b"{ }")[0], identity);
    }

    #[test]
    fn a_list_is_compared_weakly() {
        let cases = [
            ("\"a\"", true),
            ("W/\"a\"", true),
            ("\"x\", \"a\"", true),
            ("\"x\",\"a\"", true),
            (", ,\"x\" ,W/\"y\" , W/\"a\",", true),
            ("\"x,\", \"a\"", true),
            ("*", true),
            (" * ", true),
            ("\"x, \\\"a\\\", \"", false),
            ("\"b\"", false),
            ("a", false),
            ("w/\"a\"", false),
            ("W/ \"a\"", false),
            ("\"a", false),
            ("\"", false),
            ("", false),
            ("*, \"b\"", false),
            ("\"A\"", false),
            ("x, \"a\"", false),
        ];
        for (list, expected) in cases {
            let mut request = HeaderMap::new();
            request.insert(IF_NONE_MATCH, HeaderValue::from_static(list));
            let tagged = response(Some(HeaderValue::from_static("\"a\"")));
            assert_eq!(is_not_modified(&request, &tagged), expected, "{list}");
            let is_any = list.trim() == "*";
            assert_eq!(is_not_modified(&request, &response(None)), is_any, "{list}");
        }
        assert!(!is_not_modified(&HeaderMap::new(), &response(None)));
    }

    #[test]
    fn lists_on_several_lines_are_one_list() {
        let mut request = HeaderMap::new();
        for list in ["\"x\"", "\"y\", \"a\""] {
            request.append(IF_NONE_MATCH, HeaderValue::from_static(list));
        }
        let mut tagged = response(Some(HeaderValue::from_static("\"a\"")));
        assert!(is_not_modified(&request, &tagged));
        *tagged.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        assert!(!is_not_modified(&request, &tagged));
    }
}
