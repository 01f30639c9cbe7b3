//! Exact arithmetic on decimal numbers: `decimalAdd`, `decimalSub`, `decimalMul`, `decimalDiv(x, digits)`,
//! `decimalRound(digits)`. Input and arguments are texts like `"338.45"`, or numbers; the result is a text, since a client may
//! not be able to read the digits of a number. Up to 38 digits; a result with more is missing.

use super::call::{Call, Method};
use super::to_string;
use crate::document::Value;
use crate::mapping::method::{Arguments, Effect, Signature};
use crate::mapping::shape::ScalarShape;

pub(super) const METHODS: &[Method] = &[
    row("decimalAdd", Arguments::AtLeast(1), |call| {
        fold(call, Decimal::add)
    }),
    row("decimalSub", Arguments::AtLeast(1), |call| {
        fold(call, |a, b| a.add(b.negated()?))
    }),
    row("decimalMul", Arguments::AtLeast(1), |call| {
        fold(call, Decimal::mul)
    }),
    row("decimalDiv", Arguments::Count(2, 2), divide),
    row("decimalRound", Arguments::Count(1, 1), round),
];

const fn row(
    name: &'static str,
    arguments: Arguments,
    apply: fn(&mut Call<'_, '_>) -> Option<Value>,
) -> Method {
    Method {
        signature: Signature {
            name,
            arguments,
            effect: Effect::Leaf(ScalarShape::String),
        },
        apply,
    }
}

const WANTED: &str = "a decimal number";
const TOO_LONG: &str = "the result has more than 38 digits";

/// The longest text of a number, in bytes: 38 digits, some zeros, a sign and a point.
const LONGEST: usize = 64;

/// The most digits behind the point.
const MOST_DIGITS: u32 = 30;

/// `mantissa × 10^-scale`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decimal {
    mantissa: i128,
    scale: u32,
}

impl Decimal {
    pub(super) const ZERO: Decimal = Decimal {
        mantissa: 0,
        scale: 0,
    };

    /// A number in decimal notation, without exponent.
    pub(super) fn parse(text: &str) -> Option<Decimal> {
        if text.len() > LONGEST {
            return None;
        }
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let scale = u32::try_from(fraction.len())
            .ok()
            .filter(|scale| *scale <= MOST_DIGITS)?;
        let unsigned = whole.strip_prefix(['-', '+']).unwrap_or(whole);
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(unsigned) || !digits(fraction) || unsigned.len() + fraction.len() == 0 {
            return None;
        }
        let mantissa = format!("{whole}{fraction}").parse().ok()?;
        Some(Decimal { mantissa, scale })
    }

    /// The decimal number that a value is or has as its text.
    pub(super) fn of(value: &Value) -> Option<Decimal> {
        match value {
            Value::Number(_) | Value::String(_) => Decimal::parse(&to_string::text(value)?),
            _ => None,
        }
    }

    pub(super) fn add(self, other: Decimal) -> Option<Decimal> {
        let scale = self.scale.max(other.scale);
        let mantissa = self.scaled(scale)?.checked_add(other.scaled(scale)?)?;
        Some(Decimal { mantissa, scale })
    }

    fn mul(self, other: Decimal) -> Option<Decimal> {
        let mantissa = self.mantissa.checked_mul(other.mantissa)?;
        let scale = self.scale + other.scale;
        (scale <= MOST_DIGITS).then_some(Decimal { mantissa, scale })
    }

    fn negated(self) -> Option<Decimal> {
        let mantissa = self.mantissa.checked_neg()?;
        Some(Decimal { mantissa, ..self })
    }

    /// The mantissa with this scale, which is not smaller.
    fn scaled(self, scale: u32) -> Option<i128> {
        let factor = 10_i128.checked_pow(scale.checked_sub(self.scale)?)?;
        self.mantissa.checked_mul(factor)
    }

