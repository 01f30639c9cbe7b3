//! The reader of JSON bodies (RFC 8259, strictly).
//!
//! It checks UTF-8 once for the whole body, which is much faster than string by string, and then
//! scans bytes. It allocates only names with escapes.

use std::borrow::Cow;

use super::reader::{
    Fault, Kind, MAX_DEPTH, Member, ObjectKey, ReadError, Reader, Scalar, ValueSpan, Wanted,
};
use super::scan;

/// A cursor over a JSON body. See [`Reader`] for how to drive it.
#[derive(Debug, Clone)]
pub struct JsonReader<'d> {
    text: &'d str,
    bytes: &'d [u8],
    at: usize,
    depth: u8,
    max_depth: u8,
    /// The cursor is just inside an object or list: the next member or element has no comma before
    /// it. One flag suffices for all levels: when a caller returns to an outer level, it has read at
    /// least one part of that level.
    fresh: bool,
}

impl<'d> JsonReader<'d> {
    /// A cursor before the value of `body`.
    ///
    /// # Errors
    /// The body is not UTF-8, or longer than 4 GiB.
    pub fn new(body: &'d [u8]) -> Result<Self, ReadError> {
        match simdutf8::basic::from_utf8(body) {
            Ok(text) => Self::over(text),
            // The fast check does not report the offset.
            Err(_) => {
                let valid =
                    std::str::from_utf8(body).map_or_else(|wrong| wrong.valid_up_to(), str::len);
                Err(scan::error(valid, Fault::NotUtf8))
            }
        }
    }

    /// As [`new`](Self::new), for valid UTF-8.
    pub fn over(text: &'d str) -> Result<Self, ReadError> {
        if u32::try_from(text.len()).is_err() {
            return Err(scan::error(u32::MAX as usize, Fault::TooLong));
        }
        Ok(JsonReader {
            text,
            bytes: text.as_bytes(),
            at: 0,
            depth: 0,
            max_depth: MAX_DEPTH,
            fresh: false,
        })
    }

    /// Sets the maximum depth, at most [`MAX_DEPTH`].
    pub fn max_depth(mut self, depth: u8) -> Self {
        self.max_depth = depth.min(MAX_DEPTH);
        self
    }

