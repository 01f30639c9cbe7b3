//! Decompresses the bodies of requests (RFC 9110, section 8.4.1): gzip, zstd, brotli and deflate.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use super::refusal::HttpRefusal;
use crate::priority;

/// Decompressing this many bytes may take a millisecond or more, so the task moves to a thread of lower priority first.
const LONG: usize = 1024;

/// The largest window that a body compressed with zstd may need: 2^23 bytes, the limit of the coding (RFC 9659). Brotli's
/// largest window is 2^24 bytes. A decoder never waits, so there are at most as many windows as threads.
const ZSTD_WINDOW: u32 = 23;

/// How the body of a request is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyCoding {
    Gzip,
    Zstd,
    Brotli,
    /// The zlib format (RFC 1950).
    Deflate,
}

impl BodyCoding {
    fn of_name(name: &str) -> Option<BodyCoding> {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        match () {
            () if is("gzip") || is("x-gzip") => Some(BodyCoding::Gzip),
            () if is("zstd") => Some(BodyCoding::Zstd),
            () if is("br") => Some(BodyCoding::Brotli),
            () if is("deflate") => Some(BodyCoding::Deflate),
            () => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            BodyCoding::Gzip => "gzip",
            BodyCoding::Zstd => "zstd",
            BodyCoding::Brotli => "br",
            BodyCoding::Deflate => "deflate",
        }
    }
}

/// How the body is compressed; `None` if it is not. Refuses other codings, and several.
pub(super) fn coding(headers: &HeaderMap) -> Result<Option<BodyCoding>, HttpRefusal> {
    let mut coding = None;
    for value in headers.get_all(CONTENT_ENCODING) {
        let names = value.to_str().map_err(|_| HttpRefusal::content_coding())?;
        for name in names.split(',').map(str::trim) {
            if name.is_empty() || name.eq_ignore_ascii_case("identity") {
                continue;
            }
            let named = BodyCoding::of_name(name).filter(|_| coding.is_none());
            coding = Some(named.ok_or_else(HttpRefusal::content_coding)?);
        }
    }
    Ok(coding)
}

/// The body without its compression; at most `limit` bytes of it are made.
pub(super) async fn body(
    compressed: Bytes,
    coding: BodyCoding,
    limit: usize,
) -> Result<Bytes, HttpRefusal> {
    if compressed.len() >= LONG {
        priority::lower().await;
    }
    let Ok(whole) = decompress(&compressed, coding, limit) else {
        return Err(HttpRefusal::malformed(format!(
            "The body is not compressed with {}, as the header Content-Encoding says",
            coding.name()
        )));
    };
    if whole.len() > limit {
        return Err(HttpRefusal::too_large(limit));
    }
    Ok(whole.into())
}

/// At most one byte more than `limit`. Bytes behind the compressed data are an error, except with brotli, whose decoder
/// ignores them.
fn decompress(compressed: &[u8], coding: BodyCoding, limit: usize) -> io::Result<Vec<u8>> {
    let most = (limit as u64).saturating_add(1);
    let mut whole = Vec::new();
    match coding {
        BodyCoding::Gzip => {
            let decoder = MultiGzDecoder::new(compressed);
            decoder.take(most).read_to_end(&mut whole)?;
        }
        BodyCoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(compressed)?;
            decoder.window_log_max(ZSTD_WINDOW)?;
            decoder.take(most).read_to_end(&mut whole)?;
        }
        BodyCoding::Brotli => {
            let decoder = brotli::Decompressor::new(compressed, 4096);
            decoder.take(most).read_to_end(&mut whole)?;
        }
        BodyCoding::Deflate => {
            let mut decoder = ZlibDecoder::new(compressed);
            decoder.by_ref().take(most).read_to_end(&mut whole)?;
            if whole.len() <= limit && decoder.total_in() != compressed.len() as u64 {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};
    use http::HeaderValue;

    use super::*;

    #[test]
    fn one_known_coding_is_read() {
        let cases = [
            ("gzip", Some(Some(BodyCoding::Gzip))),
            ("X-GZIP", Some(Some(BodyCoding::Gzip))),
            ("br", Some(Some(BodyCoding::Brotli))),
            ("deflate", Some(Some(BodyCoding::Deflate))),
            ("ZSTD", Some(Some(BodyCoding::Zstd))),
            ("identity, gzip", Some(Some(BodyCoding::Gzip))),
            ("identity", Some(None)),
            ("", Some(None)),
            ("compress", None),
            ("gzip, gzip", None),
            ("gzip, br", None),
            ("*", None),
        ];
        for (value, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(value));
            assert_eq!(coding(&headers).ok(), expected, "{value}");
        }
        assert_eq!(coding(&HeaderMap::new()).ok(), Some(None));
    }

    fn compressed(text: &[u8], coding: BodyCoding) -> Vec<u8> {
        match coding {
            BodyCoding::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(text).unwrap();
                encoder.finish().unwrap()
            }
            BodyCoding::Deflate => {
                let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(text).unwrap();
                encoder.finish().unwrap()
            }
            BodyCoding::Zstd => zstd::bulk::compress(text, 3).unwrap(),
            BodyCoding::Brotli => {
                let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
                encoder.write_all(text).unwrap();
                encoder.into_inner()
            }
        }
    }

    #[tokio::test]
    async fn each_coding_is_undone_within_the_limit() {
        let text = b"{\"query\": \"{ a }\"}".repeat(100);
        for coding in [
            BodyCoding::Gzip,
            BodyCoding::Zstd,
            BodyCoding::Brotli,
            BodyCoding::Deflate,
        ] {
            let whole = Bytes::from(compressed(&text, coding));
            let read = body(whole.clone(), coding, text.len()).await.unwrap();
            assert!(read == text, "{coding:?}");
            let refused = body(whole.clone(), coding, text.len() - 1).await;
            assert_eq!(refused.unwrap_err().status, 413, "{coding:?}");
            // A gigabyte is not made.
            let zeros = Bytes::from(compressed(&vec![0; 10_000_000], coding));
            assert!(decompress(&zeros, coding, 100).unwrap().len() == 101);
            let half = whole.slice(..whole.len() / 2);
            let trailed = Bytes::from([&whole[..], b"more"].concat());
            let plain = Bytes::from_static(b"{\"query\": 1}");
            let mut all = vec![half, plain, Bytes::new()];
            all.extend((coding != BodyCoding::Brotli).then_some(trailed));
            for wrong in all {
                let refused = body(wrong, coding, text.len()).await.unwrap_err();
                assert_eq!(refused.status, 400, "{coding:?}");
                assert!(refused.message.contains(coding.name()), "{refused:?}");
            }
        }
    }

    #[tokio::test]
    async fn a_window_larger_than_that_of_the_coding_is_refused() {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(ZSTD_WINDOW + 1).unwrap();
        encoder.write_all(b"{\"query\": \"{ a }\"}").unwrap();
        encoder.flush().unwrap();
        let whole = Bytes::from(encoder.finish().unwrap());
        let refused = body(whole, BodyCoding::Zstd, 1_000).await.unwrap_err();
        assert_eq!(refused.status, 400);
    }
}
