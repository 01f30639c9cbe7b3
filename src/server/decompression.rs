//! Decompresses the bodies of requests (RFC 9110, section 8.4.1): gzip, the only coding that clients of GraphQL use.

use std::io::Read;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use super::refusal::HttpRefusal;
use crate::priority;

/// Decompressing this many bytes may take a millisecond or more, so the task moves to a thread of lower priority first.
const LONG: usize = 1024;

/// Whether the body is compressed with gzip. Refuses other codings, and several.
pub(super) fn is_gzip(headers: &HeaderMap) -> Result<bool, HttpRefusal> {
    let mut gzip = false;
    for value in headers.get_all(CONTENT_ENCODING) {
        let names = value.to_str().map_err(|_| HttpRefusal::content_coding())?;
        for name in names.split(',').map(str::trim) {
            if name.is_empty() || name.eq_ignore_ascii_case("identity") {
                continue;
            }
            let named = name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip");
            if gzip || !named {
                return Err(HttpRefusal::content_coding());
            }
            gzip = true;
        }
    }
    Ok(gzip)
}

/// The body without its compression; at most `limit` bytes of it are made.
pub(super) async fn body(compressed: Bytes, limit: usize) -> Result<Bytes, HttpRefusal> {
    if compressed.len() >= LONG {
        priority::lower().await;
    }
    let mut whole = Vec::new();
    let decoder = MultiGzDecoder::new(&*compressed);
    let mut bounded = decoder.take((limit as u64).saturating_add(1));
    if bounded.read_to_end(&mut whole).is_err() {
        return Err(HttpRefusal::malformed(
            "The body is not compressed with gzip, as the header Content-Encoding says",
        ));
    }
    if whole.len() > limit {
        return Err(HttpRefusal::too_large(limit));
    }
    Ok(whole.into())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_gzip_is_read() {
        let cases = [
            ("gzip", Some(true)),
            ("X-GZIP", Some(true)),
            ("identity", Some(false)),
            ("", Some(false)),
            ("identity, gzip", Some(true)),
            ("br", None),
            ("deflate", None),
            ("zstd", None),
            ("gzip, gzip", None),
            ("gzip, br", None),
        ];
        for (coding, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
            assert_eq!(is_gzip(&headers).ok(), expected, "{coding}");
        }
        assert_eq!(is_gzip(&HeaderMap::new()).ok(), Some(false));
    }
}
