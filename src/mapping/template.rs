//! Templates: text with `{expressions}`, for URLs and headers.

use std::ops::Range;

use super::analyse::{VariableUse, analyse};
use super::ast::{Expr, Start, StepKind};
use super::evaluate::{Evaluated, EvaluationBudget, Warning, evaluate};
use super::parse::{MAX_LENGTH, parse_embedded};
use super::percent::{encode, is_unreserved};
use super::problem::Problem;
use super::variables::{VARIABLE_NAMES, Variables};
use super::version::Dialect;
use crate::document::{Str, Value};

/// A parsed template. Tabs and line ends in its literal text are dropped, so that a long URL can have
/// several lines.
#[derive(Debug, Clone)]
pub struct Template {
    text: Str,
    target: TemplateTarget,
    pieces: Vec<Piece>,
}

/// A part of a template.
#[derive(Debug, Clone)]
pub enum Piece {
    /// Fixed text; in a URL, with characters that a URL cannot contain already encoded.
    Literal(Str),
    /// An expression, evaluated with `$` as null.
    Expression(Expr),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TemplateTarget {
    Url,
    Header,
}

/// A rendered template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// Warnings of its expressions.
    pub warnings: Vec<Warning>,
}

/// The reason why a template could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// The expression at fault, in the template's text.
    pub span: Range<usize>,
    /// The problem; it quotes the expression, never a value.
    pub message: String,
    /// Whether a limit of the evaluation was exceeded.
    pub limit: bool,
}

/// A variable in fixed text, as `/a/$args.id`, which would be sent as it is written.
fn unbraced(literal: &str, at: usize) -> Option<Problem> {
    let is_path = |character: char| character.is_ascii_alphanumeric() || "_.".contains(character);
    let variables = literal.match_indices('$').filter_map(|(start, _)| {
        let rest = &literal[start + 1..];
        let end = rest
            .find(|character| !is_path(character))
            .unwrap_or(rest.len());
        let written = literal[start..start + 1 + end].trim_end_matches('.');
        let (name, _) = written.split_once('.')?;
        VARIABLE_NAMES.contains(&name).then_some((start, written))
    });
    let (start, written) = variables.into_iter().next()?;
    let span = at + start..at + start + written.len();
    let problem = Problem::new(span, format!("`{written}` is not in braces"));
    Some(problem.help(format!("write `{{{written}}}`")))
}

impl Template {
    /// Parses a URL, or a part of one. Values of expressions are percent-encoded except for
    /// `A-Z a-z 0-9 - . _ ~`; literal text keeps reserved characters and `%`.
    pub fn parse_url(text: &str, dialect: impl Into<Dialect>) -> Result<Template, Vec<Problem>> {
        Self::parse(text, dialect.into(), TemplateTarget::Url)
    }

    /// Parses the value of a header.
    pub fn parse_header(text: &str, dialect: impl Into<Dialect>) -> Result<Template, Vec<Problem>> {
        Self::parse(text, dialect.into(), TemplateTarget::Header)
    }

