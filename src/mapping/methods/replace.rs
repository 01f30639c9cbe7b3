//! `replace(text, with)`, `replacePattern(pattern, with)`: all places where a text, or a regular expression, occurs. `with` may
//! refer to groups of the pattern: `$1`, `${name}`; `$$` is a dollar sign.
//!
//! The regular expressions are those of the crate `regex`, which match in a time linear in the text: no pattern can hang.

use std::cell::RefCell;

use regex::{Regex, RegexBuilder};

use super::call::{Call, Method};
use crate::document::Value;
use crate::mapping::method::{Arguments, Effect, Signature};
use crate::mapping::shape::ScalarShape;

pub(super) const METHODS: &[Method] = &[row("replace", replace), row("replacePattern", by_pattern)];

const fn row(name: &'static str, apply: fn(&mut Call<'_, '_>) -> Option<Value>) -> Method {
    Method {
        signature: Signature {
            name,
            arguments: Arguments::Count(2, 2),
            effect: Effect::Leaf(ScalarShape::String),
        },
        apply,
    }
}

/// The most bytes of a compiled pattern.
const MOST_COMPILED: usize = 64 << 10;

/// The most patterns that a thread keeps compiled.
const MOST_KEPT: usize = 16;

thread_local! {
    /// A mapping applies the same pattern to many values: the last used patterns, the latest last.
    static COMPILED: RefCell<Vec<Regex>> = const { RefCell::new(Vec::new()) };
}

fn replace(call: &mut Call<'_, '_>) -> Option<Value> {
    let Some(text) = call.input.as_str() else {
        return call.unfit("a string");
    };
    let (wanted, with) = (call.argument(0), call.argument(1));
    let Some(wanted) = wanted
        .as_ref()
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
    else {
        return call.unfit_argument("a string that is not empty", wanted.as_ref());
    };
    let Some(with) = with.as_ref().and_then(Value::as_str) else {
        return call.unfit_argument("a string", with.as_ref());
    };
    call.charge_reading(text.len())?;
    let count = text.matches(wanted).count();
    if count == 0 {
        return Some(call.input.clone());
    }
    call.charge_text(text.len() + count.saturating_mul(with.len()))?;
    Some(text.replace(wanted, with).into())
}

fn by_pattern(call: &mut Call<'_, '_>) -> Option<Value> {
    let Some(text) = call.input.as_str() else {
        return call.unfit("a string");
    };
    let (pattern, with) = (call.argument(0), call.argument(1));
    let Some(pattern) = pattern.as_ref().and_then(Value::as_str) else {
        return call.unfit_argument("a regular expression", pattern.as_ref());
    };
    let Some(with) = with.as_ref().and_then(Value::as_str) else {
        return call.unfit_argument("a string", with.as_ref());
    };
    let Some(regex) = compiled(call, pattern)? else {
        return call.fail(|| "the regular expression is invalid, or too large".to_owned());
    };
    // Several states of the pattern may be visited for each byte.
    call.charge(text.len() * 4)?;
    let mut replaced = String::new();
    let mut end = 0;
    for found in regex.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        let before = replaced.len();
        replaced.push_str(text.get(end..whole.start()).unwrap_or_default());
        found.expand(with, &mut replaced);
        end = whole.end();
        call.charge(1)?;
        call.charge_text(replaced.len() - before)?;
    }
    if end == 0 && replaced.is_empty() {
        return Some(call.input.clone());
    }
    let rest = text.get(end..).unwrap_or_default();
    call.charge_text(rest.len())?;
    replaced.push_str(rest);
    Some(replaced.into())
}

/// The compiled pattern; within, `None` if it is invalid. `None` if the budget is used up.
fn compiled(call: &mut Call<'_, '_>, pattern: &str) -> Option<Option<Regex>> {
    let kept = COMPILED.with_borrow_mut(|kept| {
        let at = kept.iter().position(|regex| regex.as_str() == pattern)?;
        let regex = kept.remove(at);
        kept.push(regex.clone());
        Some(regex)
    });
    if kept.is_some() {
        return Some(kept);
    }
    // To compile takes some ten to hundred microseconds, as some thousand steps do.
    call.charge(2_000 + pattern.len() * 20)?;
    let compiled = RegexBuilder::new(pattern)
        .size_limit(MOST_COMPILED)
        .dfa_size_limit(MOST_COMPILED)
        .build();
    let Ok(regex) = compiled else {
        return Some(None);
    };
    COMPILED.with_borrow_mut(|kept| {
        if kept.len() >= MOST_KEPT {
            kept.remove(0);
        }
        kept.push(regex.clone());
    });
    Some(Some(regex))
}
