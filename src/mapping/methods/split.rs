//! `split(separator[, limit])`: a string's parts; with an empty separator, its characters. With a limit, the last part is
//! the rest of the string.

use super::call::{Call, Method};
use crate::document::Value;
use crate::mapping::method::{Arguments, Effect, Signature};

pub(super) const METHODS: &[Method] = &[Method {
    signature: Signature {
        name: "split",
        arguments: Arguments::Count(1, 2),
        effect: Effect::Opaque(1),
    },
    apply: split,
}];

fn split(call: &mut Call<'_, '_>) -> Option<Value> {
    let Some(text) = call.input.as_str() else {
        return call.unfit("a string");
    };
    let separator = call.argument(0);
    let Some(separator) = separator.as_ref().and_then(Value::as_str) else {
        return call.unfit_argument("a string", separator.as_ref());
    };
    let limit = if call.given() > 1 {
        let argument = call.argument(1);
        match argument.as_ref().and_then(limit) {
            Some(limit) => limit,
            None => return call.unfit_argument("a number of parts from 1", argument.as_ref()),
        }
    } else {
        usize::MAX
    };
    call.charge_reading(text.len())?;
    let count = if separator.is_empty() {
        text.len()
    } else {
        text.matches(separator).count() + 1
    };
    call.charge(count.min(limit))?;
    call.charge_text(text.len())?;
    Some(if separator.is_empty() {
        characters(text, limit)
    } else {
        text.splitn(limit, separator).collect()
    })
}

/// The most parts, at least one.
fn limit(argument: &Value) -> Option<usize> {
    let whole = argument.as_number()?.as_whole()?;
    usize::try_from(whole).ok().filter(|limit| *limit > 0)
}

/// Each character, and in the last part the rest.
fn characters(text: &str, limit: usize) -> Value {
    let starts = text.char_indices().map(|(at, _)| at);
    let cuts: Vec<usize> = starts.take(limit).chain([text.len()]).collect();
    let ends = cuts.iter().skip(1);
    let last = cuts.len().saturating_sub(2);
    let parts = cuts
        .iter()
        .zip(ends)
        .enumerate()
        .map(|(index, (from, to))| {
            let to = if index == last { text.len() } else { *to };
            text.get(*from..to).unwrap_or_default()
        });
    parts.collect()
}