    /// The text of a span of this body.
    pub fn slice(&self, span: ValueSpan) -> &'d str {
        self.text.get(span.range()).unwrap_or_default()
    }

    #[cold]
    fn wrong(&self, expected: Wanted) -> ReadError {
        if self.at >= self.bytes.len() {
            scan::error(self.at, Fault::UnexpectedEnd)
        } else {
            scan::error(self.at, Fault::Expected(expected))
        }
    }

    #[inline(always)]
    fn byte(&mut self) -> Option<u8> {
        self.at = scan::blanks(self.bytes, self.at);
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn enter(&mut self, open: u8, expected: Wanted) -> Result<(), ReadError> {
        if self.byte() != Some(open) {
            return Err(self.wrong(expected));
        }
        if self.depth >= self.max_depth {
            return Err(scan::error(self.at, Fault::TooDeep));
        }
        self.depth += 1;
        self.at += 1;
        self.fresh = true;
        Ok(())
    }

    /// Passes the comma before a part, or the closing byte. Returns whether a part follows.
    #[inline]
    fn part(&mut self, close: u8, expected: Wanted) -> Result<bool, ReadError> {
        let fresh = std::mem::replace(&mut self.fresh, false);
        match self.byte() {
            Some(byte) if byte == close => {
                self.at += 1;
                self.depth = self.depth.saturating_sub(1);
                Ok(false)
            }
            Some(_) if fresh => Ok(true),
            Some(b',') => {
                self.at += 1;
                self.at = scan::blanks(self.bytes, self.at);
                Ok(true)
            }
            _ => Err(self.wrong(expected)),
        }
    }

    /// Passes a name and its colon. Returns the offsets of the name's text, and whether it has
    /// escapes.
    #[inline]
    fn name(&mut self) -> Result<(usize, usize, bool), ReadError> {
        if self.bytes.get(self.at) != Some(&b'"') {
            return Err(self.wrong(Wanted::Name));
        }
        let start = self.at + 1;
        let (end, escaped) = scan::string(self.bytes, start)?;
        self.at = end;
        if self.byte() != Some(b':') {
            return Err(self.wrong(Wanted::Colon));
        }
        self.at += 1;
        Ok((start, end - 1, escaped))
    }

    /// Passes a value of any kind, without recursion: one bit per level records whether the level is
    /// an object.
    fn pass(&mut self) -> Result<(), ReadError> {
        let mut objects: u128 = 0;
        let mut levels = 0u8;
        loop {
            let open = match self.byte() {
                Some(b'"') => {
                    self.at = scan::string(self.bytes, self.at + 1)?.0;
                    false
                }
                Some(b'-' | b'0'..=b'9') => {
                    self.at = scan::number(self.bytes, self.at)?;
                    false
                }
                Some(byte @ (b'{' | b'[')) => {
                    if self.depth + levels >= self.max_depth {
                        return Err(scan::error(self.at, Fault::TooDeep));
                    }
                    self.at += 1;
                    let object = byte == b'{';
                    if self.byte() == Some(byte + 2) {
                        // Both closing bytes are two above their opening ones.
                        self.at += 1;
                        false
                    } else {
                        objects = objects << 1 | u128::from(object);
                        levels += 1;
                        true
                    }
                }
                Some(b'n') => self.pass_word("null")?,
                Some(b't') => self.pass_word("true")?,
                Some(b'f') => self.pass_word("false")?,
                _ => return Err(self.wrong(Wanted::Value)),
            };
            if open {
                if objects & 1 == 1 {
                    self.name()?;
                }
                continue;
            }
            // After a value: close the levels that end here, then continue with the next part.
            loop {
                if levels == 0 {
                    self.fresh = false;
                    return Ok(());
                }
                let object = objects & 1 == 1;
                match self.byte() {
                    Some(b',') => {
                        self.at += 1;
                        if object {
                            self.byte();
                            self.name()?;
                        }
                        break;
                    }
                    Some(b'}') if object => self.at += 1,
                    Some(b']') if !object => self.at += 1,
                    _ => {
                        return Err(self.wrong(if object {
                            Wanted::MemberEnd
                        } else {
                            Wanted::ElementEnd
                        }));
                    }
                }
                objects >>= 1;
                levels -= 1;
            }
        }
    }

    fn pass_word(&mut self, word: &'static str) -> Result<bool, ReadError> {
        self.at = scan::word(self.bytes, self.at, word)?;
        Ok(false)
    }

    fn span_from(&self, start: usize) -> ValueSpan {
        // Offsets fit: `over` has checked the length.
        ValueSpan {
            start: start as u32,
            end: self.at as u32,
        }
    }
}