    fn parse(
        text: &str,
        dialect: Dialect,
        target: TemplateTarget,
    ) -> Result<Template, Vec<Problem>> {
        if text.len() > MAX_LENGTH {
            return Err(vec![Problem::new(
                0..0,
                format!("a template is at most {MAX_LENGTH} bytes long"),
            )]);
        }
        let (mut pieces, mut problems) = (Vec::new(), Vec::new());
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let literal = rest.find(['{', '}']).unwrap_or(rest.len());
            problems.extend(unbraced(&rest[..literal], at));
            push_literal(&mut pieces, &rest[..literal], target);
            at += literal;
            match text[at..].chars().next() {
                None => break,
                Some('{') => match parse_embedded(text, at + 1, dialect) {
                    Ok((expr, end)) => {
                        problems.extend(check_expression(&expr));
                        pieces.push(Piece::Expression(expr));
                        at = end;
                    }
                    Err(found) => {
                        // The end of the expression is unknown, so the rest is not parsed.
                        problems.extend(found);
                        break;
                    }
                },
                Some(_) => {
                    problems.push(
                        Problem::new(at..at + 1, "`}` without a `{` before it")
                            .help("to send a brace, write `{$('}')}`, or `%7D` in a URL"),
                    );
                    at += 1;
                }
            }
        }
        if problems.is_empty() {
            Ok(Template {
                text: Str::from(text),
                target,
                pieces,
            })
        } else {
            Err(problems)
        }
    }

    /// The text, to which all spans refer.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its parts in order.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The text, if it has no expression.
    pub fn as_literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Every use of a variable, in the order of the text.
    pub fn variables(&self) -> Vec<VariableUse> {
        let expressions = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Expression(expr) => Some(expr),
            Piece::Literal(_) => None,
        });
        expressions
            .flat_map(|expr| analyse(expr).variables)
            .collect()
    }

    /// Renders it. Null and missing give the empty string. Fails on an array or object, which a URL
    /// or header cannot contain, and on a control character (a line break, for example) in a
    /// header.
    pub fn render(&self, variables: &Variables) -> Result<Rendered, TemplateError> {
        let mut rendered = Rendered {
            text: String::with_capacity(self.text.len() + 16),
            warnings: Vec::new(),
        };
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => rendered.text.push_str(text),
                Piece::Expression(expr) => {
                    self.render_expression(expr, variables, &mut rendered)?
                }
            }
        }
        Ok(rendered)
    }

    fn render_expression(
        &self,
        expr: &Expr,
        variables: &Variables,
        out: &mut Rendered,
    ) -> Result<(), TemplateError> {
        // Nearly all are `$args.key`, which need no evaluation.
        match member_of(expr, variables) {
            Some(Value::String(text)) => return self.push(expr, text, out),
            Some(Value::Number(number)) => return self.push(expr, &number.to_string(), out),
            _ => {}
        }
        let Evaluated {
            value,
            warnings,
            errors,
            ..
        } = evaluate(
            expr,
            Some(&Value::Null),
            variables,
            &EvaluationBudget::default(),
        );
        out.warnings.extend(warnings);
        if let Some(error) = errors.into_iter().next() {
            let limit = error.kind == super::MappingErrorKind::Limit;
            return Err(TemplateError {
                span: expr.span.clone(),
                message: error.message,
                limit,
            });
        }
        match value {
            None | Some(Value::Null) => Ok(()),
            Some(Value::Bool(bool)) => self.push(expr, if bool { "true" } else { "false" }, out),
            Some(Value::Number(number)) => self.push(expr, &number.to_string(), out),
            Some(Value::String(text)) => self.push(expr, &text, out),
            Some(Value::Array(_)) => Err(self.refuse(expr, "an array")),
            Some(Value::Object(_)) => Err(self.refuse(expr, "an object")),
        }
    }

    fn push(&self, expr: &Expr, text: &str, out: &mut Rendered) -> Result<(), TemplateError> {
        match self.target {
            TemplateTarget::Url => encode(text, is_unreserved, &mut out.text),
            TemplateTarget::Header if text.chars().any(|c| c.is_control() && c != '\t') => {
                return Err(self.refuse(expr, "a control character"));
            }
            TemplateTarget::Header => out.text.push_str(text),
        }
        Ok(())
    }

    fn refuse(&self, expr: &Expr, found: &str) -> TemplateError {
        let target = match self.target {
            TemplateTarget::Url => "a URL",
            TemplateTarget::Header => "a header",
        };
        let source = self.text.get(expr.span.clone()).unwrap_or_default();
        TemplateError {
            span: expr.span.clone(),
            message: format!("`{{{source}}}` gives {found}, which {target} cannot hold"),
            limit: false,
        }
    }
}

/// The value of a path of keys in a variable, if all exist; `None` also for any other expression.
fn member_of<'v>(expr: &Expr, variables: &'v Variables) -> Option<&'v Value> {
    let path = expr.as_path()?;
    let Start::Variable(name) = &path.start else {
        return None;
    };
    if path.selection.is_some() {
        return None;
    }
    let mut value = variables.get(name)?;
    for step in path.steps.iter() {
        let StepKind::Key(key) = &step.kind else {
            return None;
        };
        value = value.as_object()?.get(key)?;
    }
    Some(value)
}

fn push_literal(pieces: &mut Vec<Piece>, text: &str, target: TemplateTarget) {
    let kept: String = text
        .chars()
        .filter(|c| !matches!(c, '\t' | '\n' | '\r'))
        .collect();
    if kept.is_empty() {
        return;
    }
    let literal = match target {
        TemplateTarget::Header => kept,
        TemplateTarget::Url => {
            let mut encoded = String::with_capacity(kept.len());
            let allowed = |byte: u8| is_unreserved(byte) || b":/?#[]@!$&'()*+,;=%".contains(&byte);
            encode(&kept, allowed, &mut encoded);
            encoded
        }
    };
    pieces.push(Piece::Literal(Str::from(literal)));
}

/// Reports a bare key: it reads `$`, which is null in a template.
fn check_expression(expr: &Expr) -> Option<Problem> {
    let path = expr.as_path()?;
    let reads = matches!(path.start, Start::Input | Start::Current)
        && matches!(path.steps.first(), Some(step) if matches!(step.kind, StepKind::Key(_)));
    reads.then(|| {
        Problem::new(expr.span.clone(), "there is no input here to read from")
            .help("start with a variable, such as `$args.id`")
    })
}
