//! The parser: a text becomes a syntax tree.
//!
//! The grammar, top down. A version in `[…]` means that the rule applies from that version on.
//!
//! ```text
//! Selection  := Item* | Path | Expr [v0.4]
//! Item       := Name ":" Value | Path Braces | Key | "..." Expr [v0.4] | "..." "&name" [v0.4]
//! Value      := Path Braces? | Braces | Expr [v0.4]
//! Braces     := "{" Item* "}"                 with commas between all items or none [v0.4]
//! Path       := (Key | "$" | "@" | "$name" | "$(" Expr ")") Step*
//! Step       := "." Name | "->" method Arguments? | "?"
//! Expr       := Operand ("??" Operand)* | Operand ("?!" Operand)*
//! Operand    := Path Braces? | Literal Step*
//! Literal    := number | string | "true" | "false" | "null" | "[" Expr,* "]" | "{" Member,* "}"
//! Member     := Name ":" Expr | Item [v0.4]
//! ```
//!
//! The first syntax error ends parsing. Problems after which the parser can continue (an unknown
//! method, wrong arguments, a construct of a later version) are collected.

mod expression;
mod items;
mod path;
mod spread;

use std::borrow::Cow;
use std::ops::Range;

use super::ast::{Expr, ExprKind, Item, Path, SubSelection};
use super::expand::{ParsedText, Spread};
use super::growth;
use super::lex::{Lexer, Token};
use super::named::NamedMappings;
use super::problem::Problem;
use super::version::{Dialect, Version};
use crate::document::Str;

/// The deepest nesting of braces, brackets and parentheses, to which evaluation also recurses.
pub const MAX_NESTING: usize = 64;

/// The longest text, in bytes.
pub const MAX_LENGTH: usize = 256 * 1024;

/// The number of problems that are collected before parsing ends.
const MAX_PROBLEMS: usize = 50;

/// The meaning of a text that is a single bare key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lone {
    /// `{ key: $.key }`, as in a selection.
    Named,
    /// `$.key`, as in an argument.
    Value,
}

/// Parses a whole text. Without `named`, it spreads no named mappings. The problems are empty if a mapping that it spreads has
/// problems of its own.
pub(super) fn parse(
    text: &str,
    dialect: Dialect,
    lone: Lone,
    named: Option<&NamedMappings>,
) -> Result<ParsedText, Vec<Problem>> {
    if text.len() > MAX_LENGTH {
        return Err(vec![Problem::new(
            0..0,
            format!("a mapping is at most {MAX_LENGTH} bytes long"),
        )]);
    }
    let mut parser = Parser::new(text, 0, dialect);
    parser.named = named;
    let root = parser.start().and_then(|()| parser.root(lone));
    let mut problems = std::mem::take(&mut parser.problems);
    match root {
        Ok(root) if problems.is_empty() => {
            problems.extend(growth::check(&root));
            if problems.is_empty() && !parser.spreads_broken {
                Ok(parser.finish(root))
            } else {
                Err(problems)
            }
        }
        Ok(_) => Err(problems),
        Err(problem) => {
            problems.push(problem);
            problems.sort_by_key(|problem| problem.span.start);
            Err(problems)
        }
    }
}

/// Parses the expression of a template, from after its `{` on. Returns it with the offset after its
/// `}`.
pub(super) fn parse_embedded(
    text: &str,
    at: usize,
    dialect: Dialect,
) -> Result<(Expr, usize), Vec<Problem>> {
    let mut parser = Parser::new(text, at, dialect);
    let parsed = parser.start().and_then(|()| parser.embedded());
    let mut problems = parser.problems;
    match parsed {
        Ok(expr) if problems.is_empty() => match growth::check(&expr) {
            None => Ok((expr, parser.span.end)),
            Some(problem) => Err(vec![problem]),
        },
        Ok(_) => Err(problems),
        Err(problem) => {
            problems.push(problem);
            Err(problems)
        }
    }
}

/// Reads tokens with one token of lookahead (more by cloning the lexer).
struct Parser<'t> {
    lexer: Lexer<'t>,
    /// The current token.
    token: Token<'t>,
    span: Range<usize>,
    /// The end of the previous token.
    passed: usize,
    version: Version,
    /// Methods of the `wire` namespace are known.
    wire: bool,
    nesting: usize,
    /// The deepest nesting so far.
    deepest: usize,
    problems: Vec<Problem>,
    /// What may be spread by name; `None` where nothing may be.
    named: Option<&'t NamedMappings>,
    spreads: Vec<Spread>,
    /// Copies of what is spread, each after a line break.
    copies: String,
    /// A mapping that is spread has problems of its own.
    spreads_broken: bool,
}

