//! Bounds on the text and the form of an operation, checked before validation and planning, and the bounds of planning, made
//! from the settings.
//!
//! An executable document is measured in one pass over its text ([`check_text`]) and one over its syntax tree
//! ([`check_document`]).

use apollo_compiler::ast::{Definition, Document};

use super::measure::Measuring;
use super::tokens;
use crate::config::Limits;
use crate::document::NumberBounds;
use crate::plan::PlanLimits;

/// How large an executable document may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DocumentLimits {
    /// Bytes of its text.
    pub(super) bytes: usize,
    /// Lexical tokens (GraphQL, section 2.1.6), without ignored ones.
    pub(super) tokens: usize,
    /// How deep fields are nested, fragments expanded; a field at the root has depth 1.
    pub(super) depth: usize,
    /// Fields with an alias, fragments expanded.
    pub(super) aliases: usize,
    /// Fields at the root of an operation, fragments expanded.
    pub(super) root_fields: usize,
    /// Fields of all operations together, fragments expanded; spreads, fragments, directives, arguments and the
    /// elements of their values count like fields. The time of validation, planning and introspection is proportional
    /// to this number, and not to the length of the text.
    pub(super) fields: usize,
}

impl From<&Limits> for DocumentLimits {
    fn from(limits: &Limits) -> DocumentLimits {
        DocumentLimits {
            bytes: limits.document_bytes.0,
            tokens: limits.tokens,
            depth: limits.depth,
            aliases: limits.aliases,
            root_fields: limits.root_fields,
            fields: limits.fields,
        }
    }
}

impl From<&Limits> for PlanLimits {
    fn from(limits: &Limits) -> PlanLimits {
        PlanLimits {
            selections: limits.plan_selections,
            steps: limits.plan_steps,
        }
    }
}

impl From<&Limits> for NumberBounds {
    fn from(limits: &Limits) -> NumberBounds {
        NumberBounds::new(limits.number_digits, limits.number_exponent)
    }
}

/// A limit was exceeded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The operation has more than {limit} {what} ({setting})")]
pub(super) struct LimitExceeded {
    /// The setting's name: `limits.depth`.
    pub(super) setting: &'static str,
    /// Its value.
    pub(super) limit: usize,
    /// What is counted, in words.
    pub(super) what: &'static str,
}

impl LimitExceeded {
    fn new(setting: &'static str, limit: usize, what: &'static str) -> LimitExceeded {
        LimitExceeded {
            setting,
            limit,
            what,
        }
    }
}

/// Checks the length of a document's text and counts its tokens; reads no further than the limit.
pub(super) fn check_text(text: &str, limits: &DocumentLimits) -> Result<(), LimitExceeded> {
    if text.len() > limits.bytes {
        return Err(LimitExceeded::new(
            "limits.document_bytes",
            limits.bytes,
            "bytes",
        ));
    }
    // A token is at least one byte, so a shorter text has no more tokens than the limit.
    let most = limits.tokens.saturating_add(1);
    if text.len() > limits.tokens && tokens::count(text, most) > limits.tokens {
        return Err(LimitExceeded::new("limits.tokens", limits.tokens, "tokens"));
    }
    Ok(())
}

