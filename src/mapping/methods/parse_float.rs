//! `parseFloat([pattern])`: the number in a text, which must have no other text. It keeps its digits: `"1.10"` is 1.10. A
//! number is given back.
//!
//! A pattern shows how numbers are written, by the signs between its `#` and `0`: `#,##,##0.00`, `#.##0,00`, `# ##0`. The last
//! sign, if only `0` follow it, is the decimal sign; the other signs group digits.

use super::call::{Call, Method};
use crate::document::{Number, Value};
use crate::mapping::method::{Arguments, Effect, Signature};
use crate::mapping::shape::ScalarShape;

pub(super) const METHODS: &[Method] = &[Method {
    signature: Signature {
        name: "parseFloat",
        arguments: Arguments::Count(0, 1),
        effect: Effect::Leaf(ScalarShape::Number),
    },
    apply: parse,
}];

/// How a number is written.
struct Style {
    decimal: Option<char>,
    grouping: Vec<char>,
}

fn parse(call: &mut Call<'_, '_>) -> Option<Value> {
    let text = match call.input {
        Value::String(text) => text,
        Value::Number(_) => return Some(call.input.clone()),
        _ => return call.unfit("a string or a number"),
    };
    let style = if call.given() == 0 {
        Some(Style {
            decimal: Some('.'),
            grouping: Vec::new(),
        })
    } else {
        let pattern = call.argument(0);
        match pattern.as_ref().and_then(Value::as_str).map(style_of) {
            Some(style) => style,
            None => return call.unfit_argument("a pattern like \"#,##0.00\"", pattern.as_ref()),
        }
    };
    let Some(style) = style else {
        return call.fail(|| "the pattern is not like `#,##0.00`".to_owned());
    };
    call.charge_text(text.len())?;
    match number(text, &style) {
        Some(number) => Some(Value::Number(number)),
        None => call.fail(|| "not a number of this form".to_owned()),
    }
}

/// The signs of a pattern.
fn style_of(pattern: &str) -> Option<Style> {
    let is_digit = |c: char| matches!(c, '#' | '0');
    let fits = pattern.starts_with(is_digit)
        && pattern.ends_with('0')
        && pattern.len() <= 64
        && !pattern
            .chars()
            .any(|c| c.is_alphanumeric() && c != '0' || matches!(c, '+' | '-'));
    if !fits {
        return None;
    }
    let last = pattern.char_indices().rev().find(|(_, c)| !is_digit(*c));
    let decimal = last.filter(|(at, sign)| {
        pattern[at + sign.len_utf8()..]
            .bytes()
            .all(|byte| byte == b'0')
    });
    let before = &pattern[..decimal.map_or(pattern.len(), |(at, _)| at)];
    let grouping: Vec<char> = before.chars().filter(|c| !is_digit(*c)).collect();
    let decimal = decimal.map(|(_, sign)| sign);
    let twice = decimal.is_some_and(|sign| grouping.contains(&sign));
    (!twice).then_some(Style { decimal, grouping })
}

/// Reads a number; digits and signs are those of the style.
fn number(text: &str, style: &Style) -> Option<Number> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = match style.decimal.and_then(|sign| text.split_once(sign)) {
        Some((whole, fraction)) => (whole, fraction),
        None => (text, ""),
    };
    let starts_and_ends = |c: char| c.is_ascii_digit();
    let grouped =
        whole.is_empty() || whole.starts_with(starts_and_ends) && whole.ends_with(starts_and_ends);
    let digits: String = whole
        .chars()
        .filter(|c| !style.grouping.contains(c))
        .collect();
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !grouped
        || !all_digits(&digits)
        || !all_digits(fraction)
        || digits.len() + fraction.len() == 0
    {
        return None;
    }
    let digits = match digits.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    let sign = if negative { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    Number::from_json(&format!("{sign}{digits}{point}{fraction}"))
}
