//! The `traceparent` header of W3C Trace Context (level 1): parse it, continue its trace, or start a new trace.

use std::fmt;

/// The position of a request in a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// Identifies the trace; never 0.
    pub trace_id: u128,
    /// Identifies this request within it; never 0.
    pub span_id: u64,
    /// Bit 0: sampled.
    pub flags: u8,
}

impl TraceContext {
    /// Starts a new trace.
    pub fn begin() -> TraceContext {
        TraceContext {
            trace_id: rand::random::<u128>().max(1),
            span_id: rand::random::<u64>().max(1),
            flags: 0,
        }
    }

    /// A child of this context in the same trace.
    pub fn child(self) -> TraceContext {
        TraceContext {
            span_id: rand::random::<u64>().max(1),
            ..self
        }
    }

    /// The trace id in hexadecimal, as in the header.
    pub fn trace_id_digits(self) -> [u8; 32] {
        digits(self.trace_id)
    }

    /// The header's value. It is built for every upstream call, so it does not allocate.
    pub fn header(self) -> [u8; 55] {
        let mut all = *b"00-00000000000000000000000000000000-0000000000000000-00";
        all[3..35].copy_from_slice(&digits::<32>(self.trace_id));
        all[36..52].copy_from_slice(&digits::<16>(self.span_id.into()));
        all[53..55].copy_from_slice(&digits::<2>(self.flags.into()));
        all
    }

    /// Reads the header's value: `00-<32 hex>-<16 hex>-<2 hex>`. A later version may have more parts, which are
    /// ignored. `None` for anything else, and for ids of zeros.
    pub fn parse(text: &str) -> Option<TraceContext> {
        let mut parts = text.split('-');
        let version = hex(parts.next()?, 2)?;
        let trace_id = hex(parts.next()?, 32)?;
        let span_id = u64::try_from(hex(parts.next()?, 16)?).ok()?;
        let flags = u8::try_from(hex(parts.next()?, 2)?).ok()?;
        let complete = version != 0 || parts.next().is_none();
        (complete && version != 0xff && trace_id != 0 && span_id != 0).then_some(TraceContext {
            trace_id,
            span_id,
            flags,
        })
    }
}

/// Exactly `digits` hexadecimal digits in lower case.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let fits = text.len() == digits
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    fits.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

/// The lowest `N` hexadecimal digits. Runs for every request, so it does not use `std::fmt`.
fn digits<const N: usize>(value: u128) -> [u8; N] {
    let (mut digits, bytes) = ([b'0'; N], value.to_le_bytes());
    for (pair, byte) in digits.rchunks_exact_mut(2).zip(bytes) {
        pair[0] = b"0123456789abcdef"[usize::from(byte >> 4)];
        pair[1] = b"0123456789abcdef"[usize::from(byte & 15)];
    }
    digits
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.header()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn reads_and_writes() {
        let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let context = TraceContext::parse(text).unwrap();
        assert_eq!(context.to_string(), text);
        let child = context.child();
        assert_eq!(
            (child.trace_id, child.flags),
            (context.trace_id, context.flags)
        );
        assert_ne!(child.span_id, context.span_id);
        let begun = TraceContext::begin();
        assert_eq!(TraceContext::parse(&begun.to_string()), Some(begun));
    }

    #[test]
    fn a_later_version_may_say_more() {
        let text = "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more";
        assert!(TraceContext::parse(text).is_some());
    }

    #[test]
    fn refuses_what_is_not_one() {
        for text in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(TraceContext::parse(text), None, "{text}");
        }
    }
}
