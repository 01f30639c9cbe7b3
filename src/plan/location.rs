//! Locations in the text of an operation, as errors report them: line and column, both from 1.

use apollo_compiler::parser::{SourceMap, SourceSpan};

/// The location of the start of a span. `apollo-compiler` counts columns in bytes, GraphQL in characters.
pub(crate) fn location(span: Option<SourceSpan>, sources: &SourceMap) -> Option<(usize, usize)> {
    let span = span?;
    let text = sources.get(&span.file_id())?.source_text();
    if span.offset() >= text.len() {
        // After a line break, the library says the line before.
        return Some(location_at(text, text.len()));
    }
    let at = span.line_column(sources)?;
    let line = span.offset().checked_sub(at.column - 1)?;
    let before = text.get(line..span.offset())?;
    Some((at.line, before.chars().count() + 1))
}

/// The location of an offset in a text.
pub(crate) fn location_at(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let lines = before.lines().count().max(1);
    let ended = before.ends_with('\n');
    let last = before.rsplit('\n').next().unwrap_or_default();
    (lines + usize::from(ended), last.chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_of_characters() {
        assert_eq!(location_at("{ a }", 0), (1, 1));
        assert_eq!(location_at("{ a }", 2), (1, 3));
        assert_eq!(location_at("{ é }", 4), (1, 4));
        assert_eq!(location_at("{\n", 2), (2, 1));
        assert_eq!(location_at("{\r\n  é\n a", 9), (3, 2));
    }
}
