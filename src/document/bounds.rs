//! Bounds for the size of numbers that the gateway passes on unchanged.
//!
//! JSON has no bound: `1e999999` and an integer of 100,000 digits are valid numbers. But many parsers reject a number that
//! is not a finite 64-bit float, or that has too many digits, and with it the whole text. This module only tests whether a
//! number is within the bounds; it changes none.

use super::scan;
use super::value::Value;

/// Without an exponent, the absolute value of a number of fewer bytes is zero or between 10^-300 and 10^300.
const PLAIN: usize = 300;

/// The bytes that [`has_no_suspect`] tests together.
const BLOCK: usize = 32;

/// The bounds of a number: its digits, and its exponent. In addition it must be a finite 64-bit float (IEEE 754).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberBounds {
    digits: usize,
    exponent: i64,
    /// A number without an exponent and with at most so many bytes is within the bounds.
    plain: usize,
}

impl Default for NumberBounds {
    /// Any finite 64-bit float.
    fn default() -> Self {
        NumberBounds::new(usize::MAX, usize::MAX)
    }
}

impl NumberBounds {
    /// At most `digits` digits, including those of the exponent; and the first digit that is not zero is at most
    /// `exponent` digits from the decimal point, on either side.
    pub fn new(digits: usize, exponent: usize) -> NumberBounds {
        NumberBounds {
            digits,
            exponent: i64::try_from(exponent).unwrap_or(i64::MAX),
            plain: PLAIN.min(digits).min(exponent),
        }
    }

    /// The end of a message about a number outside the bounds, after "a number that".
    pub const BEYOND: &str = "is out of range or has too many digits";

    /// Whether a JSON number is within the bounds.
    #[inline]
    pub fn admits(&self, text: &[u8]) -> bool {
        // The usual case: the length alone decides.
        (text.len() <= self.plain && !has_exponent(text)) || self.measure(text)
    }

    /// Whether all numbers of a valid JSON text are within the bounds.
    pub fn admits_all(&self, json: &[u8]) -> bool {
        if self.plain > 2 * BLOCK && has_no_suspect(json) {
            return true;
        }
        let mut at = 0;
        while let Some(&byte) = json.get(at) {
            match byte {
                b'"' => at = scan::string(json, at + 1).map_or(json.len(), |(end, _)| end),
                b'-' | b'0'..=b'9' => {
                    let end = scan::number(json, at).unwrap_or(json.len());
                    if !self.admits(&json[at..end]) {
                        return false;
                    }
                    at = end;
                }
                _ => at += 1,
            }
        }
        true
    }

    /// Whether all numbers of a value are within the bounds.
    pub fn admits_value(&self, value: &Value) -> bool {
        match value {
            Value::Null | Value::Bool(_) | Value::String(_) => true,
            Value::Number(number) => self.admits(number.text(&mut itoa::Buffer::new()).as_bytes()),
            Value::Array(elements) => elements.iter().all(|one| self.admits_value(one)),
            Value::Object(object) => object.iter().all(|(_, one)| self.admits_value(one)),
        }
    }

    #[inline(never)]
    fn measure(&self, text: &[u8]) -> bool {
        let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
        if digits > self.digits {
            return false;
        }
        let Some(magnitude) = magnitude(text) else {
            return false;
        };
        if magnitude < -self.exponent || magnitude > self.exponent {
            return false;
        }
        // Numbers below 10^308 are finite. Of the others, parse: `0e999` is zero.
        magnitude < 308
            || std::str::from_utf8(text).is_ok_and(|text| text.parse().is_ok_and(f64::is_finite))
    }
}

/// The power of ten of the first digit that is not zero; for zero, its written exponent. `None` if it does not fit into
/// 64 bits.
fn magnitude(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse().ok()?),
        None => (text, 0_i64),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_digit = |digit: u8| digit != b'0';
    let magnitude = match whole.bytes().position(is_digit) {
        Some(zeros) => (whole.len() - zeros) as i64 - 1,
        None => fraction
            .bytes()
            .position(is_digit)
            .map_or(0, |zeros| -(zeros as i64) - 1),
    };
    exponent.checked_add(magnitude)
}

