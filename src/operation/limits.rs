//! Bounds on the text and the form of an operation, checked before validation and planning, and the bounds of planning, made
//! from the settings.
//!
//! An executable document is measured in one pass over its text ([`check_text`]) and one over its syntax tree
//! ([`check_document`]), in which each fragment is measured once, however often it is spread: a document that would
//! expand to a billion fields costs no more than its text. Pure.

use std::collections::HashMap;

use apollo_compiler::ast::{
    Argument, Definition, Directive, Document, FragmentDefinition, Selection, Value,
};
use apollo_compiler::{Name, Node};

use crate::config::Limits;
use crate::document::NumberBounds;
use crate::plan::PlanLimits;

/// How large an executable document may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentLimits {
    /// Bytes of its text.
    pub bytes: usize,
    /// Lexical tokens (GraphQL, section 2.1.6), without ignored ones.
    pub tokens: usize,
    /// How deep fields are nested, fragments expanded; a field at the root has depth 1.
    pub depth: usize,
    /// Fields with an alias, fragments expanded.
    pub aliases: usize,
    /// Fields at the root of an operation, fragments expanded.
    pub root_fields: usize,
    /// Fields of all operations together, fragments expanded; spreads, fragments, directives, arguments and the
    /// elements of their values count like fields. The time of validation, planning and introspection is proportional
    /// to this number, and not to the length of the text.
    pub fields: usize,
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

/// Checks the length of a document's text and counts its tokens; reads no further than the limit.
pub(super) fn check_text(text: &str, limits: &DocumentLimits) -> Result<(), LimitExceeded> {
    if text.len() > limits.bytes {
        return Err(LimitExceeded {
            setting: "limits.document_bytes",
            limit: limits.bytes,
            what: "bytes",
        });
    }
    // A token is at least one byte.
    if text.len() > limits.tokens && Tokens::new(text).nth(limits.tokens).is_some() {
        return Err(LimitExceeded {
            setting: "limits.tokens",
            limit: limits.tokens,
            what: "tokens",
        });
    }
    Ok(())
}

/// Checks every operation of a document, also of an invalid one: a missing fragment, or one that spreads itself, counts
/// nothing there.
pub(super) fn check_document(
    document: &Document,
    limits: &DocumentLimits,
) -> Result<(), LimitExceeded> {
    let mut measuring = Measuring {
        fragments: HashMap::new(),
        measured: HashMap::new(),
    };
    let mut all = 0_usize;
    for definition in &document.definitions {
        if let Definition::FragmentDefinition(fragment) = definition {
            measuring.fragments.insert(&fragment.name, fragment);
        }
    }
    for definition in &document.definitions {
        let Definition::OperationDefinition(operation) = definition else {
            continue;
        };
        let Some(size) = measuring.selections(&operation.selection_set, 0) else {
            return Err(too_deep(limits));
        };
        if size.depth > limits.depth {
            return Err(too_deep(limits));
        }
        if size.aliases > limits.aliases {
            return Err(LimitExceeded {
                setting: "limits.aliases",
                limit: limits.aliases,
                what: "aliases",
            });
        }
        if size.fields > limits.root_fields {
            return Err(LimitExceeded {
                setting: "limits.root_fields",
                limit: limits.root_fields,
                what: "fields at its root",
            });
        }
        let variables = operation.variables.iter();
        let variables = variables.map(|variable| {
            let default = variable.default_value.as_ref();
            1 + default.map_or(0, |value| value_size(value)) + directives_size(&variable.directives)
        });
        let own = variables.sum::<usize>() + directives_size(&operation.directives);
        all = all.saturating_add(own).saturating_add(size.all);
        if all > limits.fields {
            return Err(LimitExceeded {
                setting: "limits.fields",
                limit: limits.fields,
                what: "fields, arguments and values, fragments expanded",
            });
        }
    }
    Ok(())
}

/// Directives and what they hold.
fn directives_size(directives: &[Node<Directive>]) -> usize {
    let each = directives.iter();
    each.map(|directive| 1 + arguments_size(&directive.arguments))
        .sum()
}

/// Arguments and their values.
fn arguments_size(arguments: &[Node<Argument>]) -> usize {
    let each = arguments.iter();
    each.map(|argument| 1 + value_size(&argument.value)).sum()
}

/// The elements of a value; none if it is neither a list nor an object. The parser bounds the depth of values.
fn value_size(value: &Value) -> usize {
    match value {
        Value::List(items) => items.iter().map(|item| 1 + value_size(item)).sum(),
        Value::Object(members) => {
            let each = members.iter();
            each.map(|(_, member)| 1 + value_size(member)).sum()
        }
        _ => 0,
    }
}

fn too_deep(limits: &DocumentLimits) -> LimitExceeded {
    LimitExceeded {
        setting: "limits.depth",
        limit: limits.depth,
        what: "levels of fields",
    }
}

/// How large a selection set is, fragments expanded.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    depth: usize,
    aliases: usize,
    /// Fields at its top.
    fields: usize,
    /// Fields and everything else that takes time, at all depths.
    all: usize,
}

struct Measuring<'d> {
    fragments: HashMap<&'d Name, &'d FragmentDefinition>,
    /// Fragments that are measured, or being measured: those have no size yet.
    measured: HashMap<&'d Name, Size>,
}

/// How deep selection sets and spreads may be nested, so that this recursion uses little of the stack.
const NESTING: usize = 1_000;

