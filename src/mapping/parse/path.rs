//! Paths, their steps, and calls of methods.

use std::ops::Range;
use std::sync::Arc;

use super::{Parsed, Parser};
use crate::document::Str;
use crate::mapping::ast::{Expr, ExprKind, MethodCall, Path, Start, Step, StepKind};
use crate::mapping::lex::Token;
use crate::mapping::method::{Arguments, Signature};
use crate::mapping::problem::{Problem, did_you_mean};
use crate::mapping::{methods, variables};

impl Parser<'_> {
    /// A path with the selection at its end.
    pub(super) fn path_operand(&mut self) -> Parsed<Expr> {
        let from = self.span.start;
        let bare = matches!(self.token, Token::Name(_) | Token::String(_));
        let (start, mut steps) = self.path_start()?;
        steps.extend(self.steps()?);
        let selection = if self.at("{") {
            Some(self.braces()?)
        } else {
            None
        };
        Ok(Expr {
            kind: ExprKind::Path(Path {
                start,
                bare,
                steps: steps.into(),
                selection,
            }),
            span: from..self.passed,
        })
    }

    fn path_start(&mut self) -> Parsed<(Start, Vec<Step>)> {
        if let Some((name, span)) = self.key()? {
            return Ok((
                Start::Input,
                vec![Step {
                    kind: StepKind::Key(name),
                    span,
                }],
            ));
        }
        let start = match &self.token {
            Token::Variable(name) => Start::Variable(Str::from(*name)),
            Token::Sign("@") => Start::Current,
            Token::Sign("$") => Start::Input,
            Token::Number(_) | Token::Sign("[" | "{") => {
                return Err(self
                    .unexpected("a path")
                    .help("a literal stands in `$(…)` or in a method's arguments"));
            }
            Token::Mapping(name) => {
                let help = format!("a mapping is spread between braces: `{{ ...&{name} }}`");
                return Err(self.unexpected("a path").help(help));
            }
            Token::Sign("...") => {
                let help = "a spread stands between braces: `{ ...value }`";
                return Err(self.unexpected("a path").help(help));
            }
            _ => return Err(self.unexpected("a path")),
        };
        self.advance()?;
        if matches!(start, Start::Input) && self.eat("(")? {
            let inner = self.expression()?;
            self.expect(")")?;
            return Ok((Start::Expression(Arc::new(inner)), Vec::new()));
        }
        Ok((start, Vec::new()))
    }

    pub(super) fn steps(&mut self) -> Parsed<Vec<Step>> {
        let mut steps = Vec::new();
        loop {
            let from = self.span.start;
            let Token::Sign(sign) = self.token else {
                return Ok(steps);
            };
            let kind = match sign {
                "." => {
                    self.advance()?;
                    StepKind::Key(self.step_key()?)
                }
                "->" => {
                    self.advance()?;
                    match self.call()? {
                        Some(kind) => kind,
                        // The problem is reported; the path continues without the step.
                        None => continue,
                    }
                }
                "?" if self.is_conditional() => {
                    return Err(
                        Problem::new(self.span.clone(), "there is no `condition ? a : b`")
                            .help("write `condition->match([true, a], [@, b])`"),
                    );
                }
                "?" => {
                    self.advance()?;
                    StepKind::Optional
                }
                "[" if self.span.start == self.passed => return Err(self.index()),
                _ => return Ok(steps),
            };
            steps.push(Step {
                kind,
                span: from..self.passed,
            });
        }
    }

    /// Whether a `?` begins the `? a : b` of other languages: it has blanks around it, and a `:` with blanks around
    /// it follows on the line.
    fn is_conditional(&self) -> bool {
        let rest = self.lexer.line_from(self.span.end);
        self.lexer.is_after_blank(self.span.start) && rest.starts_with(' ') && rest.contains(" : ")
    }

    /// Brackets directly after a value, as other languages have them.
    fn index(&self) -> Problem {
        let line = self.lexer.line_from(self.span.start);
        let end = line.find(']').map_or(line.len(), |at| at + 1);
        let brackets = &line[..end];
        let inner = brackets.trim_matches(['[', ']', ' ']);
        let help = match inner.as_bytes() {
            [] | [b'*'] => {
                "leave them out: keys and braces map over a list, `list { name }`".to_owned()
            }
            [b'"' | b'\'', ..] => format!("a key is `.{inner}`"),
            _ if inner.parse::<i64>().is_ok() => {
                format!("an element of an array is `->get({inner})`")
            }
            _ => "`->get(…)` takes an index or a key, `->slice(start, end)` a part, `->filter(…)` a condition"
                .to_owned(),
        };
        let start = self.span.start;
        Problem::new(start..start + end, "brackets do not follow a value").help(help)
    }

    fn step_key(&mut self) -> Parsed<Str> {
        if let Some((name, _)) = self.key()? {
            return Ok(name);
        }
        let problem = self.unexpected("a key after `.`");
        Err(match self.token {
            Token::Number(number) => problem.help(format!(
                "an element of an array is `->get({number})`, a key is `.\"{number}\"`"
            )),
            Token::Sign("{") => problem.help("leave the `.` before `{` out"),
            _ => problem,
        })
    }

    /// A method's name and arguments, after `->`.
    fn call(&mut self) -> Parsed<Option<StepKind>> {
        let span = self.span.clone();
        let Token::Name(name) = self.token else {
            return Err(self.unexpected("a method's name after `->`"));
        };
        self.advance()?;
        if name == "as" {
            return self.binding(span).map(Some);
        }
        let arguments = if self.eat("(")? {
            self.nested(|parser| parser.listed(")"))?
        } else {
            Vec::new()
        };
        let Some((index, signature)) = methods::find(name) else {
            self.unknown_method(name, span);
            return Ok(None);
        };
        if methods::is_wire(index) && !self.wire {
            let message = format!("`->{name}` is a method of the `wire` namespace");
            let help =
                "link it: `extend schema @link(url: \"https://specs.sangam.dev/wire/v0.1\")`";
            self.report(Problem::new(span.clone(), message).help(help));
        }
        self.check_arguments(signature, &arguments, span.start..self.passed);
        Ok(Some(StepKind::Method(MethodCall {
            index,
            signature,
            arguments: arguments.into(),
        })))
    }

    fn unknown_method(&mut self, name: &str, span: Range<usize>) {
        if self.is_full() {
            return;
        }
        let problem = Problem::new(span, format!("there is no method `->{name}`"));
        let mut methods = methods::names();
        if self.wire {
            methods.extend(methods::wire_names());
            methods.sort_unstable();
        }
        let of_wire = || {
            let hint = did_you_mean(name, methods::wire_names())?;
            Some(format!(
                "{hint} It is a method of the `wire` namespace, which this folder does not link"
            ))
        };
        let hint = did_you_mean(name, methods.iter().copied()).or_else(of_wire);
        self.report(
            problem.help(hint.unwrap_or_else(|| format!("known are {}", methods.join(", ")))),
        );
    }

    /// `->as($name)`, `->as($name, expression)`.
    fn binding(&mut self, span: Range<usize>) -> Parsed<StepKind> {
        let wanted = "`->as` takes the variable to bind";
        let help = "write `->as($name)`, or `->as($name, expression)`";
        if !self.at("(") {
            return Err(Problem::new(span, wanted).help(help));
        }
        self.advance()?;
        let Token::Variable(name) = self.token else {
            return Err(Problem::new(self.span.clone(), wanted).help(help));
        };
        if variables::VARIABLE_NAMES.contains(&name) {
            self.report(
                Problem::new(self.span.clone(), format!("`{name}` has a meaning already"))
                    .help("bind another name"),
            );
        }
        let name = Str::from(name);
        self.advance()?;
        let value = if self.eat(",")? && !self.at(")") {
            Some(Arc::new(self.expression()?))
        } else {
            None
        };
        self.eat(",")?;
        self.expect(")")?;
        Ok(StepKind::Bind { name, value })
    }

    fn check_arguments(&mut self, signature: &Signature, arguments: &[Expr], span: Range<usize>) {
        if let Some(wanted) = signature.arguments.refuse(arguments.len()) {
            let found = match arguments.len() {
                0 => "none".to_owned(),
                count => count.to_string(),
            };
            let message = format!("`->{}` takes {wanted}, found {found}", signature.name);
            self.report(Problem::new(span, message));
        }
        if let Arguments::Pairs = signature.arguments {
            for argument in arguments {
                if !matches!(&argument.kind, ExprKind::Array(pair) if pair.len() == 2) {
                    self.report(
                        Problem::new(
                            argument.span.clone(),
                            format!("`->{}` takes pairs", signature.name),
                        )
                        .help("write `[value, result]`; `[@, result]` matches whatever comes"),
                    );
                }
            }
        }
    }
}
