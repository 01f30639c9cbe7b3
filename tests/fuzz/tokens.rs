//! Coarse tokens, the same for all languages: with them, a mutation can preserve most of the syntax.

use std::ops::Range;

use super::input::Language;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Blank,
    Name,
    Number,
    /// With its quotes.
    Text,
    Open,
    Close,
    Sign,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) class: Class,
    pub(super) bytes: Vec<u8>,
}

impl Token {
    pub(super) fn new(class: Class, bytes: impl Into<Vec<u8>>) -> Token {
        let bytes = bytes.into();
        Token { class, bytes }
    }

    /// Whether it is a complete value.
    pub(super) fn is_scalar(&self) -> bool {
        matches!(self.class, Class::Name | Class::Number | Class::Text)
    }
}

pub(super) fn concat(tokens: &[Token]) -> Vec<u8> {
    tokens
        .iter()
        .flat_map(|token| token.bytes.iter().copied())
        .collect()
}

/// Splits a text. Nothing is lost: [`concat`] returns the same text.
pub(super) fn tokens(text: &[u8], language: Language) -> Vec<Token> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let (class, length) = next(&text[at..], language);
        out.push(Token::new(class, &text[at..at + length]));
        at += length;
    }
    out
}

fn next(rest: &[u8], language: Language) -> (Class, usize) {
    let run = |of: fn(u8) -> bool| rest.iter().take_while(|byte| of(**byte)).count();
    let comments = matches!(
        language,
        Language::Graphql | Language::Mapping | Language::Toml
    );
    match rest {
        [b'#', ..] if comments => {
            let end = rest.iter().position(|byte| *byte == b'\n');
            (Class::Blank, end.unwrap_or(rest.len()))
        }
        [byte, ..] if byte.is_ascii_whitespace() => {
            (Class::Blank, run(|byte| byte.is_ascii_whitespace()))
        }
        [b'"', b'"', b'"', inner @ ..] => (Class::Text, 3 + until(inner, b"\"\"\"")),
        [b'"', inner @ ..] => (Class::Text, 1 + quoted(inner, b'"')),
        [b'\'', inner @ ..] if matches!(language, Language::Mapping | Language::Toml) => {
            (Class::Text, 1 + quoted(inner, b'\''))
        }
        [b'{' | b'[' | b'(', ..] => (Class::Open, 1),
        [b'}' | b']' | b')', ..] => (Class::Close, 1),
        [b'-' | b'0'..=b'9', ..] if rest != b"-" && rest[1..].first() != Some(&b'>') => {
            let part = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte);
            (Class::Number, run(part).max(1))
        }
        [b'.', b'.', b'.', ..] => (Class::Sign, 3),
        [b'-', b'>', ..] | [b'?', b'?' | b'!', ..] => (Class::Sign, 2),
        [byte, ..] => {
            let name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
            match name(*byte) {
                true => (Class::Name, run(name)),
                false => (Class::Sign, 1),
            }
        }
        [] => (Class::Blank, 0),
    }
}

fn until(inner: &[u8], end: &[u8]) -> usize {
    let position = inner.windows(end.len()).position(|window| window == end);
    position.map_or(inner.len(), |at| at + end.len())
}

fn quoted(inner: &[u8], quote: u8) -> usize {
    let mut at = 0;
    while let Some(byte) = inner.get(at) {
        match byte {
            b'\\' => at += 2,
            b'\n' => return at,
            byte if *byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    inner.len()
}

/// The groups: each range of tokens from an opening bracket to its closing bracket.
pub(super) fn groups(tokens: &[Token]) -> Vec<Range<usize>> {
    let (mut open, mut out) = (Vec::new(), Vec::new());
    for (at, token) in tokens.iter().enumerate() {
        match token.class {
            Class::Open => open.push(at),
            Class::Close => out.extend(open.pop().map(|from| from..at + 1)),
            _ => {}
        }
    }
    out
}

/// The content of a string token, and its delimiter.
pub(super) fn unquote(text: &[u8]) -> Option<(&[u8], &[u8])> {
    for quote in [b"\"\"\"".as_slice(), b"\"", b"'"] {
        if let Some(rest) = text.strip_prefix(quote)
            && let Some(inner) = rest.strip_suffix(quote)
        {
            return Some((inner, quote));
        }
    }
    None
}

#[test]
fn nothing_is_lost_in_tokens() {
    let text = "type A @k(f: \"a b\") { x(n: -1.5e3, \u{e9}: 'q'): [\"\"\"b\"\"\"] ... ->map \" open\n } # c";
    for language in [Language::Graphql, Language::Mapping, Language::Json] {
        let tokens = tokens(text.as_bytes(), language);
        assert_eq!(concat(&tokens), text.as_bytes());
        assert_eq!(groups(&tokens).len(), 4);
    }
}
