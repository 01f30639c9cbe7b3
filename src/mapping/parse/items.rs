//! Items: between braces, or at the top level.

use std::ops::Range;

use super::{Parsed, Parser};
use crate::mapping::ast::{Expr, ExprKind, Item, Path, SubSelection};
use crate::mapping::lex::Token;
use crate::mapping::problem::Problem;

/// An item, or a value without a name.
enum ParsedItem {
    Item(Item),
    Bare(Expr),
}

/// How the problem of commas begins.
const COMMAS: &str = "commas stand between fields";

/// The commas between items.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Commas {
    Undecided,
    All,
    None,
}

impl Parser<'_> {
    /// `{ items }`, each named or spread into the object.
    pub(super) fn braces(&mut self) -> Parsed<SubSelection> {
        self.nested(|parser| {
            let start = parser.span.start;
            parser.expect("{")?;
            let (items, bare) = parser.items(Token::Sign("}"))?;
            parser.nameless(&bare, "between braces each value has one");
            parser.close_brace(start)?;
            Ok(SubSelection {
                items: items.into(),
                span: start..parser.passed,
            })
        })
    }

    /// `name: {$args.x}` has the braces of a template around a value.
    pub(super) fn check_braces(&mut self) -> Parsed<()> {
        let line = self.lexer.line_from(self.span.end);
        let Some((inner, _)) = line.split_once('}') else {
            return Ok(());
        };
        let inner = inner.trim();
        let mut lexer = self.lexer.clone();
        let mut steps = inner.bytes();
        let is_path = steps.all(|byte| byte.is_ascii_alphanumeric() || b"_.$".contains(&byte));
        match lexer.next()?.0 {
            Token::Variable(_) if is_path => Err(Problem::new(
                self.span.start..self.span.end,
                "braces around a value are for URLs and headers",
            )
            .help(format!("leave them out: `{inner}`"))),
            _ => Ok(()),
        }
    }

    /// The `}` of the `{` at `start`.
    pub(super) fn close_brace(&mut self, start: usize) -> Parsed<()> {
        match self.token {
            Token::End => Err(Problem::new(start..start + 1, "this `{` is not closed")
                .help("write `}` after its last field")),
            _ => self.expect("}"),
        }
    }

    /// The items before `end`, and separately the values without a name.
    pub(super) fn items(&mut self, end: Token<'_>) -> Parsed<(Vec<Item>, Vec<Expr>)> {
        let (mut items, mut bare) = (Vec::new(), Vec::new());
        let mut commas = Commas::Undecided;
        while self.token != end && self.token != Token::End {
            if self.at("...") {
                self.spread(&mut items, "name the fields, or write `path { fields }`")?;
            } else {
                match self.item()? {
                    ParsedItem::Item(item) => items.push(item),
                    ParsedItem::Bare(expr) => bare.push(expr),
                }
            }
            commas = self.comma(commas, &end)?;
        }
        Ok((items, bare))
    }

    /// The separator of two items. Either all items are followed by commas, or none.
    fn comma(&mut self, before: Commas, end: &Token<'_>) -> Parsed<Commas> {
        let span = self.span.clone();
        let has_comma = self.eat(",")?;
        // One comma too many is one of many: the others are not reported.
        let mut reported = self.problems.iter();
        if has_comma && !reported.any(|problem| problem.message.starts_with(COMMAS)) {
            self.since_v0_4(span.clone(), COMMAS, "leave the commas out");
        }
        if self.token == *end {
            // After the last item, a comma is optional.
            return Ok(before);
        }
        let now = if has_comma { Commas::All } else { Commas::None };
        if before != Commas::Undecided && before != now && self.version.free_expressions() {
            self.report(
                Problem::new(span, "commas stand between some of these items only")
                    .help("put one between each two items, or none at all"),
            );
            return Ok(Commas::Undecided);
        }
        Ok(now)
    }

    fn item(&mut self) -> Parsed<ParsedItem> {
        if matches!(self.token, Token::Name(_) | Token::String(_))
            && self.after() == Some(Token::Sign(":"))
            || self.is_dollar_name()
        {
            return self.aliased().map(ParsedItem::Item);
        }
        let first = self.path_operand()?;
        let value = self.chained(first)?;
        Ok(match value.as_path() {
            Some(path) => match (path.single_key(), &path.selection) {
                (Some(name), _) => {
                    let (name, name_span) = (name.clone(), key_span(path, &value.span));
                    ParsedItem::Item(Item::Field {
                        name,
                        name_span,
                        value,
                    })
                }
                (None, Some(_)) => ParsedItem::Item(Item::Spread { value }),
                (None, None) => ParsedItem::Bare(value),
            },
            None => ParsedItem::Bare(value),
        })
    }

    /// `name: value`.
    fn aliased(&mut self) -> Parsed<Item> {
        let Some((name, name_span)) = self.name()? else {
            return Err(self.unexpected("a name"));
        };
        self.expect(":")?;
        let value = self.value()?;
        Ok(Item::Field {
            name,
            name_span,
            value,
        })
    }

    /// The value after `name:` in a list of items.
    fn value(&mut self) -> Parsed<Expr> {
        if self.version.free_expressions() {
            return self.expression();
        }
        if self.at("{") {
            self.check_braces()?;
            let selection = self.braces()?;
            let span = selection.span.clone();
            return Ok(Expr {
                kind: ExprKind::Object(selection),
                span,
            });
        }
        if matches!(self.token, Token::Number(_) | Token::Sign("[")) {
            let literal = self.expression()?;
            self.since_v0_4(
                literal.span.clone(),
                "a literal stands by itself",
                "write `$(…)` around it",
            );
            return Ok(literal);
        }
        let first = self.path_operand()?;
        self.chained(first)
    }

    /// An operand, and the chain that it begins without `$(…)`, if any.
    fn chained(&mut self, first: Expr) -> Parsed<Expr> {
        if !self.at("??") && !self.at("?!") {
            return Ok(first);
        }
        let chain = self.chain(first)?;
        if let ExprKind::Chain(operator, _) = &chain.kind {
            let what = format!("`{}` stands outside `$(…)`", operator.symbol());
            self.since_v0_4(chain.span.clone(), &what, "write `$(…)` around it");
        }
        Ok(chain)
    }
}

/// The position of the key of a path that is only a key.
fn key_span(path: &Path, whole: &Range<usize>) -> Range<usize> {
    path.steps
        .first()
        .map_or_else(|| whole.clone(), |step| step.span.clone())
}
