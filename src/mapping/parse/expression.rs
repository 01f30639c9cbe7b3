//! Expressions: in `$(…)`, in arguments, and since v0.4 anywhere.

use std::sync::Arc;

use super::{Parsed, Parser};
use crate::document::{Number, Value};
use crate::mapping::ast::{Expr, ExprKind, Item, Operator, Path, Start, SubSelection};
use crate::mapping::lex::Token;
use crate::mapping::problem::Problem;

impl Parser<'_> {
    /// An operand, or a chain of them.
    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        self.nested(|parser| {
            let first = parser.operand()?;
            if parser.at("??") || parser.at("?!") {
                parser.chain(first)
            } else {
                Ok(first)
            }
        })
    }

    /// The rest of a chain, whose operator is the current token.
    pub(super) fn chain(&mut self, first: Expr) -> Parsed<Expr> {
        let start = first.span.start;
        let operator = if self.at("??") {
            Operator::NullOrMissing
        } else {
            Operator::Missing
        };
        let mut operands = vec![first];
        loop {
            if self.eat(operator.symbol())? {
                operands.push(self.operand()?);
            } else if self.at("??") || self.at("?!") {
                return Err(
                    Problem::new(self.span.clone(), "`??` and `?!` in one chain")
                        .help("put `$(…)` around the part that comes first"),
                );
            } else {
                break;
            }
        }
        Ok(Expr {
            kind: ExprKind::Chain(operator, operands.into()),
            span: start..self.passed,
        })
    }

    /// A path or a literal.
    fn operand(&mut self) -> Parsed<Expr> {
        let start = self.span.start;
        let kind = match &self.token {
            Token::Number(text) => ExprKind::Literal(number(text)),
            Token::Sign(".") if let Some(digits) = self.fraction() => {
                let literal = ExprKind::Literal(number(&format!(".{digits}")));
                self.advance()?;
                literal
            }
            // A text has no keys: what is followed by one, or by braces, is a key in quotes.
            Token::String(_) if self.is_before_key() => {
                return self.path_operand();
            }
            Token::String(text) => ExprKind::Literal(Value::from(&**text)),
            Token::Name("true") => ExprKind::Literal(Value::Bool(true)),
            Token::Name("false") => ExprKind::Literal(Value::Bool(false)),
            Token::Name("null") => ExprKind::Literal(Value::Null),
            Token::Sign("[") => return self.array().and_then(|array| self.literal_steps(array)),
            Token::Sign("{") => return self.object().and_then(|object| self.literal_steps(object)),
            _ => return self.path_operand(),
        };
        self.advance()?;
        self.literal_steps(Expr {
            kind,
            span: start..self.passed,
        })
    }

    /// Whether braces, a key or `?` follow the current token; not a spread or the operator of a chain.
    fn is_before_key(&self) -> bool {
        match self.lexer.upcoming().as_bytes() {
            [b'.', b'.', ..] | [b'?', b'?' | b'!', ..] => false,
            [b'.' | b'?' | b'{', ..] => true,
            _ => false,
        }
    }

    /// The digits after a point without digits before it.
    fn fraction(&self) -> Option<&str> {
        match self.lexer.clone().next().ok()? {
            (Token::Number(digits), span)
                if span.start == self.span.end
                    && digits.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                Some(digits)
            }
            _ => None,
        }
    }

    /// The steps after a literal: `"a,b"->split(",")`.
    fn literal_steps(&mut self, literal: Expr) -> Parsed<Expr> {
        let start = literal.span.start;
        let steps = self.steps()?;
        if steps.is_empty() {
            return Ok(literal);
        }
        let path = Path {
            start: Start::Expression(Arc::new(literal)),
            bare: false,
            steps: steps.into(),
            selection: None,
        };
        Ok(Expr {
            kind: ExprKind::Path(path),
            span: start..self.passed,
        })
    }

    fn array(&mut self) -> Parsed<Expr> {
        let start = self.span.start;
        self.expect("[")?;
        let elements = self.listed("]")?;
        Ok(Expr {
            kind: ExprKind::Array(elements.into()),
            span: start..self.passed,
        })
    }

    /// Expressions separated by commas, up to and including `close`.
    pub(super) fn listed(&mut self, close: &'static str) -> Parsed<Vec<Expr>> {
        let mut elements = Vec::new();
        while !self.eat(close)? {
            elements.push(self.expression()?);
            if !self.eat(",")? && !self.at(close) {
                return Err(self.unexpected(&format!("`,` or `{close}`")));
            }
        }
        Ok(elements)
    }

    /// An object literal. Since v0.4 it has the syntax of braces.
    fn object(&mut self) -> Parsed<Expr> {
        let selection = if self.version.free_expressions() {
            self.check_braces()?;
            self.braces()?
        } else {
            self.members()?
        };
        let span = selection.span.clone();
        Ok(Expr {
            kind: ExprKind::Object(selection),
            span,
        })
    }

    /// `{ name: expression, … }`.
    fn members(&mut self) -> Parsed<SubSelection> {
        let start = self.span.start;
        self.expect("{")?;
        let mut items = Vec::new();
        while !self.eat("}")? {
            if self.token == Token::End {
                self.close_brace(start)?;
            }
            if self.at("...") {
                self.spread(&mut items, "name its members")?;
            } else {
                items.push(self.member()?);
            }
            if !self.eat(",")? && !self.at("}") && self.token != Token::End {
                return Err(self.unexpected("`,` or `}`"));
            }
        }
        Ok(SubSelection {
            items: items.into(),
            span: start..self.passed,
        })
    }

    fn member(&mut self) -> Parsed<Item> {
        let Some((name, name_span)) = self.name()? else {
            return Err(self.unexpected("a name"));
        };
        let value = if self.eat(":")? {
            self.expression()?
        } else if self.at(",") || self.at("}") {
            let help = format!("write `{name}: {name}`");
            self.since_v0_4(
                name_span.clone(),
                "a member is written as its name alone",
                &help,
            );
            Expr {
                kind: ExprKind::Literal(Value::Null),
                span: name_span.clone(),
            }
        } else {
            return Err(self.unexpected("`:`"));
        };
        Ok(Item::Field {
            name,
            name_span,
            value,
        })
    }
}

/// A number as JSON has it: without zeros in front, and with digits before and after its point.
fn number(text: &str) -> Value {
    let number = Number::from_json(text).or_else(|| {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let whole = whole.trim_start_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole };
        let point = if fraction.is_empty() { "" } else { "." };
        Number::from_json(&format!("{sign}{whole}{point}{fraction}"))
    });
    number.map_or(Value::Null, Value::Number)
}