impl<'d> Measuring<'d> {
    /// `None` if it is nested too deeply to be measured.
    fn selections(&mut self, selections: &'d [Selection], nesting: usize) -> Option<Size> {
        if nesting > NESTING {
            return None;
        }
        let mut total = Size::default();
        for selection in selections {
            let own = match selection {
                Selection::Field(field) => {
                    1 + arguments_size(&field.arguments) + directives_size(&field.directives)
                }
                Selection::InlineFragment(fragment) => 1 + directives_size(&fragment.directives),
                Selection::FragmentSpread(spread) => 1 + directives_size(&spread.directives),
            };
            let size = match selection {
                Selection::Field(field) => {
                    let inner = self.selections(&field.selection_set, nesting + 1)?;
                    Size {
                        depth: inner.depth.saturating_add(1),
                        aliases: inner
                            .aliases
                            .saturating_add(usize::from(field.alias.is_some())),
                        fields: 1,
                        all: inner.all,
                    }
                }
                Selection::InlineFragment(fragment) => {
                    self.selections(&fragment.selection_set, nesting + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.fragment_name, nesting + 1)?
                }
            };
            total.depth = total.depth.max(size.depth);
            total.aliases = total.aliases.saturating_add(size.aliases);
            total.fields = total.fields.saturating_add(size.fields);
            total.all = total.all.saturating_add(own).saturating_add(size.all);
        }
        Some(total)
    }

    fn fragment(&mut self, name: &'d Name, nesting: usize) -> Option<Size> {
        if let Some(size) = self.measured.get(name) {
            return Some(*size);
        }
        let Some(fragment) = self.fragments.get(name).copied() else {
            return Some(Size::default());
        };
        self.measured.insert(name, Size::default());
        let mut size = self.selections(&fragment.selection_set, nesting)?;
        size.all = size
            .all
            .saturating_add(directives_size(&fragment.directives));
        self.measured.insert(name, size);
        Some(size)
    }
}

/// The lexical tokens of a text. Bytes that are no token count as one each; the parser will refuse them.
struct Tokens<'t> {
    rest: &'t [u8],
}

impl<'t> Tokens<'t> {
    fn new(text: &'t str) -> Self {
        Tokens {
            rest: text.as_bytes(),
        }
    }

    fn skip_ignored(&mut self) {
        loop {
            match self.rest {
                [b' ' | b'\t' | b'\n' | b'\r' | b',', rest @ ..] => self.rest = rest,
                [0xef, 0xbb, 0xbf, rest @ ..] => self.rest = rest,
                [b'#', rest @ ..] => {
                    let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
                    self.rest = &rest[end..];
                }
                _ => return,
            }
        }
    }

    /// The length in bytes of the token at the start of `rest`.
    fn length(&self) -> usize {
        let rest = self.rest;
        match rest {
            [b'.', b'.', b'.', ..] => 3,
            [b'"', b'"', b'"', inner @ ..] => 3 + block_string(inner),
            [b'"', inner @ ..] => 1 + string(inner),
            [b'_' | b'A'..=b'Z' | b'a'..=b'z', ..] => {
                let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
                rest.iter().take_while(|byte| part(byte)).count()
            }
            [b'-' | b'0'..=b'9', inner @ ..] => {
                let part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
                1 + inner.iter().take_while(|byte| part(byte)).count()
            }
            _ => 1,
        }
    }
}

impl Iterator for Tokens<'_> {
    type Item = ();

    fn next(&mut self) -> Option<()> {
        self.skip_ignored();
        if self.rest.is_empty() {
            return None;
        }
        let length = self.length().min(self.rest.len());
        self.rest = &self.rest[length..];
        Some(())
    }
}

/// The length up to and including the closing quote, or to the end of the line.
fn string(inner: &[u8]) -> usize {
    let mut at = 0;
    while let Some(byte) = inner.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            b'\n' | b'\r' => return at,
            _ => at += 1,
        }
    }
    inner.len()
}

/// The length up to and including the closing quotes.
fn block_string(inner: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'"', inner.get(at..).unwrap_or_default()) {
        let quote = at + found;
        if inner[quote..].starts_with(b"\"\"\"") {
            if quote > 0 && inner[quote - 1] == b'\\' {
                at = quote + 3;
                continue;
            }
            return quote + 3;
        }
        at = quote + 1;
    }
    inner.len()
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
    fn counts_tokens_as_the_specification_does() {
        let cases = [
            ("{ a }", 3),
            ("\u{feff}{a,b , c}# comment } } }\n", 5),
            (
                "query Q($a: [Int!]! = [1, -2.5e+3]) @d { ...F a(b: $a) }",
                30,
            ),
            (r#"{ a(b: "x \" } y", c: """ } \""" } """) }"#, 11),
            ("\"unclosed { a }\n}", 2),
            ("\"\"\" unclosed", 1),
            ("{ ? }", 3),
            ("", 0),
        ];
        for (text, count) in cases {
            assert_eq!(Tokens::new(text).count(), count, "{text}");
        }
    }

    #[test]
    fn a_bomb_costs_no_more_than_its_text() {
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
    fn whatever_takes_time_counts_like_a_field() {
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
    fn what_is_not_valid_is_measured_too() {
        let text = "{ ...F ...Missing } fragment F on T { a { ...F } }";
        assert_eq!(check(text, &AMPLE), Ok(()));
        let mut chain = "{ ...F0 }".to_owned();
        for index in 0..3000 {
            chain += &format!(" fragment F{index} on T {{ ...F{} }}", index + 1);
        }
        assert_eq!(check(&chain, &AMPLE), Err("limits.depth"));
    }
}