/// Checks every operation of a document, also of an invalid one: a missing fragment, or one that spreads itself, counts
/// nothing there.
pub(super) fn check_document(
    document: &Document,
    limits: &DocumentLimits,
) -> Result<(), LimitExceeded> {
    let mut measuring = Measuring::new(document);
    let mut all = 0_usize;
    for definition in &document.definitions {
        let Definition::OperationDefinition(operation) = definition else {
            continue;
        };
        let size = measuring.operation(operation);
        let Some(size) = size.filter(|size| size.depth <= limits.depth) else {
            return Err(LimitExceeded::new(
                "limits.depth",
                limits.depth,
                "levels of fields",
            ));
        };
        if size.aliases > limits.aliases {
            return Err(LimitExceeded::new(
                "limits.aliases",
                limits.aliases,
                "aliases",
            ));
        }
        if size.fields > limits.root_fields {
            let what = "fields at its root";
            return Err(LimitExceeded::new(
                "limits.root_fields",
                limits.root_fields,
                what,
            ));
        }
        all = all.saturating_add(size.all);
        if all > limits.fields {
            let what = "fields, arguments and values, fragments expanded";
            return Err(LimitExceeded::new("limits.fields", limits.fields, what));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const AMPLE: DocumentLimits = DocumentLimits {
        bytes: 1_000_000,
        tokens: 1_000_000,
        depth: 1_000_000,
        aliases: 1_000_000,
        root_fields: 1_000_000,
        fields: 1_000_000,
    };

    fn check(text: &str, limits: &DocumentLimits) -> Result<(), &'static str> {
        check_text(text, limits).map_err(|exceeded| exceeded.setting)?;
        let document = Document::parse(text, "test.graphql").unwrap();
        check_document(&document, limits).map_err(|exceeded| exceeded.setting)
    }

    #[test]
    fn each_limit_holds_at_n_and_not_at_n_plus_1() {
        let text = "{ a { b: c { d } ...F } ...F } fragment F on T { x: y { z { z } } }";
        // Depth: a, x, z, z. Aliases: b, x twice. At the root: a, x. In all: a, c, d, and two spreads of three fields.
        type Set = fn(&mut DocumentLimits, usize);
        let cases: [(&str, Set, usize); 6] = [
            (
                "limits.document_bytes",
                |limits, n| limits.bytes = n,
                text.len(),
            ),
            ("limits.tokens", |limits, n| limits.tokens = n, 30),
            ("limits.depth", |limits, n| limits.depth = n, 4),
            ("limits.aliases", |limits, n| limits.aliases = n, 3),
            ("limits.root_fields", |limits, n| limits.root_fields = n, 2),
            ("limits.fields", |limits, n| limits.fields = n, 11),
        ];
        for (setting, set, n) in cases {
            let mut limits = AMPLE;
            set(&mut limits, n);
            assert_eq!(check(text, &limits), Ok(()), "{setting} = {n}");
            set(&mut limits, n - 1);
            assert_eq!(check(text, &limits), Err(setting), "{setting} = {}", n - 1);
        }
    }

    #[test]
    fn spreads_that_multiply_cost_no_more_than_their_text() {
        let mut text = "{ ...F0 }".to_owned();
        for index in 0..60 {
            let next = index + 1;
            text += &format!(
                " fragment F{index} on T {{ a: b {{ ...F{next} }} c: d {{ ...F{next} }} }}"
            );
        }
        text += " fragment F60 on T { e }";
        let limits = DocumentLimits {
            aliases: 200,
            ..AMPLE
        };
        assert_eq!(check(&text, &limits), Err("limits.aliases"));
    }

    #[test]
    fn all_that_takes_time_counts_like_a_field() {
        let cases = [
            ("{ a }", 1),
            ("{ a(b: 1, c: $d) }", 3),
            ("{ a(b: [1, 2, [3]], c: { d: 1, e: { f: 2 } }) }", 10),
            ("query ($v: [Int] = [1, 2] @d) @d(e: 1) { a @f }", 8),
            ("{ a ... @d { b } ...F @d } fragment F on T @d { c }", 8),
            // Each operation is validated and planned with all of its fragments.
            (
                "query A { ...F } query B { ...F } fragment F on T { a b c }",
                8,
            ),
        ];
        for (text, n) in cases {
            let with = |fields| DocumentLimits { fields, ..AMPLE };
            assert_eq!(check(text, &with(n)), Ok(()), "{text}");
            assert_eq!(check(text, &with(n - 1)), Err("limits.fields"), "{text}");
        }
    }

    #[test]
    fn an_invalid_document_is_measured_too() {
        let text = "{ ...F ...Missing } fragment F on T { a { ...F } }";
        assert_eq!(check(text, &AMPLE), Ok(()));
        let mut chain = "{ ...F0 }".to_owned();
        for index in 0..3000 {
            chain += &format!(" fragment F{index} on T {{ ...F{} }}", index + 1);
        }
        assert_eq!(check(&chain, &AMPLE), Err("limits.depth"));
    }
}
