//! Scanning of JSON bytes: the innermost loops of the gateway.
//!
//! Functions on `(bytes, position)`; each returns the position after the part that it has passed.
//! They validate everything, because skipped text may still be copied into a response.

use super::reader::{Fault, ReadError, Wanted};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

#[cold]
pub(super) fn error(offset: usize, fault: Fault) -> ReadError {
    let offset = u32::try_from(offset).unwrap_or(u32::MAX);
    ReadError { offset, fault }
}

/// The position of the next byte that is not white space.
#[inline(always)]
pub(super) fn blanks(bytes: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = bytes.get(at) {
        if byte > b' ' {
            break;
        }
        match byte {
            b' ' | b'\n' | b'\r' | b'\t' => at += 1,
            _ => break,
        }
        // Indented documents: runs of spaces, eight at a time.
        while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
            if u64::from_le_bytes(*chunk) != ONES * 0x20 {
                break;
            }
            at += 8;
        }
    }
    at
}

/// Marks, by the high bit, each byte of `word` that ends a run of plain text: a quote, a backslash or
/// a control character.
///
/// A byte above a marked one may be marked wrongly, since borrows go upwards. The lowest mark is
/// always right, and only that one is used.
#[inline(always)]
fn special(word: u64) -> u64 {
    let zero = |x: u64| x.wrapping_sub(ONES) & !x;
    let quote = zero(word ^ (ONES * b'"' as u64));
    let backslash = zero(word ^ (ONES * b'\\' as u64));
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (quote | backslash | control) & HIGHS
}

/// Whether any of these bytes ends a run of plain text. Compiles to a few vector instructions.
#[inline(always)]
fn any_special(chunk: &[u8; 32]) -> bool {
    let marks = chunk.iter().fold(0u8, |marks, &byte| {
        marks | u8::from(byte == b'"') | u8::from(byte == b'\\') | u8::from(byte < 0x20)
    });
    marks != 0
}

/// The position of the next quote, backslash or control character, or the end.
#[inline(always)]
pub(super) fn plain(bytes: &[u8], mut at: usize) -> usize {
    // Most strings are short; after two words, take longer steps.
    let mut words = 0;
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let marks = special(u64::from_le_bytes(*chunk));
        if marks != 0 {
            return at + (marks.trailing_zeros() / 8) as usize;
        }
        at += 8;
        words += 1;
        if words == 2 {
            at = long(bytes, at);
        }
    }
    while let Some(&byte) = bytes.get(at) {
        if byte == b'"' || byte == b'\\' || byte < 0x20 {
            break;
        }
        at += 1;
    }
    at
}

/// A position less than 32 bytes before the next quote, backslash or control character, and never after it.
#[inline(never)]
fn long(bytes: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<32>) {
        if any_special(chunk) {
            break;
        }
        at += 32;
    }
    at
}

/// Passes a string whose opening quote is before `at`. Returns the position after the closing
/// quote, and whether the string has escapes.
#[inline]
pub(super) fn string(bytes: &[u8], at: usize) -> Result<(usize, bool), ReadError> {
    let mut at = plain(bytes, at);
    let mut escaped = false;
    loop {
        match bytes.get(at) {
            Some(b'"') => return Ok((at + 1, escaped)),
            Some(b'\\') => {
                escaped = true;
                at = plain(bytes, escape(bytes, at)?);
            }
            Some(_) => return Err(error(at, Fault::ControlCharacter)),
            None => return Err(error(at, Fault::UnexpectedEnd)),
        }
    }
}

/// Passes an escape whose backslash is at `at`; a surrogate pair is one escape.
fn escape(bytes: &[u8], at: usize) -> Result<usize, ReadError> {
    match bytes.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => match hex4(bytes, at + 2) {
            Some(0xD800..=0xDBFF) => {
                let low = if bytes.get(at + 6..at + 8) == Some(b"\\u") {
                    hex4(bytes, at + 8)
                } else {
                    None
                };
                match low {
                    Some(0xDC00..=0xDFFF) => Ok(at + 12),
                    _ => Err(error(at, Fault::BadEscape)),
                }
            }
            Some(0xDC00..=0xDFFF) | None => Err(error(at, Fault::BadEscape)),
            Some(_) => Ok(at + 6),
        },
        Some(_) => Err(error(at, Fault::BadEscape)),
        None => Err(error(at + 1, Fault::UnexpectedEnd)),
    }
}

/// The number with the four hexadecimal digits at `at`.
pub(super) fn hex4(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 4)?;
    digits.iter().try_fold(0, |sum, &digit| {
        Some(sum * 16 + (digit as char).to_digit(16)?)
    })
}

/// Passes a number that starts at `at` (RFC 8259, section 6).
#[inline]
pub(super) fn number(bytes: &[u8], start: usize) -> Result<usize, ReadError> {
    let mut at = start;
    if bytes.get(at) == Some(&b'-') {
        at += 1;
    }
    at = match bytes.get(at) {
        Some(b'0') => at + 1,
        Some(b'1'..=b'9') => digits(bytes, at),
        _ => return Err(error(start, Fault::BadNumber)),
    };
    if bytes.get(at) == Some(&b'.') {
        at = some_digits(bytes, at + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = bytes.get(at) {
            at += 1;
        }
        at = some_digits(bytes, at)?;
    }
    match bytes.get(at) {
        // `01`, `1.2.3`, `1e5e5` and `1x` are one wrong number each, not two values.
        Some(b'0'..=b'9' | b'.' | b'+' | b'-' | b'a'..=b'z' | b'A'..=b'Z') => {
            Err(error(at, Fault::BadNumber))
        }
        _ => Ok(at),
    }
}

#[inline(always)]
fn digits(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b'0'..=b'9') = bytes.get(at) {
        at += 1;
    }
    at
}

fn some_digits(bytes: &[u8], at: usize) -> Result<usize, ReadError> {
    let end = digits(bytes, at);
    if end == at {
        Err(error(at, Fault::BadNumber))
    } else {
        Ok(end)
    }
}

/// Passes `null`, `true` or `false`.
#[inline(always)]
pub(super) fn word(bytes: &[u8], at: usize, word: &'static str) -> Result<usize, ReadError> {
    let end = at + word.len();
    if bytes.get(at..end) == Some(word.as_bytes()) {
        Ok(end)
    } else {
        Err(error(at, Fault::Expected(Wanted::Value)))
    }
}
