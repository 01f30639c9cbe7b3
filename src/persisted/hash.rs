//! The SHA-256 of an operation text, which clients send as hexadecimal digits.

use std::fmt;

use ring::digest::{SHA256, digest};

/// The SHA-256 of an operation text in UTF-8.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// The hash of a text.
    pub fn of(text: &str) -> Sha256 {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
        Sha256(bytes)
    }

    /// Reads 64 hexadecimal digits, in lower or upper case.
    pub fn parse(digits: &str) -> Option<Sha256> {
        let digits: &[u8; 64] = digits.as_bytes().try_into().ok()?;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = value(pair[0])? << 4 | value(pair[1])?;
        }
        Some(Sha256(bytes))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// 64 digits in lower case.
impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the documentation of automatic persisted queries.
    const TYPENAME: &str = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";

    #[test]
    fn is_the_hash_that_clients_send() {
        let hash = Sha256::of("{__typename}");
        assert_eq!(hash.to_string(), TYPENAME);
        assert_eq!(Sha256::parse(TYPENAME), Some(hash));
        assert_eq!(Sha256::parse(&TYPENAME.to_uppercase()), Some(hash));
    }

    #[test]
    fn other_texts_are_no_hash() {
        let digits = "0".repeat(64);
        for wrong in [
            "",
            "0",
            &digits[1..],
            &format!("{digits}0"),
            &digits.replacen('0', "g", 1),
        ] {
            assert_eq!(Sha256::parse(wrong), None, "{wrong}");
        }
        // 64 bytes of other characters.
        assert_eq!(Sha256::parse(&"é".repeat(32)), None);
    }
}