impl<'d> Reader<'d> for JsonReader<'d> {
    #[inline]
    fn peek(&mut self) -> Result<Kind, ReadError> {
        match self.byte() {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::List),
            Some(b'"') => Ok(Kind::String),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't' | b'f') => Ok(Kind::Bool),
            Some(b'n') => Ok(Kind::Null),
            _ => Err(self.wrong(Wanted::Value)),
        }
    }

    #[inline]
    fn enter_object(&mut self) -> Result<(), ReadError> {
        self.enter(b'{', Wanted::Object)
    }

    #[inline]
    fn next_key(&mut self) -> Result<Option<ObjectKey<'d>>, ReadError> {
        match self.next_member(None)? {
            Member::Other(key, _) => Ok(Some(key)),
            Member::Expected | Member::End => Ok(None),
        }
    }

    #[inline]
    fn next_member(&mut self, expected: Option<&[u8]>) -> Result<Member<'d>, ReadError> {
        if !self.part(b'}', Wanted::MemberEnd)? {
            return Ok(Member::End);
        }
        if let Some(expected) = expected
            && self.bytes[self.at..].starts_with(expected)
        {
            let name = self.at;
            self.at += expected.len();
            if self.byte() == Some(b':') {
                self.at += 1;
                return Ok(Member::Expected);
            }
            self.at = name;
        }
        let (start, end, escaped) = self.name()?;
        let raw = self.text.get(start..end).unwrap_or_default();
        let key = ObjectKey(match escaped {
            true => Cow::Owned(decode(raw)),
            false => Cow::Borrowed(raw),
        });
        // Offsets fit: `over` has checked the length.
        let written = ValueSpan {
            start: (start - 1) as u32,
            end: (end + 1) as u32,
        };
        Ok(Member::Other(key, written))
    }

    #[inline]
    fn enter_list(&mut self) -> Result<(), ReadError> {
        self.enter(b'[', Wanted::List)
    }

    #[inline]
    fn next_element(&mut self) -> Result<bool, ReadError> {
        self.part(b']', Wanted::ElementEnd)
    }

    #[inline]
    fn scalar(&mut self) -> Result<Scalar, ReadError> {
        self.fresh = false;
        let first = self.byte();
        let start = self.at;
        match first {
            Some(b'"') => {
                self.at = scan::string(self.bytes, start + 1)?.0;
                Ok(Scalar::String(self.span_from(start)))
            }
            Some(b'-' | b'0'..=b'9') => {
                self.at = scan::number(self.bytes, start)?;
                Ok(Scalar::Number(self.span_from(start)))
            }
            Some(b't') => self.pass_word("true").map(|_| Scalar::True),
            Some(b'f') => self.pass_word("false").map(|_| Scalar::False),
            Some(b'n') => self.pass_word("null").map(|_| Scalar::Null),
            _ => Err(self.wrong(Wanted::Scalar)),
        }
    }

    #[inline]
    fn skip(&mut self) -> Result<(), ReadError> {
        self.pass()
    }

    #[inline]
    fn capture(&mut self) -> Result<ValueSpan, ReadError> {
        self.at = scan::blanks(self.bytes, self.at);
        let start = self.at;
        self.pass()?;
        Ok(self.span_from(start))
    }

    fn finish(&mut self) -> Result<(), ReadError> {
        if self.depth > 0 {
            return Err(self.wrong(Wanted::End));
        }
        match self.byte() {
            None => Ok(()),
            Some(_) => Err(scan::error(self.at, Fault::TrailingText)),
        }
    }

    fn text(&self) -> &[u8] {
        self.bytes
    }
}

/// The text of a JSON string that is given with its quotes, as in a [`Scalar::String`]. Borrowed
/// if it has no escapes.
pub fn unescape(quoted: &str) -> Cow<'_, str> {
    let raw = quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(quoted);
    if memchr::memchr(b'\\', raw.as_bytes()).is_none() {
        Cow::Borrowed(raw)
    } else {
        Cow::Owned(decode(raw))
    }
}

/// Decodes the escapes of a string that a reader has validated. An invalid escape, which a reader
/// would have rejected, stays as it is.
fn decode(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        text.push_str(&rest[..at]);
        let (decoded, length) = decode_escape(&rest.as_bytes()[at..]).unwrap_or(('\\', 1));
        text.push(decoded);
        rest = rest.get(at + length..).unwrap_or_default();
    }
    text.push_str(rest);
    text
}

/// The character of an escape, and the length of the escape in bytes.
fn decode_escape(bytes: &[u8]) -> Option<(char, usize)> {
    Some(match bytes.get(1)? {
        b'b' => ('\u{8}', 2),
        b'f' => ('\u{c}', 2),
        b'n' => ('\n', 2),
        b'r' => ('\r', 2),
        b't' => ('\t', 2),
        b'u' => match scan::hex4(bytes, 2)? {
            high @ 0xD800..=0xDBFF => {
                let low = scan::hex4(bytes, 8)?.checked_sub(0xDC00)?;
                (char::from_u32(0x10000 + ((high - 0xD800) << 10) + low)?, 12)
            }
            code => (char::from_u32(code)?, 6),
        },
        &byte @ (b'"' | b'\\' | b'/') => (byte as char, 2),
        _ => return None,
    })
}
