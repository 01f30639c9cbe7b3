//! The content codings of responses (RFC 9110, section 8.4.1).

/// How the body of a response is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentCoding {
    /// As it is.
    Identity,
    /// Compressed with gzip (RFC 1952).
    Gzip,
    /// Compressed with brotli (RFC 7932).
    Brotli,
    /// Compressed with zstd (RFC 8878).
    Zstd,
}

impl ContentCoding {
    /// All, in the order of [`ContentCoding::index`].
    pub const ALL: [ContentCoding; 4] = [
        ContentCoding::Identity,
        ContentCoding::Gzip,
        ContentCoding::Brotli,
        ContentCoding::Zstd,
    ];

    /// The position in a list with an element per coding.
    pub fn index(self) -> usize {
        self as usize
    }

    /// Its name in `Content-Encoding`; `None` for [`ContentCoding::Identity`], which is not named there.
    pub fn name(self) -> Option<&'static str> {
        match self {
            ContentCoding::Identity => None,
            ContentCoding::Gzip => Some("gzip"),
            ContentCoding::Brotli => Some("br"),
            ContentCoding::Zstd => Some("zstd"),
        }
    }

    /// The coding with this name in `Accept-Encoding`, in any case.
    pub fn of_name(name: &str) -> Option<ContentCoding> {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        match () {
            () if is("gzip") || is("x-gzip") => Some(ContentCoding::Gzip),
            () if is("br") => Some(ContentCoding::Brotli),
            () if is("zstd") => Some(ContentCoding::Zstd),
            () if is("identity") => Some(ContentCoding::Identity),
            () => None,
        }
    }
}
