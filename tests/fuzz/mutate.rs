//! Mutates an input: bytes, tokens, and groups of tokens between brackets.

use super::dictionary::{NUMBERS, ODD, VALUES, words};
use super::input::{Input, Language};
use super::tokens::{Class, Token, concat, groups, tokens, unquote};
use crate::monolith::random::Random;

/// The maximum length of a text; deep nesting needs some room.
const LONGEST: usize = 128 * 1024;

/// How often a group is nested in itself. The limits of the readers are between these numbers.
const DEPTHS: [usize; 12] = [1, 2, 3, 8, 20, 50, 70, 130, 250, 600, 4_000, 20_000];

/// Makes some changes to an input. Parts of `others` may be inserted.
pub(super) fn mutate(input: &Input, others: &[Input], random: &mut Random) -> Input {
    let mut out = input.clone();
    let open: Vec<usize> = (0..out.parts.len())
        .filter(|at| out.parts[*at].language != Language::Fixed)
        .collect();
    if open.is_empty() {
        return out;
    }
    let mut turns = 1;
    while turns < 12 && random.chance(55) {
        turns += 1;
    }
    for _ in 0..turns {
        let at = *random.pick(&open);
        let language = out.parts[at].language;
        let other = random.pick(others);
        let same = |part: &&super::input::Part| part.language == language;
        let other: Vec<&[u8]> = other
            .parts
            .iter()
            .filter(same)
            .map(|part| &*part.bytes)
            .collect();
        let other = match other.is_empty() {
            true => b"".as_slice(),
            false => random.pick(&other),
        };
        let changed = text(&out.parts[at].bytes, other, language, random, 0);
        if changed.len() <= LONGEST {
            out.parts[at].bytes = changed;
        }
    }
    out
}

fn text(
    bytes: &[u8],
    other: &[u8],
    language: Language,
    random: &mut Random,
    level: usize,
) -> Vec<u8> {
    if random.chance(25) {
        return of_bytes(bytes, other, language, random);
    }
    let mut list = tokens(bytes, language);
    if list.is_empty() {
        return of_bytes(bytes, other, language, random);
    }
    match random.below(8) {
        0 | 1 => of_group(&mut list, other, language, random),
        2 => nested(&mut list, random),
        3 if level < 2 => inside(&mut list, other, language, random, level),
        4 => of_value(&mut list, random),
        _ => of_token(&mut list, other, language, random),
    }
    concat(&list)
}

fn any(random: &mut Random, language: Language) -> &'static str {
    let from: &[&'static str] = match (random.below(10), words(language)) {
        (0, _) | (_, []) => ODD,
        (1, _) => NUMBERS,
        (_, words) => words,
    };
    from[random.below(from.len())]
}

fn of_bytes(bytes: &[u8], other: &[u8], language: Language, random: &mut Random) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let at = random.below(out.len() + 1);
    let end = (at + random.between(1, 40)).min(out.len());
    match random.below(9) {
        0 => drop(out.drain(at..end)),
        1 => out.truncate(at),
        2 => drop(out.drain(..at)),
        3 if at < out.len() => out[at] ^= 1 << random.below(8),
        4 => out.insert(at, random.next() as u8),
        5 => {
            let again = out[at..end].repeat(random.between(1, 4));
            out.splice(at..at, again);
        }
        6 if !other.is_empty() => {
            let from = random.below(other.len());
            out.truncate(at);
            out.extend_from_slice(&other[from..]);
        }
        7 => {
            let word = random.pick(ODD).as_bytes();
            out.splice(at..at, word.iter().copied());
        }
        _ => {
            let word = any(random, language).as_bytes();
            out.splice(at..at, word.iter().copied());
        }
    }
    out
}

/// The index of a token that is not white space, if a few random choices find one.
fn place(list: &[Token], random: &mut Random) -> usize {
    let mut at = random.below(list.len());
    for _ in 0..3 {
        if list[at].class != Class::Blank {
            break;
        }
        at = random.below(list.len());
    }
    at
}

fn of_token(list: &mut Vec<Token>, other: &[u8], language: Language, random: &mut Random) {
    let at = place(list, random);
    let end = (at + random.between(1, 12)).min(list.len());
    match random.below(10) {
        0 => drop(list.remove(at)),
        1 => list.insert(at, list[at].clone()),
        2 => {
            let with = place(list, random);
            list.swap(at, with);
        }
        3 => list[at] = Token::new(Class::Sign, any(random, language)),
        4 => list.insert(at, Token::new(Class::Sign, any(random, language))),
        5 => drop(list.drain(at..end)),
        6 => {
            let again = list[at..end].to_vec();
            let to = random.below(list.len() + 1);
            list.splice(to..to, again);
        }
        7 => {
            let others = tokens(other, language);
            if !others.is_empty() {
                list[at] = others[place(&others, random)].clone();
            }
        }
        // Replaces a name with another name of the text, so that declarations and uses no longer match.
        _ => {
            let class = list[at].class;
            let alike: Vec<usize> = (0..list.len())
                .filter(|index| list[*index].class == class)
                .collect();
            list[at] = list[*random.pick(&alike)].clone();
        }
    }
}

