//! Mutates an operation. The result is probably invalid, and probably not in its syntax.

use crate::monolith::random::Random;

/// Replacements for a token.
const VALUES: [&str; 7] = ["null", "1", "\"s\"", "true", "$v", "[1, $v]", "{ x: 1 }"];
const WORDS: [&str; 7] = ["__typename", "Query", "Int", "skip", "on", "!", "..."];

/// Replaces one or two tokens with others of their kind, duplicates them, or removes them.
pub(super) fn mutate(text: &str, others: &[&str], random: &mut Random) -> String {
    let mut tokens = tokens(text);
    let other: Vec<&str> = match others {
        [] => tokens.clone(),
        others => self::tokens(one_of(random, others)),
    };
    for _ in 0..random.between(1, 2) {
        let at = random.below(tokens.len());
        let Some(token) = tokens.get(at).copied() else {
            break;
        };
        let pool = if random.chance(50) { &tokens } else { &other };
        let like: Vec<&str> = pool
            .iter()
            .copied()
            .filter(|candidate| kind(candidate) == kind(token))
            .collect();
        match random.below(10) {
            0 => drop(tokens.remove(at)),
            1 => tokens.insert(at, token),
            2 => tokens[at] = one_of(random, &VALUES),
            3 => tokens[at] = one_of(random, &WORDS),
            4 => {
                let range = selection(&tokens, random);
                let part: Vec<&str> = tokens[range.clone()].to_vec();
                tokens.splice(range.end..range.end, part);
            }
            5 => drop(tokens.drain(selection(&tokens, random))),
            _ if like.is_empty() => {}
            _ => tokens[at] = one_of(random, &like),
        }
    }
    tokens.join(" ")
}

fn one_of<'a>(random: &mut Random, from: &[&'a str]) -> &'a str {
    from[random.below(from.len())]
}

/// A range of tokens: from one to the end of the brackets that it opens.
fn selection(tokens: &[&str], random: &mut Random) -> std::ops::Range<usize> {
    let from = random.below(tokens.len());
    let (mut to, mut depth) = (from, 0_i32);
    while let Some(token) = tokens.get(to) {
        depth += match *token {
            "{" | "(" | "[" => 1,
            "}" | ")" | "]" => -1,
            _ => 0,
        };
        to += 1;
        let goes_on = matches!(tokens.get(to), Some(&"{" | &"(" | &":"));
        if depth <= 0 && !goes_on && !matches!(*token, ":" | "...") {
            break;
        }
    }
    from..to.min(tokens.len())
}

#[derive(PartialEq)]
enum Kind {
    Name,
    Variable,
    Directive,
    Value,
    Other,
}

fn kind(token: &str) -> Kind {
    match token.chars().next() {
        Some('$') => Kind::Variable,
        Some('@') => Kind::Directive,
        Some('"' | '-' | '0'..='9') => Kind::Value,
        Some(c) if c.is_alphabetic() || c == '_' => Kind::Name,
        _ => Kind::Other,
    }
}

/// The tokens of an operation; `$` and `@` include the following name. The operations have no comments or block strings.
fn tokens(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = text.trim_start_matches(ignored);
    while let Some(first) = rest.chars().next() {
        let name = |from: usize| {
            let end = rest[from..].find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.');
            end.map_or(rest.len(), |end| from + end)
        };
        let length = match first {
            '"' => string(rest),
            '$' | '@' => name(1),
            '.' => 3.min(rest.len()),
            c if c.is_alphanumeric() || c == '_' || c == '-' => name(1),
            c => c.len_utf8(),
        };
        out.push(&rest[..length]);
        rest = rest[length..].trim_start_matches(ignored);
    }
    out
}

fn ignored(c: char) -> bool {
    c.is_whitespace() || c == ','
}

fn string(text: &str) -> usize {
    let mut escaped = true;
    for (at, c) in text.char_indices() {
        match c {
            '"' if !escaped => return at + 1,
            '\\' if !escaped => escaped = true,
            _ => escaped = false,
        }
    }
    text.len()
}
