//! The operations of a text, each by itself: for a text that is not valid as a whole, although some of its operations are.
//!
//! The text of a part is the whole text with blanks where other definitions are, so that offsets and locations stay what they were:
//!
//! ```text
//! query A { a { ...F } }            query A { a { ...F } }
//! query B { nothing }        ->
//! fragment F on T { b }             fragment F on T { b }
//! ```

use std::collections::HashSet;
use std::ops::Range;

use apollo_compiler::Name;
use apollo_compiler::ast::{Definition, Document, FragmentDefinition, Selection};
use apollo_compiler::parser::{Parser, SourceSpan};

use crate::plan::location_at;

/// The operations of a text that the parser accepts.
#[derive(Debug)]
pub struct Parts<'t> {
    text: &'t str,
    ast: Document,
}

/// One operation of a text.
#[derive(Debug, Clone, Copy)]
pub struct Part<'p> {
    of: &'p Parts<'p>,
    /// The index of its definition.
    index: usize,
    /// Its name.
    pub name: Option<&'p Name>,
}

impl<'t> Parts<'t> {
    /// The operations of a text; `None` if it cannot be parsed, or has none.
    pub fn of(text: &'t str) -> Option<Parts<'t>> {
        let ast = Parser::new().parse_ast(text, "operation").ok()?;
        let parts = Parts { text, ast };
        let has_operations = parts.iter().next().is_some();
        has_operations.then_some(parts)
    }

    /// Each operation, in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = Part<'_>> {
        let definitions = self.ast.definitions.iter().enumerate();
        definitions.filter_map(|(index, definition)| match definition {
            Definition::OperationDefinition(operation) => Some(Part {
                of: self,
                index,
                name: operation.name.as_ref(),
            }),
            _ => None,
        })
    }

    fn range(&self, index: usize) -> Range<usize> {
        let span = self
            .ast
            .definitions
            .get(index)
            .and_then(Definition::location);
        span.map_or(0..0, |span: SourceSpan| span.offset()..span.end_offset())
    }

    fn fragments(&self) -> impl Iterator<Item = (usize, &FragmentDefinition)> {
        let definitions = self.ast.definitions.iter().enumerate();
        definitions.filter_map(|(index, definition)| match definition {
            Definition::FragmentDefinition(fragment) => Some((index, &**fragment)),
            _ => None,
        })
    }
}

impl Part<'_> {
    /// The operation with the fragments that it uses.
    pub fn text(&self) -> String {
        let whole = self.of.text;
        let mut kept: Vec<Range<usize>> = vec![self.of.range(self.index)];
        kept.extend(
            self.fragments()
                .into_iter()
                .map(|index| self.of.range(index)),
        );
        kept.sort_by_key(|range| range.start);
        let (mut text, mut end) = (String::with_capacity(whole.len()), 0);
        for range in kept {
            text.extend(blank(whole.get(end..range.start).unwrap_or_default()));
            end = range.end;
            text.push_str(whole.get(range).unwrap_or_default());
        }
        text
    }

    /// Whether a location (line and column) is in the operation itself.
    pub fn contains(&self, at: (usize, usize)) -> bool {
        let range = self.of.range(self.index);
        let (start, end) = (
            location_at(self.of.text, range.start),
            location_at(self.of.text, range.end),
        );
        (start..end).contains(&at)
    }

    /// The fragments that it reaches. A name that is defined twice stands for both, so that the part is as invalid as the text.
    fn fragments(&self) -> HashSet<usize> {
        let mut found = HashSet::new();
        let mut open = match self.of.ast.definitions.get(self.index) {
            Some(Definition::OperationDefinition(operation)) => vec![&operation.selection_set],
            _ => Vec::new(),
        };
        while let Some(selections) = open.pop() {
            for selection in selections {
                match selection {
                    Selection::Field(field) => open.push(&field.selection_set),
                    Selection::InlineFragment(inline) => open.push(&inline.selection_set),
                    Selection::FragmentSpread(spread) => {
                        let named = self.of.fragments();
                        let named = named.filter(|(_, one)| one.name == spread.fragment_name);
                        for (index, fragment) in named {
                            if found.insert(index) {
                                open.push(&fragment.selection_set);
                            }
                        }
                    }
                }
            }
        }
        found
    }
}

/// A blank for each byte, so that offsets stay what they were. Line breaks stay.
fn blank(text: &str) -> impl Iterator<Item = char> {
    let blank = |byte| match byte {
        b'\n' | b'\r' => char::from(byte),
        _ => ' ',
    };
    text.bytes().map(blank)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_an_operation_with_its_fragments() {
        let text = "# ä\nfragment G on T { b }\nquery A { a { ...F } }\nquery B { b: a(c: \"é\") }\n{ c }\n\
                    fragment F on T { x { ... { ...G ...F } } }\nfragment Unused on T { b }";
        let parts = Parts::of(text).unwrap();
        let parts: Vec<_> = parts
            .iter()
            .map(|part| (part.name.cloned(), part.text()))
            .collect();
        let lines = |text: &str| {
            text.lines()
                .map(str::trim_end)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(parts.len(), 3);
        assert_eq!(
            lines(&parts[0].1),
            [
                "",
                "fragment G on T { b }",
                "query A { a { ...F } }",
                "",
                "",
                "fragment F on T { x { ... { ...G ...F } } }"
            ]
        );
        assert_eq!(lines(&parts[2].1), ["", "", "", "", "{ c }"]);
        assert_eq!(parts[2].1.find('{'), text.find("{ c }"));
        assert_eq!(parts[2].0, None);
    }

    #[test]
    fn a_location_is_in_one_operation() {
        let text = "query A { a }\nquery B {\n  b\n}\nfragment F on T { b }";
        let parts = Parts::of(text).unwrap();
        let of = |at| {
            let mut found = parts.iter().filter(|part| part.contains(at));
            found.next().and_then(|part| part.name).map(Name::as_str)
        };
        assert_eq!(of((1, 11)), Some("A"));
        assert_eq!(of((2, 1)), Some("B"));
        assert_eq!(of((4, 1)), Some("B"));
        assert_eq!(of((5, 1)), None);
    }

    #[test]
    fn a_text_without_an_operation_has_no_parts() {
        for text in ["query A {", "", "fragment F on T { b }"] {
            assert!(Parts::of(text).is_none(), "{text}");
        }
    }
}
