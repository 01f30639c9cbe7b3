//! The parameters of a query string (`application/x-www-form-urlencoded`, URL Standard, section 5).
//!
//! The standard reads whatever there is: it keeps a `%` that begins no code, and puts `U+FFFD` in place of bytes that are not
//! UTF-8. Either would be another value than the one that the client has, so both are refused here.

use std::borrow::Cow;

use super::refusal::HttpRefusal;

/// Each parameter with its value, both decoded.
pub(super) fn parameters(
    query: &str,
) -> Result<impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)>, HttpRefusal> {
    check(query)?;
    Ok(url::form_urlencoded::parse(query.as_bytes()))
}

/// Refuses a query string with broken percent-encoding.
pub(super) fn check(query: &str) -> Result<(), HttpRefusal> {
    let bytes = query.as_bytes();
    let mut is_ascii = true;
    for at in memchr::memchr_iter(b'%', bytes) {
        let digits = [at + 1, at + 2].map(|at| bytes.get(at).and_then(hexadecimal));
        let [Some(high), Some(_)] = digits else {
            return Err(HttpRefusal::malformed(
                "The query string has a `%` without two hexadecimal digits behind it; write `%25` for the character itself",
            ));
        };
        is_ascii &= high < 8;
    }
    let is_text = |part: &[u8]| {
        let decoded = percent_encoding::percent_decode(part);
        decoded.decode_utf8().is_ok()
    };
    // Names and values apart: a character that begins in one does not end in another.
    let mut parts = bytes.split(|byte| matches!(byte, b'&' | b'='));
    match is_ascii || parts.all(is_text) {
        true => Ok(()),
        false => Err(HttpRefusal::malformed(
            "The query string has percent-encoded bytes that are not UTF-8",
        )),
    }
}

fn hexadecimal(digit: &u8) -> Option<u32> {
    char::from(*digit).to_digit(16)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_decoded_is_refused() {
        for good in [
            "",
            "a=b",
            "a=%C3%A4&%c3%a4=+",
            "a=%25zz",
            "ä=ä",
            "a=%7F%00",
            "=&=&%26%3D",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
        for (wrong, why) in [
            ("a=%", "two hexadecimal digits"),
            ("a=%4", "two hexadecimal digits"),
            ("a=%zz", "two hexadecimal digits"),
            ("a=%+1", "two hexadecimal digits"),
            ("a=%4&b=1", "two hexadecimal digits"),
            ("%g0=1", "two hexadecimal digits"),
            ("a=%ff", "not UTF-8"),
            ("%ff=a", "not UTF-8"),
            ("a=%C3&b=%A4", "not UTF-8"),
            ("a%C3=%A4", "not UTF-8"),
            ("a=%ED%A0%80", "not UTF-8"),
        ] {
            let refused = check(wrong).unwrap_err();
            assert_eq!(refused.status, 400, "{wrong}");
            assert!(
                refused.message.contains(why),
                "{wrong}: {}",
                refused.message
            );
        }
        let read: Vec<_> = parameters("a=%C3%A4+b&c").unwrap().collect();
        assert_eq!(read, [("a".into(), "ä b".into()), ("c".into(), "".into())]);
    }
}
