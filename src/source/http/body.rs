//! Reads a response's body within a bound, and determines its format.

use std::sync::Arc;

use ::http::HeaderMap;
use ::http::header::CONTENT_TYPE;
use bytes::Bytes;
use url::Url;

use super::error::host_and_port;
use super::received::Received;
use crate::budget::{Account, Budget};
use crate::config::ResponseFormat;
use crate::document::write_json_string;
use crate::priority;
use crate::source::{SourceError, SourceErrorKind};

/// The format of a body: it decides how the body is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// A JSON text, UTF-8.
    Json,
    /// Plain text: one string.
    Text,
    /// No body: null.
    Empty,
}

/// How much of an unreadable body is read, so that the connection can be used again.
const MAX_DRAINED: usize = 64 * 1024;

/// Up to this length, the buffer for a body in several pieces grows by doubling.
const DOUBLED: usize = 1024 * 1024;

/// From this length on, reading a body is long work.
const LONG: usize = 256 * 1024;

/// A text that begins with this is UTF-8, whatever its headers say.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Reads the whole decompressed body, up to the account's limit. A body in one piece is not copied. ISO 8859-1 is
/// converted to UTF-8 piece by piece, so that it is never held in both forms.
///
/// Several pieces are charged to the account, piece by piece. A single piece is not charged: it is at most what a
/// connection reads at once.
///
/// # Errors
/// [`SourceErrorKind::TooLarge`] as soon as that is certain; [`SourceErrorKind::Busy`] if there is no memory for the
/// body; or the error of the connection.
pub(super) async fn read(
    response: &mut Received,
    account: &Account,
    latin1: bool,
    url: &Url,
) -> Result<Bytes, SourceError> {
    let max_bytes = account.limit();
    let mut announced = response
        .content_length()
        .map_or(0, |length| usize::try_from(length).unwrap_or(usize::MAX));
    if announced > max_bytes {
        return Err(too_large(max_bytes, url));
    }
    let Some(first) = piece(response, url).await? else {
        return Ok(Bytes::new());
    };
    let latin1 = latin1 && !first.starts_with(BYTE_ORDER_MARK);
    if latin1 {
        announced = announced.saturating_mul(2).min(max_bytes);
    }
    let decoded = |piece: Bytes| if latin1 { utf8(piece) } else { piece };
    let first = decoded(first);
    check(first.len(), max_bytes, url)?;
    let Some(second) = piece(response, url).await?.map(decoded) else {
        return Ok(first);
    };
    check(first.len() + second.len(), max_bytes, url)?;
    charge(first.len() + second.len(), account, url)?;
    // `content-length` is only a hint. It is within the limit, so a wrong one cannot reserve more than that.
    let mut whole = Vec::with_capacity(announced.max((first.len() + second.len()) * 2));
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&second);
    while let Some(next) = piece(response, url).await?.map(decoded) {
        check(whole.len() + next.len(), max_bytes, url)?;
        charge(next.len(), account, url)?;
        make_room(&mut whole, next.len(), max_bytes);
        if whole.len() >= LONG {
            priority::lower().await;
        }
        whole.extend_from_slice(&next);
    }
    if whole.capacity() > DOUBLED && whole.len() < whole.capacity() / 2 {
        whole.shrink_to_fit();
    }
    Ok(Bytes::from(whole))
}

/// ISO 8859-1 as UTF-8.
fn utf8(piece: Bytes) -> Bytes {
    if piece.is_ascii() {
        return piece;
    }
    let text: String = piece.iter().map(|byte| char::from(*byte)).collect();
    Bytes::from(text)
}

/// Makes room in the buffer. For a long body, doubling would hold it twice whenever it moves; so reserve the maximum
/// length at once: that takes only addresses, and memory as it is written.
fn make_room(whole: &mut Vec<u8>, more: usize, max_bytes: usize) {
    let needed = whole.len() + more;
    if needed > whole.capacity() && needed > DOUBLED {
        // If there are not so many addresses, the buffer doubles.
        let _ = whole.try_reserve_exact(max_bytes.saturating_sub(whole.len()));
    }
}

/// Reads and drops a body that cannot be used. If it is long or broken, the connection is closed.
pub(super) async fn drain(response: &mut Received, url: &Url) {
    let mut read = 0;
    while let Ok(Some(next)) = piece(response, url).await {
        read += next.len();
        if read > MAX_DRAINED {
            return;
        }
    }
}

