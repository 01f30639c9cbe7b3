//! Numbers with the digits as they were received.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use super::scan;

/// A JSON number, of any length and precision.
///
/// `1.10` stays `1.10`, and an identifier of 30 digits keeps all of them: upstreams send amounts and
/// identifiers that no machine number can represent. Equality and order are exactly those of the
/// numeric values: `1 == 1.0 == 10e-1`.
#[derive(Clone)]
pub struct Number(Repr);

#[derive(Clone)]
enum Repr {
    /// An integer whose text is its shortest decimal form.
    Int(i64),
    /// Any other number, as JSON text.
    Text(Arc<str>),
}

impl Number {
    /// A number from its JSON text; `None` if the text is anything but one number.
    pub fn from_json(text: &str) -> Option<Number> {
        (scan::number(text.as_bytes(), 0) == Ok(text.len())).then(|| Self::from_valid(text))
    }

    /// As [`from_json`](Self::from_json), for text that a reader has validated.
    pub(super) fn from_valid(text: &str) -> Number {
        // Longer texts may overflow; `-0` would lose its sign.
        if text.len() <= 19
            && text != "-0"
            && let Ok(int) = text.parse::<i64>()
        {
            return Number(Repr::Int(int));
        }
        Number(Repr::Text(Arc::from(text)))
    }

    /// A number from a machine float, always written with a fraction (`2.0`); `None` for infinities
    /// and NaN, which JSON does not have.
    pub fn from_f64(float: f64) -> Option<Number> {
        float.is_finite().then(|| {
            Number(Repr::Text(Arc::from(
                ryu::Buffer::new().format_finite(float),
            )))
        })
    }

    /// Whether it is written without fraction and exponent.
    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Repr::Int(_) => true,
            Repr::Text(text) => !text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')),
        }
    }

    /// The value, if it is written as an integer and fits.
    pub fn as_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Int(int) => Some(*int),
            Repr::Text(text) => text.parse().ok(),
        }
    }

    /// The value, if it is whole and fits, however it is written: `1`, `1.0` and `10e-1` give 1.
    pub fn as_whole(&self) -> Option<i64> {
        if let Some(int) = self.as_i64() {
            return Some(int);
        }
        let decimal = Decimal::of(self.text(&mut itoa::Buffer::new()))?;
        if decimal.digits.is_empty() {
            return Some(0);
        }
        // `0.d1d2d3 × 10^point`: whole if the point is behind the last digit.
        let zeros = decimal.point.checked_sub(decimal.digits.len() as i64)?;
        if !(0..=18).contains(&zeros) || decimal.point > 19 {
            return None;
        }
        let digits = std::str::from_utf8(&decimal.digits).ok()?;
        let sign = if decimal.negative { "-" } else { "" };
        format!("{sign}{digits}{}", "0".repeat(zeros as usize))
            .parse()
            .ok()
    }

    /// The nearest machine float; infinite if the number is too large for one.
    pub fn as_f64(&self) -> f64 {
        match &self.0 {
            Repr::Int(int) => *int as f64,
            Repr::Text(text) => text.parse().unwrap_or(f64::NAN),
        }
    }

    /// The length of its JSON text in bytes, or a few more.
    pub fn length(&self) -> usize {
        match &self.0 {
            Repr::Int(_) => 20,
            Repr::Text(text) => text.len(),
        }
    }

    /// The JSON text, as received.
    pub(super) fn text<'a>(&'a self, buffer: &'a mut itoa::Buffer) -> &'a str {
        match &self.0 {
            Repr::Int(int) => buffer.format(*int),
            Repr::Text(text) => text,
        }
    }
}

/// `0.digits × 10^point` with neither leading nor trailing zeros; zero has no digits.
struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    point: i64,
}

impl Decimal {
    fn of(text: &str) -> Option<Decimal> {
        let negative = text.starts_with('-');
        let (mantissa, exponent) = match text.trim_start_matches('-').split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, saturating(exponent)),
            None => (text.trim_start_matches('-'), 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let leading = digits.iter().take_while(|&&digit| digit == b'0').count();
        digits.drain(..leading);
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        let point = exponent
            .checked_add(whole.len() as i64)?
            .checked_sub(leading as i64)?;
        Some(if digits.is_empty() {
            Decimal {
                negative: false,
                digits,
                point: 0,
            }
        } else {
            Decimal {
                negative,
                digits,
                point,
            }
        })
    }
}

/// An exponent; larger ones are limited to ±10^18, and compare as equal.
fn saturating(exponent: &str) -> i64 {
    const FAR: i64 = 1_000_000_000_000_000_000;
    match exponent.trim_start_matches('+').parse::<i64>() {
        Ok(exponent) => exponent.clamp(-FAR, FAR),
        Err(_) if exponent.starts_with('-') => -FAR,
        Err(_) => FAR,
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        if let (Repr::Int(a), Repr::Int(b)) = (&self.0, &other.0) {
            return a.cmp(b);
        }
        let (mut left, mut right) = (itoa::Buffer::new(), itoa::Buffer::new());
        let (Some(a), Some(b)) = (
            Decimal::of(self.text(&mut left)),
            Decimal::of(other.text(&mut right)),
        ) else {
            return Ordering::Equal;
        };
        let sign = |decimal: &Decimal| match (decimal.digits.is_empty(), decimal.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let size = a.point.cmp(&b.point).then_with(|| a.digits.cmp(&b.digits));
        sign(&a)
            .cmp(&sign(&b))
            .then(if a.negative { size.reverse() } else { size })
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl From<i64> for Number {
    fn from(int: i64) -> Self {
        Number(Repr::Int(int))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text(&mut itoa::Buffer::new()))
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
