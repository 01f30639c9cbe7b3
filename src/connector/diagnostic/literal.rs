//! Maps a byte of a string value to the byte of the literal that writes it.
//!
//! Mappings are written in GraphQL strings: `"a \"b\""` and block strings, whose common indentation is dropped. A caret
//! under the wrong character sends a reader looking at the wrong text, so the result is exact, or there is none.

use std::ops::Range;

/// The offset in the literal of each byte of a string value.
#[derive(Debug, PartialEq, Eq)]
pub struct StringMap {
    /// For each byte of the value, its offset in the literal; one more entry for the end.
    offsets: Vec<usize>,
}

impl StringMap {
    /// The map of a literal, quotes included, whose value is `value`; `None` if the literal does not yield that value.
    pub fn new(literal: &str, value: &str) -> Option<Self> {
        let mut reading = LiteralReader::default();
        if literal.len() >= 6 && literal.starts_with("\"\"\"") && literal.ends_with("\"\"\"") {
            reading.block(&literal[3..literal.len() - 3], 3);
        } else if literal.len() >= 2 && literal.starts_with('"') && literal.ends_with('"') {
            reading.quoted(&literal[1..literal.len() - 1], 1)?;
        }
        (reading.value == value).then_some(Self {
            offsets: reading.offsets,
        })
    }

    /// The bytes of the literal for these bytes of the value; clamped to the value.
    pub fn range(&self, range: Range<usize>) -> Range<usize> {
        let last = self.offsets.len().saturating_sub(1);
        let at = |index: usize| self.offsets.get(index.min(last)).copied().unwrap_or(0);
        let start = at(range.start);
        // The end of the byte before, so that a span does not include text after it, such as dropped indentation.
        let end = match range.end.checked_sub(1) {
            Some(previous) if range.end > range.start && previous < last => {
                let next = at(range.end);
                let width = self.widths_to(previous, next);
                at(previous) + width
            }
            _ => start,
        };
        start..end.max(start)
    }

    /// How many bytes of the literal the value's byte at `index` takes: up to the location of the next byte on the same line.
    fn widths_to(&self, index: usize, next: usize) -> usize {
        let here = self.offsets[index];
        // A newline of a block string is followed by dropped indentation: it is one byte itself.
        next.saturating_sub(here).clamp(1, 12)
    }
}

/// A value as it is read, with the offset of each byte.
#[derive(Default)]
struct LiteralReader {
    value: String,
    offsets: Vec<usize>,
}

impl LiteralReader {
    fn push(&mut self, character: char, at: usize) {
        self.value.push(character);
        // All bytes of an escape have the offset of its backslash.
        self.offsets
            .resize(self.offsets.len() + character.len_utf8(), at);
    }

    fn push_plain(&mut self, character: char, at: usize) {
        let start = self.offsets.len();
        self.push(character, at);
        for (index, offset) in self.offsets[start..].iter_mut().enumerate() {
            *offset += index;
        }
    }

    /// <https://spec.graphql.org/draft/#sec-String-Value>: a quoted string's escapes.
    fn quoted(&mut self, text: &str, base: usize) -> Option<()> {
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let at = base + text.len() - rest.len();
            let taken = if character == '\\' {
                let (character, taken) = escape(rest)?;
                self.push(character, at);
                taken
            } else {
                self.push_plain(character, at);
                character.len_utf8()
            };
            rest = &rest[taken..];
        }
        self.offsets.push(base + text.len());
        Some(())
    }

    /// The specification's `BlockStringValue`: drop the common indentation and blank first and last lines.
    fn block(&mut self, text: &str, base: usize) {
        let lines = lines(text);
        let indent_of = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
        let is_blank = |line: &str| indent_of(line) == line.len();
        let common = lines
            .iter()
            .skip(1)
            .filter(|(_, line)| !is_blank(line))
            .map(|(_, line)| indent_of(line))
            .min()
            .unwrap_or(0);
        let first = lines.iter().position(|(_, line)| !is_blank(line));
        let last = lines.iter().rposition(|(_, line)| !is_blank(line));
        let (Some(first), Some(last)) = (first, last) else {
            self.offsets.push(base);
            return;
        };
        let mut end = base;
        for (index, (start, line)) in lines.iter().enumerate().take(last + 1).skip(first) {
            if index > first {
                self.push('\n', end);
            }
            let dropped = if index == 0 {
                0
            } else {
                common.min(line.len())
            };
            let at = base + start + dropped;
            self.block_line(&line[dropped..], at);
            end = base + start + line.len();
        }
        self.offsets.push(end);
    }

    /// A line of a block string: only `\"""` is an escape.
    fn block_line(&mut self, line: &str, base: usize) {
        let mut at = 0;
        while let Some(character) = line[at..].chars().next() {
            if line[at..].starts_with("\\\"\"\"") {
                for quote in 0..3 {
                    self.push('"', base + at + quote);
                }
                at += 4;
            } else {
                self.push_plain(character, base + at);
                at += character.len_utf8();
            }
        }
    }
}

