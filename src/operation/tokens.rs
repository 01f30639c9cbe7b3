//! Counts the lexical tokens of a text (GraphQL, section 2.1.6), without reading further than needed.

/// The number of tokens, without ignored ones, but at most `most`.
pub(super) fn count(text: &str, most: usize) -> usize {
    Tokens::new(text).take(most).count()
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
    while let Some(offset) = memchr::memchr(b'"', inner.get(at..).unwrap_or_default()) {
        let quote = at + offset;
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
    use super::*;

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
        for (text, tokens) in cases {
            assert_eq!(count(text, usize::MAX), tokens, "{text}");
            assert_eq!(count(text, 2), tokens.min(2), "{text}");
        }
    }
}
