//! Splits a text into tokens.

use std::borrow::Cow;
use std::ops::Range;

use super::problem::Problem;

/// A token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'t> {
    /// A key, an alias, a method's name, `true`, `false`, `null`.
    Name(&'t str),
    /// Text in quotes, decoded.
    String(Cow<'t, str>),
    /// The text of a number.
    Number(&'t str),
    /// `$name`, with its `$`.
    Variable(&'t str),
    /// `&name`, without its `&`.
    Mapping(&'t str),
    /// Punctuation. A single `$` or `@` is punctuation too.
    Sign(&'static str),
    /// The end of the text.
    End,
}

impl Token<'_> {
    /// The token in messages.
    pub(super) fn describe(&self) -> String {
        match self {
            Token::Name(text) | Token::Number(text) | Token::Variable(text) => format!("`{text}`"),
            Token::Mapping(name) => format!("`&{name}`"),
            Token::String(_) => "a string".to_owned(),
            Token::Sign(sign) => format!("`{sign}`"),
            Token::End => "the end".to_owned(),
        }
    }
}

/// A sign comes before the signs that it begins with.
const SIGNS: [&str; 16] = [
    "...", "->", "??", "?!", "?", ".", ":", ",", "{", "}", "(", ")", "[", "]", "$", "@",
];

/// What people write for methods, and the methods. An operator comes before those that it begins with.
const OPERATORS: [(&str, &str); 14] = [
    ("==", "`a->eq(b)` compares two values"),
    ("!=", "`a->ne(b)` compares two values"),
    (
        "=",
        "`a->eq(b)` compares two values, `name: path` names one",
    ),
    ("<=", "`a->lte(b)` compares two numbers or texts"),
    (">=", "`a->gte(b)` compares two numbers or texts"),
    ("<", "`a->lt(b)` compares two numbers or texts"),
    (">", "`a->gt(b)` compares two numbers or texts"),
    ("&&", "`a->and(b)` is true if both are"),
    (
        "||",
        "`a->or(b)` is true if one is; `$(a ?? b)` is the first that is not null",
    ),
    ("!", "`a->not` is the opposite"),
    (
        "+",
        "`a->add(b)` adds numbers, `$([a, b])->joinNotNull(\"\")` joins texts",
    ),
    ("- ", "`a->sub(b)` subtracts"),
    ("*", "`a->mul(b)` multiplies"),
    ("/", "`a->div(b)` divides"),
];

/// Reads one token after the other. Look ahead by cloning it, which is cheap.
#[derive(Debug, Clone)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str, at: usize) -> Self {
        Lexer { text, at }
    }

    /// The whole text.
    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Skips white space and comments.
    fn blanks(&mut self) {
        loop {
            let rest = self.rest();
            self.at += rest.len()
                - rest
                    .trim_start_matches([' ', '\t', '\n', '\r', '\u{feff}'])
                    .len();
            let rest = self.rest();
            if !rest.starts_with('#') {
                return;
            }
            self.at += rest.find('\n').unwrap_or(rest.len());
        }
    }

    /// The text behind blanks and comments: cheaper than to read its first token.
    pub(super) fn upcoming(&self) -> &'t str {
        let mut lexer = self.clone();
        lexer.blanks();
        lexer.rest()
    }

    /// The text from an offset on, up to the end of its line.
    pub(super) fn line_from(&self, at: usize) -> &'t str {
        let rest = self.text.get(at..).unwrap_or_default();
        rest.split('\n').next().unwrap_or_default()
    }

    /// Whether a blank is before an offset, on the same line.
    pub(super) fn is_after_blank(&self, at: usize) -> bool {
        let before = self.text.get(..at).unwrap_or_default();
        before.ends_with([' ', '\t'])
    }

    /// The next token and its location.
    pub(super) fn next(&mut self) -> Result<(Token<'t>, Range<usize>), Problem> {
        self.blanks();
        let (start, rest) = (self.at, self.rest());
        let token = match rest.as_bytes() {
            [] => Token::End,
            [b'A'..=b'Z' | b'a'..=b'z' | b'_', ..] => Token::Name(self.take(name_length(rest))),
            [b'$', b'A'..=b'Z' | b'a'..=b'z' | b'_', ..] => {
                Token::Variable(self.take(1 + name_length(&rest[1..])))
            }
            [b'0'..=b'9', ..] | [b'-', b'0'..=b'9', ..] | [b'-', b'.', b'0'..=b'9', ..] => {
                Token::Number(self.number()?)
            }
            [quote @ (b'"' | b'\''), ..] => Token::String(self.string(*quote as char)?),
            [b'&', b'A'..=b'Z' | b'a'..=b'z' | b'_', ..] => {
                Token::Mapping(&self.take(1 + name_length(&rest[1..]))[1..])
            }
            _ => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                Some(sign) => {
                    self.at += sign.len();
                    Token::Sign(sign)
                }
                None => return Err(self.strange(start)),
            },
        };
        Ok((token, start..self.at))
    }

    fn take(&mut self, length: usize) -> &'t str {
        let taken = &self.rest()[..length];
        self.at += length;
        taken
    }

    /// A character with which no token starts. The operators of other languages are methods here.
    fn strange(&self, start: usize) -> Problem {
        let rest = self.rest();
        if let Some((operator, help)) = OPERATORS.iter().find(|(sign, _)| rest.starts_with(sign)) {
            let message = format!("there is no operator `{}`", operator.trim_end());
            let end = start + operator.trim_end().len();
            return Problem::new(start..end, message).help(*help);
        }
        let character = rest.chars().next().unwrap_or_default();
        let problem = Problem::new(
            start..start + character.len_utf8(),
            format!("unexpected `{}`", character.escape_debug()),
        );
        if character == '-' || character.is_alphanumeric() {
            problem.help("a key that holds other characters than letters, digits and `_` is written in quotes")
        } else {
            problem
        }
    }

    /// `-?digits(.digits)?`, also with zeros in front, and without digits before or after the point.
    fn number(&mut self) -> Result<&'t str, Problem> {
        let (start, rest) = (self.at, self.rest());
        let bytes = rest.as_bytes();
        let digits = |from: usize| {
            let digits = bytes.get(from..).unwrap_or_default().iter();
            digits.take_while(|byte| byte.is_ascii_digit()).count()
        };
        let sign = usize::from(rest.starts_with('-'));
        let mut length = sign + digits(sign);
        if bytes.get(length) == Some(&b'.') {
            let fraction = digits(length + 1);
            // `1...x` is a number and a spread, `1.key` a number and a step.
            let ends = fraction == 0
                && matches!(
                    bytes.get(length + 1),
                    Some(b'.' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'"' | b'\'')
                );
            if !ends {
                length += 1 + fraction;
            }
        }
        let span = start..start + length;
        if let Some(b'e' | b'E') = bytes.get(length)
            && let Some(b'0'..=b'9' | b'+' | b'-') = bytes.get(length + 1)
        {
            return Err(
                Problem::new(span, "a number has no exponent here").help("write its digits out")
            );
        }
        let name = name_length(&rest[length..]);
        if name > 0 {
            let key = &rest[..length + name];
            let message = format!("the key `{key}` begins with a digit");
            return Err(Problem::new(start..start + key.len(), message)
                .help(format!("write it in quotes: `$.'{key}'`")));
        }
        Ok(self.take(length))
    }

    /// A string in single or double quotes, with the escapes of JSON and `\'`.
    fn string(&mut self, quote: char) -> Result<Cow<'t, str>, Problem> {
        let start = self.at;
        let body = start + 1;
        let mut decoded = String::new();
        let mut plain_from = body;
        let mut at = body;
        loop {
            let rest = self.text.get(at..).unwrap_or_default();
            let Some(offset) = rest.find(['\\', quote]) else {
                return Err(
                    Problem::new(start..self.text.len(), "this string does not end")
                        .help(format!("close it with {quote}")),
                );
            };
            at += offset;
            if rest[offset..].starts_with(quote) {
                self.at = at + 1;
                let tail = &self.text[plain_from..at];
                return Ok(if plain_from == body {
                    Cow::Borrowed(tail)
                } else {
                    decoded.push_str(tail);
                    Cow::Owned(decoded)
                });
            }
            decoded.push_str(&self.text[plain_from..at]);
            let (character, length) = escape(&rest[offset..]).ok_or_else(|| {
                let end = at
                    + rest[offset..]
                        .chars()
                        .take(2)
                        .map(char::len_utf8)
                        .sum::<usize>();
                Problem::new(at..end, "unknown escape")
                    .help(r#"known are \" \' \\ \/ \b \f \n \r \t \u0000"#)
            })?;
            decoded.push(character);
            at += length;
            plain_from = at;
        }
    }
}

fn name_length(text: &str) -> usize {
    text.bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        .count()
}

/// The character of the escape at the start of `text`, and the escape's length.
fn escape(text: &str) -> Option<(char, usize)> {
    let simple = |character| Some((character, 2));
    match text.as_bytes().get(1)? {
        b'"' => simple('"'),
        b'\'' => simple('\''),
        b'\\' => simple('\\'),
        b'/' => simple('/'),
        b'b' => simple('\u{8}'),
        b'f' => simple('\u{c}'),
        b'n' => simple('\n'),
        b'r' => simple('\r'),
        b't' => simple('\t'),
        b'u' => {
            let high = hex(text.get(2..6)?)?;
            if let Some(character) = char::from_u32(high) {
                return Some((character, 6));
            }
            let low = hex(text.get(6..12)?.strip_prefix("\\u")?)?;
            let mut pair =
                char::decode_utf16([u16::try_from(high).ok()?, u16::try_from(low).ok()?]);
            Some((pair.next()?.ok()?, 12))
        }
        _ => None,
    }
}

fn hex(digits: &str) -> Option<u32> {
    if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        u32::from_str_radix(digits, 16).ok()
    } else {
        None
    }
}