/// True if there is nothing left to read.
pub(super) async fn is_empty(response: &mut Received, url: &Url) -> Result<bool, SourceError> {
    Ok(piece(response, url).await?.is_none())
}

/// The next piece that is not empty.
async fn piece(response: &mut Received, url: &Url) -> Result<Option<Bytes>, SourceError> {
    loop {
        match response.chunk(url).await? {
            Some(bytes) if bytes.is_empty() => {}
            next => return Ok(next),
        }
    }
}

fn check(length: usize, max_bytes: usize, url: &Url) -> Result<(), SourceError> {
    if length > max_bytes {
        return Err(too_large(max_bytes, url));
    }
    Ok(())
}

fn charge(bytes: usize, account: &Account, url: &Url) -> Result<(), SourceError> {
    account.charge(bytes).map_err(|exceeded| {
        let detail = format!("{}: the body is not read: {exceeded}", host_and_port(url));
        SourceError::new(SourceErrorKind::Busy, detail)
    })
}

fn too_large(max_bytes: usize, url: &Url) -> SourceError {
    SourceError::new(
        SourceErrorKind::TooLarge,
        format!(
            "{}: the body is longer than {max_bytes} bytes",
            host_and_port(url)
        ),
    )
}

/// Content types that are read as text.
const TEXTS: [&[u8]; 4] = [
    b"text/plain",
    b"text/csv",
    b"text/xml",
    b"text/tab-separated-values",
];

/// The format of a body, as set or by its content type; `None` if it cannot be read.
pub(super) fn format(headers: &HeaderMap, setting: ResponseFormat) -> Option<Format> {
    match setting {
        ResponseFormat::ContentType => announced_format(headers),
        ResponseFormat::Json => Some(Format::Json),
        ResponseFormat::Text => Some(Format::Text),
    }
}

fn announced_format(headers: &HeaderMap) -> Option<Format> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Some(Format::Json);
    };
    let essence = value.as_bytes().split(|b| *b == b';').next()?.trim_ascii();
    let is_text = |text: &&[u8]| essence.eq_ignore_ascii_case(text);
    if ends_with_ignoring_case(essence, b"json") || essence.is_empty() {
        Some(Format::Json)
    } else if TEXTS.iter().any(is_text) {
        Some(Format::Text)
    } else {
        None
    }
}

fn ends_with_ignoring_case(text: &[u8], end: &[u8]) -> bool {
    text.len() >= end.len() && text[text.len() - end.len()..].eq_ignore_ascii_case(end)
}

/// A content type that cannot be read, for the log. An upstream may write anything into that header, so parameters are
/// left out, and so is everything that is not a plain media type.
pub(super) fn shown_type(headers: &HeaderMap) -> &str {
    const UNKNOWN: &str = "(not a plain media type)";
    const LONGEST: usize = 80;
    const TYPES: [&str; 7] = [
        "application",
        "audio",
        "image",
        "message",
        "multipart",
        "text",
        "video",
    ];
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = value
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim();
    let Some((kind, subtype)) = essence.split_once('/') else {
        return UNKNOWN;
    };
    let plain = |byte: u8| byte.is_ascii_lowercase() || b".+-".contains(&byte);
    // More digits could be a personal number.
    let digits = subtype.bytes().filter(u8::is_ascii_digit).count();
    let is_plain = essence.len() <= LONGEST
        && TYPES.contains(&kind)
        && digits <= 2
        && subtype
            .bytes()
            .all(|byte| plain(byte) || byte.is_ascii_digit());
    if is_plain { essence } else { UNKNOWN }
}

/// The body as UTF-8 without a byte order mark.
///
/// JSON is UTF-8 (RFC 8259, section 8.1). If it is not, and its content type says ISO 8859-1, it is that.
pub(super) fn normalise(body: Bytes, format: Format, latin1: bool) -> Result<Bytes, &'static str> {
    let body = match body.starts_with(BYTE_ORDER_MARK) {
        true => body.slice(BYTE_ORDER_MARK.len()..),
        false => body,
    };
    // The JSON reader checks the encoding while it reads.
    if format == Format::Text && std::str::from_utf8(&body).is_err() {
        return Err("the text is not UTF-8");
    }
    if format == Format::Json && latin1 && std::str::from_utf8(&body).is_err() {
        return Ok(utf8(body));
    }
    Ok(body)
}

