//! `...`: a value, or a named mapping, in the place of an item.

use std::ops::Range;

use super::{MAX_LENGTH, MAX_NESTING, Parsed, Parser};
use crate::mapping::ast::Item;
use crate::mapping::expand::Spread;
use crate::mapping::lex::Token;
use crate::mapping::named::Lookup;
use crate::mapping::problem::{Problem, did_you_mean};

/// Signs that would go on with a value. A mapping is spread as a whole.
const CONTINUATIONS: [&str; 8] = ["(", "{", "[", ".", "->", "?", "??", "?!"];

impl Parser<'_> {
    /// `...expression` or `...&name`, whose `...` is the current token. Adds the items that it stands for.
    pub(super) fn spread(&mut self, items: &mut Vec<Item>, instead: &str) -> Parsed<()> {
        let start = self.span.start;
        self.advance()?;
        let Token::Mapping(name) = self.token else {
            let value = self.expression()?;
            let span = start..value.span.end;
            self.since_v0_4(span, "`...` spreads a value", instead);
            items.push(Item::Spread { value });
            return Ok(());
        };
        let span = self.span.clone();
        self.advance()?;
        let what = "`...` spreads a mapping";
        self.since_v0_4(start..span.end, what, "link connect/v0.4");
        if CONTINUATIONS.iter().any(|sign| self.at(sign)) {
            let message = format!("{} cannot follow `...&{name}`", self.token.describe());
            let help = format!(
                "a mapping is spread as a whole; `path {{ ...&{name} }}` spreads it into what the path leads to"
            );
            return Err(Problem::new(self.span.clone(), message).help(help));
        }
        self.named_items(name, span, items);
        Ok(())
    }

    /// Adds the items of a named mapping, or reports why they cannot be added.
    fn named_items(&mut self, name: &str, span: Range<usize>, items: &mut Vec<Item>) {
        let Some(named) = self.named else {
            let message = "a mapping is not spread in a URL or a header";
            let help = "write the expression itself";
            return self.report(Problem::new(span, message).help(help));
        };
        let parsed = match named.spread(name) {
            Lookup::Found(parsed) => parsed,
            Lookup::Broken => {
                self.spreads_broken = true;
                return;
            }
            Lookup::Unknown => {
                let help = did_you_mean(name, named.names()).unwrap_or_else(|| {
                    format!("name it: `extend schema @mapping(name: \"{name}\", selection: \"…\")`")
                });
                let message = format!("there is no mapping `{name}`");
                return self.report(Problem::new(span, message).help(help));
            }
        };
        let offset = self.lexer.text().len() + self.copies.len() + 1;
        let refused = if self.nesting + parsed.nesting > MAX_NESTING {
            Some(format!(
                "with `{name}`, this nests deeper than {MAX_NESTING} levels"
            ))
        } else if offset + parsed.text.len() > MAX_LENGTH {
            Some(format!(
                "with what it spreads, this mapping is longer than {MAX_LENGTH} bytes"
            ))
        } else if !named.take(parsed.text.len()) {
            Some("the mappings of this folder are too long, with all that they spread".to_owned())
        } else {
            None
        };
        if let Some(message) = refused {
            return self.report(Problem::new(span, message));
        }
        self.deepest = self.deepest.max(self.nesting + parsed.nesting);
        items.extend(parsed.items_at(offset));
        self.spreads.push(Spread {
            name: name.into(),
            at: span,
            text: offset..offset + parsed.length,
        });
        self.spreads.extend(parsed.spreads_at(offset));
        self.copies.push('\n');
        self.copies.push_str(&parsed.text);
    }
}
