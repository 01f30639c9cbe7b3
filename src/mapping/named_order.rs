//! Parses the named mappings of a folder, each after those that it spreads.

use std::ops::Range;

use super::lex::{Lexer, Token};
use super::named::NamedMappings;
use super::parse::{Lone, parse};
use super::problem::Problem;
use super::version::Dialect;

/// A problem of named mappings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedProblem {
    /// The mapping of this index has a problem in its text.
    Text(usize, Problem),
    /// Mappings that spread each other: the index of each, and where it spreads the next. The last spreads the first.
    Circle(Vec<(usize, Range<usize>)>),
}

/// The mappings that a text spreads, by index, with the locations of their names.
type SpreadList = Vec<(usize, Range<usize>)>;

impl NamedMappings {
    /// Parses texts with unique names.
    pub fn parse(texts: &[(&str, &str)], dialect: Dialect) -> (Self, Vec<NamedProblem>) {
        let mut named = NamedMappings::new(texts.iter().map(|(name, _)| *name));
        let spreads: Vec<SpreadList> = texts
            .iter()
            .map(|(_, text)| spreads_in(text, &named))
            .collect();
        let (ordered, circular) = in_order(&spreads);
        let circles = circles(&spreads, &circular).into_iter();
        let mut problems: Vec<NamedProblem> = circles.map(NamedProblem::Circle).collect();
        for index in ordered.into_iter().chain(circular) {
            let (_, text) = texts[index];
            match parse(text, dialect, Lone::Named, Some(&named)) {
                Ok(parsed) => named.set(index, parsed),
                Err(found) => {
                    let found = found.into_iter();
                    problems.extend(found.map(|problem| NamedProblem::Text(index, problem)));
                }
            }
        }
        (named, problems)
    }
}

/// Finds the names in a text without parsing it.
fn spreads_in(text: &str, named: &NamedMappings) -> SpreadList {
    let mut lexer = Lexer::new(text, 0);
    let mut spreads = Vec::new();
    // A text that does not consist of tokens is reported when it is parsed.
    while let Ok((token, span)) = lexer.next()
        && token != Token::End
    {
        if let Token::Mapping(name) = token
            && let Some(index) = named.index(name)
        {
            spreads.push((index, span));
        }
    }
    spreads
}

/// The mappings, each after those that it spreads; and those for which there is no such order, because they spread each other
/// or one that does.
fn in_order(spreads: &[SpreadList]) -> (Vec<usize>, Vec<usize>) {
    let mut spread_by = vec![Vec::new(); spreads.len()];
    let mut waits_for: Vec<usize> = spreads.iter().map(Vec::len).collect();
    for (index, spreads) in spreads.iter().enumerate() {
        for (spread, _) in spreads {
            spread_by[*spread].push(index);
        }
    }
    let all = 0..spreads.len();
    let mut ordered: Vec<usize> = all.clone().filter(|index| waits_for[*index] == 0).collect();
    let mut at = 0;
    while let Some(index) = ordered.get(at).copied() {
        at += 1;
        for waiting in &spread_by[index] {
            waits_for[*waiting] -= 1;
            if waits_for[*waiting] == 0 {
                ordered.push(*waiting);
            }
        }
    }
    let circular = all.filter(|index| waits_for[*index] > 0).collect();
    (ordered, circular)
}

/// Circles among the mappings without an order. Each of them spreads at least one of them: from each, the first such spread is
/// followed until a mapping occurs again. No mapping is visited twice, so no circle is found twice.
fn circles(spreads: &[SpreadList], circular: &[usize]) -> Vec<SpreadList> {
    let mut is_open = vec![false; spreads.len()];
    circular.iter().for_each(|index| is_open[*index] = true);
    let is_circular = is_open.clone();
    let mut circles = Vec::new();
    for start in circular {
        let mut way: SpreadList = Vec::new();
        let mut at = *start;
        while std::mem::take(&mut is_open[at]) {
            let mut spreads = spreads[at].iter();
            let Some((next, span)) = spreads.find(|(next, _)| is_circular[*next]) else {
                break;
            };
            way.push((at, span.clone()));
            at = *next;
        }
        if let Some(first) = way.iter().position(|(index, _)| *index == at) {
            circles.push(way.split_off(first));
        }
    }
    circles
}