type Parsed<T> = Result<T, Problem>;

impl<'t> Parser<'t> {
    fn new(text: &'t str, at: usize, dialect: Dialect) -> Self {
        Parser {
            lexer: Lexer::new(text, at),
            token: Token::End,
            span: at..at,
            passed: at,
            version: dialect.version,
            wire: dialect.wire,
            nesting: 0,
            deepest: 0,
            problems: Vec::new(),
            named: None,
            spreads: Vec::new(),
            copies: String::new(),
            spreads_broken: false,
        }
    }

    fn finish(self, root: Expr) -> ParsedText {
        let text = self.lexer.text();
        ParsedText {
            root,
            text: match self.copies.as_str() {
                "" => Str::from(text),
                copies => Str::from(format!("{text}{copies}")),
            },
            length: text.len(),
            spreads: self.spreads,
            nesting: self.deepest,
        }
    }

    fn start(&mut self) -> Parsed<()> {
        self.advance().map(|_| ())
    }

    /// Returns the current token and reads the next.
    fn advance(&mut self) -> Parsed<Token<'t>> {
        let (token, span) = self.lexer.next()?;
        self.passed = self.span.end;
        self.span = span;
        Ok(std::mem::replace(&mut self.token, token))
    }

    /// The token after the current one.
    fn after(&self) -> Option<Token<'t>> {
        self.lexer.clone().next().ok().map(|(token, _)| token)
    }

    fn at(&self, sign: &str) -> bool {
        matches!(self.token, Token::Sign(found) if found == sign)
    }

    /// Skips a sign if it is the current token.
    fn eat(&mut self, sign: &'static str) -> Parsed<bool> {
        let is_current = self.at(sign);
        if is_current {
            self.advance()?;
        }
        Ok(is_current)
    }

    fn expect(&mut self, sign: &'static str) -> Parsed<()> {
        if self.eat(sign)? {
            Ok(())
        } else {
            Err(self.unexpected(&format!("`{sign}`")))
        }
    }

    fn unexpected(&self, wanted: &str) -> Problem {
        Problem::new(
            self.span.clone(),
            format!("expected {wanted}, found {}", self.token.describe()),
        )
    }

    /// Collects a problem after which the parser can continue.
    fn report(&mut self, problem: Problem) {
        if !self.is_full() {
            self.problems.push(problem);
        }
    }

    /// Whether the number of collected problems has reached its limit.
    fn is_full(&self) -> bool {
        self.problems.len() >= MAX_PROBLEMS
    }

    /// Runs a rule one level deeper.
    fn nested<T>(&mut self, rule: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.nesting >= MAX_NESTING {
            return Err(Problem::new(
                self.span.clone(),
                format!("nested deeper than {MAX_NESTING} levels"),
            ));
        }
        self.nesting += 1;
        self.deepest = self.deepest.max(self.nesting);
        let parsed = rule(self);
        self.nesting -= 1;
        parsed
    }

    /// Reports a construct that this version does not have, and parses it anyway.
    fn since_v0_4(&mut self, span: Range<usize>, what: &str, instead: &str) {
        if !self.version.free_expressions() {
            let problem = Problem::new(span, format!("{what} only since {}", Version::V0_4));
            self.report(problem.help(instead));
        }
    }

    /// The whole text of a selection.
    fn root(&mut self, lone: Lone) -> Parsed<Expr> {
        let root = match self.lone_expression()? {
            Some(expr) => expr,
            None => self.top_items(lone)?,
        };
        if self.token == Token::End {
            Ok(root)
        } else {
            Err(self.unexpected("the end"))
        }
    }

    /// Since v0.4, a literal that is the whole text, also with methods: `"abc"->size`. A string with braces behind it is a
    /// key.
    fn lone_expression(&mut self) -> Parsed<Option<Expr>> {
        if self.version.free_expressions()
            && matches!(self.token, Token::String(_))
            && self.after() == Some(Token::Sign("->"))
        {
            let start = (self.lexer.clone(), self.token.clone(), self.span.clone());
            let (passed, known) = (self.passed, self.problems.len());
            let (spreads, copies) = (self.spreads.len(), self.copies.len());
            let parsed = self.expression();
            if self.token == Token::End {
                return parsed.map(Some);
            }
            (self.lexer, self.token, self.span) = start;
            self.passed = passed;
            self.problems.truncate(known);
            self.spreads.truncate(spreads);
            self.copies.truncate(copies);
            return Ok(None);
        }
        let literal = match &self.token {
            Token::Number(_) | Token::Sign("[" | "{") => true,
            Token::String(_) | Token::Name("true" | "false" | "null") => {
                self.version.free_expressions() && self.after() == Some(Token::End)
            }
            _ => false,
        };
        if !literal {
            return Ok(None);
        }
        if !self.at("{") {
            self.since_v0_4(
                self.span.clone(),
                "a literal stands alone",
                "write `$(…)` around it",
            );
        } else {
            self.since_v0_4(
                self.span.clone(),
                "a selection has braces around it",
                "leave them out",
            );
        }
        self.expression().map(Some)
    }

    /// Items up to the end, or a single path.
    fn top_items(&mut self, lone: Lone) -> Parsed<Expr> {
        let start = self.span.start;
        let (items, bare) = self.items(Token::End)?;
        let span = start..self.passed.max(start);
        match (bare.as_slice(), items.len()) {
            ([], 1)
                if lone == Lone::Value
                    && let [
                        Item::Field {
                            name,
                            name_span,
                            value,
                        },
                    ] = items.as_slice() =>
            {
                // An alias would mean that a named field is intended.
                let keeps_name = value.as_path().and_then(Path::single_key) == Some(name);
                let aliased = value.span.start != name_span.start;
                if keeps_name && !aliased {
                    return Ok(value.clone());
                }
            }
            ([], _) => {}
            ([_], 0) => {
                return bare
                    .into_iter()
                    .next()
                    .ok_or_else(|| self.unexpected("a path"));
            }
            _ => self.nameless(&bare, "and only a path that stands alone needs none"),
        }
        Ok(Expr {
            kind: ExprKind::Object(SubSelection {
                items: items.into(),
                span: span.clone(),
            }),
            span,
        })
    }

    fn nameless(&mut self, bare: &[Expr], why: &str) {
        for expr in bare {
            self.report(
                Problem::new(expr.span.clone(), "this value needs a name")
                    .help(format!("write `name: ` before it, with the name that it shall have in the result; {why}")),
            );
        }
    }

    /// `expression }`, in a template.
    fn embedded(&mut self) -> Parsed<Expr> {
        if self.at("}") {
            return Err(self
                .unexpected("an expression")
                .help("write a path such as `{$args.id}` between the braces"));
        }
        let literal = matches!(
            self.token,
            Token::Number(_) | Token::String(_) | Token::Sign("[" | "{")
        ) || matches!(self.token, Token::Name("true" | "false" | "null"));
        if literal {
            self.since_v0_4(
                self.span.clone(),
                "a literal stands by itself",
                "write `$(…)` around it",
            );
        }
        let expr = self.expression()?;
        if let ExprKind::Chain(operator, _) = &expr.kind {
            let what = format!("`{}` stands outside `$(…)`", operator.symbol());
            self.since_v0_4(expr.span.clone(), &what, "write `$(…)` around it");
        }
        // Not `expect`, which would read the next token: the text after the brace is not an
        // expression.
        if self.at("}") {
            Ok(expr)
        } else {
            Err(self.unexpected("`}`"))
        }
    }

    /// Whether the current token is a name such as `$filter: `, which must be in quotes.
    fn is_dollar_name(&self) -> bool {
        matches!(self.token, Token::Variable(_)) && self.after() == Some(Token::Sign(":"))
    }

    /// The name of a field of the result, before its `:`.
    fn name(&mut self) -> Parsed<Option<(Str, Range<usize>)>> {
        if let Token::Variable(name) = self.token
            && self.is_dollar_name()
        {
            let span = self.span.clone();
            let problem = Problem::new(span.clone(), format!("the name `{name}` begins with `$`"));
            self.report(problem.help(format!("write it in quotes: `'{name}': …`")));
            self.advance()?;
            return Ok(Some((Str::from(name), span)));
        }
        self.key()
    }

    /// A key: a name or a string.
    fn key(&mut self) -> Parsed<Option<(Str, Range<usize>)>> {
        let name: Str = match &self.token {
            Token::Name(name) => Str::from(*name),
            Token::String(text) => match text {
                Cow::Borrowed(text) => Str::from(*text),
                Cow::Owned(text) => Str::from(text.as_str()),
            },
            _ => return Ok(None),
        };
        let span = self.span.clone();
        self.advance()?;
        Ok(Some((name, span)))
    }
}