    /// The quotient with these digits behind the point; a half is rounded away from zero. `None` if it has too many digits;
    /// the divisor is not zero.
    fn div(self, by: Decimal, digits: u32) -> Option<Decimal> {
        // self / by = m1 × 10^(s2 - s1) / m2
        let exponent = i64::from(digits) + i64::from(by.scale) - i64::from(self.scale);
        let power = 10_i128.checked_pow(u32::try_from(exponent.unsigned_abs()).ok()?)?;
        let (numerator, denominator) = match exponent < 0 {
            false => (self.mantissa.checked_mul(power)?, by.mantissa),
            true => (self.mantissa, by.mantissa.checked_mul(power)?),
        };
        let (quotient, rest) = (
            numerator.checked_div(denominator)?,
            numerator.checked_rem(denominator)?,
        );
        let away = rest.unsigned_abs() >= denominator.unsigned_abs().div_ceil(2);
        let step = match (away, (numerator < 0) == (denominator < 0)) {
            (false, _) => 0,
            (true, true) => 1,
            (true, false) => -1,
        };
        Some(Decimal {
            mantissa: quotient.checked_add(step)?,
            scale: digits,
        })
    }

    /// Its digits.
    pub(super) fn text(self) -> String {
        let digits = self.mantissa.unsigned_abs().to_string();
        let scale = self.scale as usize;
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let point = if scale == 0 { "" } else { "." };
        format!("{sign}{whole}{point}{fraction}")
    }
}

/// Applies an operation to the input and each argument in turn.
fn fold(
    call: &mut Call<'_, '_>,
    operation: fn(Decimal, Decimal) -> Option<Decimal>,
) -> Option<Value> {
    let Some(mut result) = Decimal::of(call.input) else {
        return call.unfit(WANTED);
    };
    for index in 0..call.given() {
        let argument = call.argument(index);
        let Some(next) = argument.as_ref().and_then(Decimal::of) else {
            return call.unfit_argument(WANTED, argument.as_ref());
        };
        match operation(result, next) {
            Some(value) => result = value,
            None => return call.fail(|| TOO_LONG.to_owned()),
        }
    }
    text(call, result)
}

fn divide(call: &mut Call<'_, '_>) -> Option<Value> {
    let Some(input) = Decimal::of(call.input) else {
        return call.unfit(WANTED);
    };
    let by = call.argument(0);
    let Some(by) = by.as_ref().and_then(Decimal::of) else {
        return call.unfit_argument(WANTED, by.as_ref());
    };
    let digits = digits(call, 1)?;
    if by.mantissa == 0 {
        return call.fail(|| "division by zero".to_owned());
    }
    match input.div(by, digits) {
        Some(quotient) => text(call, quotient),
        None => call.fail(|| TOO_LONG.to_owned()),
    }
}

fn round(call: &mut Call<'_, '_>) -> Option<Value> {
    let Some(input) = Decimal::of(call.input) else {
        return call.unfit(WANTED);
    };
    let digits = digits(call, 0)?;
    let one = Decimal {
        mantissa: 1,
        scale: 0,
    };
    match input.div(one, digits) {
        Some(rounded) => text(call, rounded),
        None => call.fail(|| TOO_LONG.to_owned()),
    }
}

/// An argument as a number of digits behind the point.
fn digits(call: &mut Call<'_, '_>, index: usize) -> Option<u32> {
    let argument = call.argument(index);
    let whole = argument
        .as_ref()
        .and_then(Value::as_number)
        .and_then(|number| number.as_whole());
    let digits = whole.and_then(|whole| u32::try_from(whole).ok());
    let digits = digits.filter(|digits| *digits <= MOST_DIGITS);
    if digits.is_none() {
        call.unfit_argument("a number of digits from 0 to 30", argument.as_ref());
    }
    digits
}

fn text(call: &mut Call<'_, '_>, decimal: Decimal) -> Option<Value> {
    let text = decimal.text();
    call.charge_text(text.len())?;
    Some(text.into())
}