/// Lines with their offsets; `\r\n`, `\r` and `\n` all end one.
fn lines(text: &str) -> Vec<(usize, &str)> {
    let mut lines = Vec::new();
    let mut start = 0;
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if matches!(bytes[at], b'\n' | b'\r') {
            lines.push((start, &text[start..at]));
            at += if text[at..].starts_with("\r\n") { 2 } else { 1 };
            start = at;
        } else {
            at += 1;
        }
    }
    lines.push((start, &text[start..]));
    lines
}

/// The character of an escape, and its length in bytes; `None` if it is not an escape.
fn escape(text: &str) -> Option<(char, usize)> {
    let simple = match text.as_bytes().get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode_escape(text),
        _ => return None,
    };
    Some((simple, 2))
}

/// `\uXXXX`, a surrogate pair of two, or `\u{…}`.
fn unicode_escape(text: &str) -> Option<(char, usize)> {
    let hex = |digits: &str| u32::from_str_radix(digits, 16).ok();
    if let Some(braced) = text.strip_prefix("\\u{") {
        let end = braced.find('}')?;
        return Some((char::from_u32(hex(&braced[..end])?)?, end + 4));
    }
    let first = hex(text.get(2..6)?)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, 6));
    }
    let second = hex(text.get(6..)?.strip_prefix("\\u")?.get(..4)?)?;
    let low = second.checked_sub(0xDC00)?;
    let high = first.checked_sub(0xD800)?;
    Some((char::from_u32(0x10000 + (high << 10) + low)?, 12))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// What stands in the literal where `needle` stands in the value.
    fn located<'a>(literal: &'a str, value: &str, needle: &str) -> &'a str {
        let map = StringMap::new(literal, value).unwrap();
        let at = value.find(needle).unwrap();
        &literal[map.range(at..at + needle.len())]
    }

    #[test]
    fn plain_and_escaped_characters() {
        assert_eq!(located(r#""abc def""#, "abc def", "def"), "def");
        assert_eq!(located(r#""a\nb: \"c\" d""#, "a\nb: \"c\" d", "b"), "b");
        assert_eq!(
            located(r#""a\nb: \"c\" d""#, "a\nb: \"c\" d", "\"c\""),
            r#"\"c\""#
        );
        assert_eq!(located(r#""x\u00e9y""#, "xéy", "é"), r"\u00e9");
        assert_eq!(
            located(r#""x\uD83D\uDE00y""#, "x😀y", "😀"),
            r"\uD83D\uDE00"
        );
        assert_eq!(located(r#""ज़िला नाम""#, "ज़िला नाम", "नाम"), "नाम");
    }

    #[test]
    fn block_strings_drop_indentation() {
        let literal = "\"\"\"\n    id: workId\n      title: name\r\n    x\n    \"\"\"";
        let value = "id: workId\n  title: name\nx";
        assert_eq!(located(literal, value, "workId"), "workId");
        assert_eq!(located(literal, value, "title: name"), "title: name");
        assert_eq!(located(literal, value, "x"), "x");
        let escaped = "\"\"\"a \\\"\"\" b\"\"\"";
        assert_eq!(located(escaped, "a \"\"\" b", "b"), "b");
    }

    #[test]
    fn another_value_is_refused() {
        assert_eq!(StringMap::new("\"abc\"", "abd"), None);
        assert_eq!(
            StringMap::new("\"\"\"\n  \n\"\"\"", "")
                .unwrap()
                .range(0..0),
            3..3
        );
    }
}