fn of_group(list: &mut Vec<Token>, other: &[u8], language: Language, random: &mut Random) {
    let ranges = groups(list);
    if ranges.is_empty() {
        return of_token(list, other, language, random);
    }
    let group = random.pick(&ranges).clone();
    match random.below(6) {
        0 => drop(list.drain(group)),
        1 => drop(list.drain(group.start + 1..group.end - 1)),
        2 => {
            let again = list[group].to_vec();
            let to = random.below(list.len() + 1);
            list.splice(to..to, again);
        }
        3 => {
            let (with, from) = (random.pick(&ranges).clone(), group);
            let with = list[with].to_vec();
            list.splice(from, with);
        }
        4 => {
            let others = tokens(other, language);
            let theirs = groups(&others);
            if !theirs.is_empty() {
                let with = others[random.pick(&theirs).clone()].to_vec();
                list.splice(group, with);
            }
        }
        _ => {
            let inner = list[group.start + 1..group.end - 1].to_vec();
            let times = *random.pick(&[1, 2, 5, 40]);
            for _ in 0..times {
                list.splice(group.start + 1..group.start + 1, inner.iter().cloned());
                if list.len() > 40_000 {
                    break;
                }
            }
        }
    }
}

/// Nests a group in itself many times, with some tokens before it.
fn nested(list: &mut Vec<Token>, random: &mut Random) {
    let ranges = groups(list);
    let depth = *random.pick(&DEPTHS);
    if ranges.is_empty() || random.chance(15) {
        let at = random.below(list.len() + 1);
        let (open, close) = *random.pick(&[
            ("[", "]"),
            ("{", "}"),
            ("(", ")"),
            ("{a ", "}"),
            ("[{\"a\":", "}]"),
            ("$(", ")"),
        ]);
        let close = Token::new(Class::Close, close.repeat(depth));
        list.insert(at, close);
        list.insert(at, Token::new(Class::Open, open.repeat(depth)));
        return;
    }
    let group = random.pick(&ranges).clone();
    let from = group.start.saturating_sub(random.below(6));
    let lead = concat(&list[from..=group.start]);
    let tail = match random.chance(30) {
        true => {
            let to = group.end - 1 - random.below(group.len().min(6));
            concat(&list[to.max(group.start + 1)..group.end])
        }
        false => list[group.end - 1].bytes.clone(),
    };
    let depth = depth.min(60_000 / (lead.len() + tail.len()).max(1)).max(1);
    let close = Token::new(Class::Close, tail.repeat(depth));
    list.insert(group.end, close);
    list.insert(group.start + 1, Token::new(Class::Open, lead.repeat(depth)));
}

/// Strings contain other languages: selections, templates, field sets.
fn inside(list: &mut [Token], other: &[u8], language: Language, random: &mut Random, level: usize) {
    let texts: Vec<usize> = (0..list.len())
        .filter(|at| list[*at].class == Class::Text)
        .collect();
    if texts.is_empty() {
        return;
    }
    let at = *random.pick(&texts);
    let Some((inner, quote)) = unquote(&list[at].bytes) else {
        return;
    };
    let within = match language {
        Language::Graphql => {
            *random.pick(&[Language::Mapping, Language::Mapping, Language::Graphql])
        }
        other => other,
    };
    let changed = text(inner, other, within, random, level + 1);
    list[at].bytes = [quote, &changed, quote].concat();
}

/// Replaces a value with one of another kind.
fn of_value(list: &mut Vec<Token>, random: &mut Random) {
    let ranges = groups(list);
    let scalars: Vec<usize> = (0..list.len()).filter(|at| list[*at].is_scalar()).collect();
    let range = match (random.chance(40), ranges.is_empty(), scalars.is_empty()) {
        (_, true, true) => return,
        (true, false, _) | (_, false, true) => random.pick(&ranges).clone(),
        _ => {
            let at = *random.pick(&scalars);
            at..at + 1
        }
    };
    let value = concat(&list[range.clone()]);
    let new: Vec<u8> = match random.below(6) {
        0 => [b"[", value.as_slice(), b"]"].concat(),
        1 => [b"{\"a\":", value.as_slice(), b"}"].concat(),
        2 => [value.as_slice(), b",", value.as_slice()].concat(),
        3 => random.pick(NUMBERS).as_bytes().to_vec(),
        _ => random.pick(VALUES).as_bytes().to_vec(),
    };
    list.splice(range, [Token::new(Class::Name, new)]);
}