/// Whether a number has an exponent: of the bytes of numbers, only `e` and `E` have the bit 0x40. Most numbers fit into two
/// words, which may overlap.
#[inline]
fn has_exponent(text: &[u8]) -> bool {
    if text.len() <= 16
        && let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk())
    {
        let bits = u64::from_ne_bytes(*first) | u64::from_ne_bytes(*last);
        return bits & u64::from_ne_bytes([0x40; 8]) != 0;
    }
    if text.len() <= 8
        && let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk())
    {
        let bits = u32::from_ne_bytes(*first) | u32::from_ne_bytes(*last);
        return bits & u32::from_ne_bytes([0x40; 4]) != 0;
    }
    text.iter().fold(0, |bits, byte| bits | byte) & 0x40 != 0
}

/// True only if a JSON text has no number with an exponent, and none with the length of two blocks: no digit is followed by
/// an `e`, and no block consists of digits. This tests strings as well, so it may return false for a text without such
/// numbers. It is many times faster than reading each number.
fn has_no_suspect(json: &[u8]) -> bool {
    let mut digit_before = false;
    let (blocks, rest) = json.as_chunks::<BLOCK>();
    for block in blocks {
        let (exponents, digits) = suspects(block);
        if exponents || digits || (digit_before && is_e(block[0])) {
            return false;
        }
        digit_before = block[BLOCK - 1].is_ascii_digit();
    }
    let exponent_first = digit_before && rest.first().is_some_and(|byte| is_e(*byte));
    !exponent_first && !suspects(rest).0
}

/// Whether a digit is followed by an `e`, and whether all bytes are digits or points.
#[inline(always)]
fn suspects(block: &[u8]) -> (bool, bool) {
    let pairs = block.iter().zip(block.iter().skip(1));
    let exponents = pairs.fold(false, |any, (byte, next)| {
        any | (byte.is_ascii_digit() & is_e(*next))
    });
    let digits = block.iter().fold(true, |all, byte| {
        all & (byte.is_ascii_digit() | (*byte == b'.'))
    });
    (exponents, digits)
}

