//! The content codings of responses (RFC 9110, section 8.4.1).

/// How the body of a response is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentCoding {
    /// As it is.
    Identity,
    /// Compressed with gzip (RFC 1952).
    Gzip,
}

impl ContentCoding {
    /// All, in the order of [`ContentCoding::index`].
    pub const ALL: [ContentCoding; 2] = [ContentCoding::Identity, ContentCoding::Gzip];

    /// The position in a list with an element per coding.
    pub fn index(self) -> usize {
        self as usize
    }

    /// Its name in `Content-Encoding`; `None` for [`ContentCoding::Identity`], which is not named there.
    pub fn name(self) -> Option<&'static str> {
        match self {
            ContentCoding::Identity => None,
            ContentCoding::Gzip => Some("gzip"),
        }
    }
}
