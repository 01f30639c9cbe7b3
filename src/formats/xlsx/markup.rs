//! Text in XML, as Excel reads it.

use std::fmt::Write;

/// The longest text of a cell, in UTF-16 units.
const MOST: usize = 32_767;

/// Whether a text is longer than a cell of Excel can be.
pub(super) fn is_too_long(text: &str) -> bool {
    text.len() > MOST && text.encode_utf16().count() > MOST
}

/// Appends text with the escapes of XML. What XML cannot have, and a carriage return, which XML changes, is `_xHHHH_`, and
/// so is the first character of a text that looks like this.
pub(super) fn push_text(out: &mut String, text: &str) {
    let mut plain = 0;
    for (at, character) in text.char_indices() {
        let escape = match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            '\t' | '\n' => continue,
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => "",
            '_' if is_escape(&text.as_bytes()[at..]) => "",
            _ => continue,
        };
        out.push_str(&text[plain..at]);
        plain = at + character.len_utf8();
        match escape {
            // Writing to a string does not fail.
            "" => _ = write!(out, "_x{:04X}_", u32::from(character)),
            escape => out.push_str(escape),
        }
    }
    out.push_str(&text[plain..]);
}

/// Whether a text begins as `_xHHHH_`.
fn is_escape(text: &[u8]) -> bool {
    let Some(&[b'_', b'x', a, b, c, d, b'_']) = text.first_chunk::<7>() else {
        return false;
    };
    [a, b, c, d].iter().all(u8::is_ascii_hexdigit)
}

/// Appends the letters of a column: `A` for 0, `AA` for 26.
pub(super) fn push_column(out: &mut String, index: usize) {
    if index >= 26 {
        push_column(out, index / 26 - 1);
    }
    out.push(char::from(b'A' + (index % 26) as u8));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut out = String::new();
        push_text(&mut out, text);
        out
    }

    #[test]
    fn texts_are_escaped() {
        assert_eq!(written("plain, ज्ञ"), "plain, ज्ञ");
        assert_eq!(written("<a b=\"&\">"), "&lt;a b=&quot;&amp;&quot;&gt;");
        assert_eq!(written("a\tb\nc\rd\0"), "a\tb\nc_x000D_d_x0000_");
        assert_eq!(
            written("_x000D_ _x00_ \u{ffff}"),
            "_x005F_x000D_ _x00_ _xFFFF_"
        );
    }

    #[test]
    fn columns_have_letters() {
        for (index, expected) in [
            (0, "A"),
            (25, "Z"),
            (26, "AA"),
            (701, "ZZ"),
            (702, "AAA"),
            (16383, "XFD"),
        ] {
            let mut out = String::new();
            push_column(&mut out, index);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn lengths_are_those_of_utf_16() {
        assert!(!is_too_long(&"ज".repeat(MOST)));
        assert!(is_too_long(&"x".repeat(MOST + 1)));
        assert!(is_too_long(&"😀".repeat(MOST / 2 + 1)));
    }
}