#[inline(always)]
fn is_e(byte: u8) -> bool {
    byte | 0x20 == b'e'
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::super::number::Number;
    use super::*;

    /// The defaults of the settings.
    const USUAL: (usize, usize) = (500, 324);

    /// The reference: compares the number with the bounds.
    fn by_comparison(text: &str, digits: usize, exponent: usize) -> bool {
        let number = |text: &str| Number::from_json(text).unwrap();
        let size = number(text.trim_start_matches('-'));
        let written = text.split(['e', 'E']).nth(1);
        let is_zero = size == Number::from(0);
        let in_range = match written.filter(|_| is_zero) {
            Some(written) => written
                .parse::<i64>()
                .is_ok_and(|own| own.unsigned_abs() <= exponent as u64),
            None if is_zero => true,
            None => {
                size >= number(&format!("1e-{exponent}"))
                    && size < number(&format!("1e{}", exponent + 1))
            }
        };
        text.bytes().filter(u8::is_ascii_digit).count() <= digits
            && in_range
            && text.parse::<f64>().unwrap().is_finite()
    }

    fn by_each_number(bounds: NumberBounds, value: &Value) -> bool {
        match value {
            Value::Number(number) => bounds.admits(number.to_string().as_bytes()),
            Value::Array(all) => all.iter().all(|one| by_each_number(bounds, one)),
            Value::Object(all) => all.iter().all(|(_, one)| by_each_number(bounds, one)),
            _ => true,
        }
    }

    #[test]
    fn what_is_passed_on() {
        let zeros = |count| "0".repeat(count);
        let bounds = NumberBounds::new(USUAL.0, USUAL.1);
        let within = [
            "0".to_owned(),
            "-0.0e0".to_owned(),
            "0E310".to_owned(),
            "18446744073709551615".to_owned(),
            "-123456789012345678901234567890.123456789012345678901234567890".to_owned(),
            "1.7976931348623157e308".to_owned(),
            "-17976931348623157e292".to_owned(),
            "5e-324".to_owned(),
            "1e0000000000000000000000000000000000000005".to_owned(),
            format!("1{}", zeros(308)),
            format!("0.{}1", zeros(323)),
            format!("1{}e-700", zeros(400)),
            format!("3.{}", "1".repeat(499)),
        ];
        for text in within {
            assert!(bounds.admits(text.as_bytes()), "{text}");
            assert!(by_comparison(&text, USUAL.0, USUAL.1), "{text}");
        }
        let beyond = [
            "1e999999".to_owned(),
            "-1E+999999".to_owned(),
            "1e-999999".to_owned(),
            "0e999999".to_owned(),
            "1.7976931348623159e308".to_owned(),
            "2e308".to_owned(),
            "1e309".to_owned(),
            "9e-325".to_owned(),
            "1e99999999999999999999999999".to_owned(),
            "1e-99999999999999999999999999".to_owned(),
            format!("1{}", zeros(309)),
            format!("0.{}1", zeros(324)),
            format!("3.{}", "1".repeat(500)),
            format!("1e{}5", zeros(500)),
            "9".repeat(100_000),
        ];
        for text in beyond {
            assert!(!bounds.admits(text.as_bytes()), "{text}");
            assert!(!by_comparison(&text, USUAL.0, USUAL.1), "{text}");
        }
    }

    #[test]
    fn numbers_inside_a_text() {
        let bounds = NumberBounds::new(USUAL.0, USUAL.1);
        let long = "9".repeat(1_000);
        let within = [
            format!("{{\"id\":\"{long}\",\"e\":\"1e999999\",\"\\\"1e999999\":[1e5,-2.5E-3,{{}}]}}"),
            format!("\"{long}e{long}\""),
            "[]".to_owned(),
            "true".to_owned(),
        ];
        for text in within {
            assert!(bounds.admits_all(text.as_bytes()), "{text}");
        }
        for number in ["1e999999", "-1E999999", &long, "1e-999"] {
            for before in 0..2 * BLOCK {
                let filling = "x".repeat(before);
                let text = format!("[\"{filling}\",{{\"n\":{number}}},\"{filling}\"]");
                assert!(!bounds.admits_all(text.as_bytes()), "{text}");
                assert!(!bounds.admits_all(number.as_bytes()), "{number}");
            }
        }
    }

    #[test]
    fn an_exponent_is_found_wherever_it_stands() {
        for length in 0..40 {
            let plain: Vec<u8> = b"-1.2345678990"
                .iter()
                .copied()
                .cycle()
                .take(length)
                .collect();
            assert!(!has_exponent(&plain));
            for at in 0..length {
                for e in *b"eE" {
                    let mut text = plain.clone();
                    text[at] = e;
                    assert!(has_exponent(&text), "{at} of {length}");
                }
            }
        }
    }

    fn number() -> impl Strategy<Value = String> {
        let mantissa = prop_oneof![
            "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,25})?",
            "-?[1-9][0-9]{280,340}",
            "-?0\\.0{280,340}[0-9]{1,20}",
            "-?1\\.79769313486231[0-9]{2,5}",
        ];
        let exponent = prop_oneof![
            3 => Just(String::new()),
            2 => "[eE][+-]?[0-9]{1,2}",
            2 => "[eE][+-]?(29|30|31|32)[0-9]",
            1 => "[eE][+-]?0{0,3}[0-9]{3,12}",
        ];
        (mantissa, exponent).prop_map(|(mantissa, exponent)| mantissa + &exponent)
    }

    fn bounds() -> impl Strategy<Value = (usize, usize)> {
        prop_oneof![Just(USUAL), (1_usize..60, 0_usize..60)]
    }

    proptest! {
        #[test]
        fn measuring_and_comparing_agree(text in number(), (digits, exponent) in bounds()) {
            let own = NumberBounds::new(digits, exponent).admits(text.as_bytes());
            prop_assert_eq!(own, by_comparison(&text, digits, exponent));
        }

        #[test]
        fn a_text_is_what_its_numbers_are(
            numbers in prop::collection::vec(number(), 1..6),
            filling in "[0-9a-f\\\\n\" :,.-]{0,80}",
            (digits, exponent) in bounds(),
        ) {
            let filling = Value::from(filling.as_str()).to_json();
            let text = format!("{{{filling}:[{}],\"k\":{filling}}}", numbers.join(","));
            let value = Value::parse_json(text.as_bytes()).unwrap();
            let bounds = NumberBounds::new(digits, exponent);
            let expected = by_each_number(bounds, &value);
            prop_assert_eq!(bounds.admits_all(text.as_bytes()), expected);
            prop_assert_eq!(bounds.admits_value(&value), expected);
        }
    }
}