/// A normalised body as a document, which is a JSON text. JSON is not copied.
///
/// # Errors
/// There is no memory for a copy.
pub(super) fn document(
    body: Bytes,
    format: Format,
    budget: &Arc<Budget>,
    url: &Url,
) -> Result<Bytes, SourceError> {
    match format {
        Format::Json => Ok(body),
        Format::Empty => Ok(Bytes::from_static(b"null")),
        Format::Text => {
            // As long as both forms are held; the caller charges the document to the operation.
            let account = budget.account(usize::MAX);
            charge(body.len(), &account, url)?;
            let mut text = Vec::with_capacity(body.len() + 2);
            write_json_string(&String::from_utf8_lossy(&body), &mut text);
            // Escapes have made the text longer than the body.
            charge(text.len() - body.len(), &account, url)?;
            Ok(Bytes::from(text))
        }
    }
}

/// Whether the content type says ISO 8859-1.
pub(super) fn declares_latin1(headers: &HeaderMap) -> bool {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    value.split(';').skip(1).any(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("charset")
            && (value.eq_ignore_ascii_case("iso-8859-1") || value.eq_ignore_ascii_case("latin1"))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn formats_by_content_type() {
        let table = [
            (None, Some(Format::Json)),
            (Some("application/json"), Some(Format::Json)),
            (Some("application/json; charset=utf-8"), Some(Format::Json)),
            (Some("Application/Problem+JSON"), Some(Format::Json)),
            (Some("text/json"), Some(Format::Json)),
            (Some("text/plain; charset=utf-8"), Some(Format::Text)),
            (Some("TEXT/PLAIN"), Some(Format::Text)),
            (Some("text/csv; header=present"), Some(Format::Text)),
            (Some("text/xml"), Some(Format::Text)),
            (Some("text/html"), None),
            (Some("application/octet-stream"), None),
            (Some("application/jsonp"), None),
            (Some("application/xml"), None),
            (Some("json-seq/other"), None),
        ];
        for (value, expected) in table {
            let mut headers = HeaderMap::new();
            if let Some(value) = value {
                headers.insert(CONTENT_TYPE, value.parse().unwrap());
            }
            let by_type = format(&headers, ResponseFormat::ContentType);
            assert_eq!(by_type, expected, "{value:?}");
            let set = format(&headers, ResponseFormat::Json);
            assert_eq!(set, Some(Format::Json), "{value:?}");
        }
    }

    fn headers(content_type: &str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().unwrap())])
    }

    #[test]
    fn text_becomes_utf8() {
        for (content_type, expected) in [
            ("text/plain; charset=\"ISO-8859-1\"", true),
            ("text/plain;charset=latin1", true),
            ("text/plain; charset=utf-8", false),
            ("text/plain", false),
        ] {
            assert_eq!(declares_latin1(&headers(content_type)), expected);
        }
        assert_eq!(utf8(Bytes::from_static(b"caf\xE9")), "café".as_bytes());
        let normal = |body| normalise(Bytes::from_static(body), Format::Text, false);
        normal(b"caf\xE9").unwrap_err();
        normal(b"\xEF\xBB\xBFcaf\xE9").unwrap_err();
        assert_eq!(
            normal(b"\xEF\xBB\xBFcaf\xC3\xA9").unwrap(),
            "café".as_bytes()
        );
        let json = |body| normalise(Bytes::from_static(body), Format::Json, true).unwrap();
        assert_eq!(json(b"\xEF\xBB\xBF{}"), b"{}".as_slice());
        assert_eq!(json(b"\"caf\xE9\""), "\"café\"".as_bytes());
        assert_eq!(json(b"\"caf\xC3\xA9\""), "\"café\"".as_bytes());
    }

    #[test]
    fn of_a_strange_content_type_little_is_shown() {
        let unknown = "(not a plain media type)";
        let long = format!("text/{}", "a".repeat(80));
        for (content_type, expected) in [
            ("text/html", "text/html"),
            ("text/html; charset=utf-8; key=secret", "text/html"),
            ("application/vnd.ms-excel", "application/vnd.ms-excel"),
            ("video/mp4", "video/mp4"),
            ("text/9419000000", unknown),
            ("text/Kh4n", unknown),
            ("a secret", unknown),
            ("secret/html", unknown),
            ("text/html, secret", unknown),
            (&long, unknown),
        ] {
            assert_eq!(shown_type(&headers(content_type)), expected);
        }
        assert_eq!(shown_type(&HeaderMap::new()), unknown);
    }
}
