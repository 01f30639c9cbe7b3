//! The mappings in a schema, parsed, with the location of each part of their text in the file.
//!
//! The only module of this room that parses the mapping language. It stores every expression with its [`VariableScope`], so
//! that the checks and the computation of keys can read all of them.

use std::rc::Rc;
use std::sync::Arc;

use apollo_compiler::Node;
use apollo_compiler::ast::Value;

use super::diagnostic::{Diagnostic, code};
use super::findings::Findings;
use super::mapping_text::{FolderMappings, MappingText};
use super::schemes::Schemes;
use crate::document::Str;
use crate::mapping::ast::{Expr, ExprKind, Start};
use crate::mapping::{Dialect, Piece, Problem, Selection, Template, VariableUse, Version};

/// Which variables an expression may read, by the argument that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VariableScope {
    /// `baseURL`, and the URL of `@graphql`.
    BaseUrl,
    /// Headers, path and query of a source, and headers of `@graphql`.
    SourceRequest,
    /// `errors` and `isSuccess` of a source.
    SourceResponse,
    /// The request of a connect.
    Request,
    /// `selection`, `errors` and `isSuccess` of a connect.
    Response,
    /// What `@paginate` reads of a page.
    Page,
    /// `limit` of `@paginate`: what is the same for all pages.
    Limit,
}

/// An expression, or the expressions of a template, with the variables that it reads.
#[derive(Debug, Clone)]
pub(crate) struct ParsedExpression {
    /// Which variables it may read.
    pub(crate) scope: VariableScope,
    /// Its text.
    pub(crate) text: MappingText,
    /// Every use of a variable.
    pub(crate) uses: Vec<VariableUse>,
    /// The names that `->as` binds in a mapping.
    pub(crate) bound: Vec<Str>,
    /// The folder links the `wire` namespace.
    pub(crate) wire: bool,
    /// The expressions that must yield a single value: those of a template, and the segments of a `path`.
    pub(crate) scalars: Vec<Expr>,
}

impl ParsedExpression {
    /// The keys under a variable that are read, e.g. `["headers", "accept-language"]` for `$request`.
    pub(crate) fn reads<'a>(&'a self, variable: &'a str) -> impl Iterator<Item = &'a VariableUse> {
        self.uses.iter().filter(move |used| &*used.name == variable)
    }
}

/// How a mapping is parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As an object: a single key keeps its name.
    Object,
    /// As a value: a single key is a path.
    Value,
    /// As an object; but a single key is a path, with a warning, because the type is a scalar or an enum.
    Leaf,
}

/// The language of a folder's texts.
#[derive(Debug, Clone)]
pub(crate) struct Language {
    /// The version of the mapping language, and whether it has the methods of `wire`.
    pub(crate) dialect: Dialect,
    /// The mappings that others may spread.
    pub(crate) mappings: Rc<FolderMappings>,
    /// The schemes of addresses.
    pub(crate) schemes: Schemes,
}

/// Parses and stores the expressions of a folder.
#[derive(Debug)]
pub(crate) struct Expressions {
    language: Language,
    scope: VariableScope,
    /// The expressions so far.
    pub(crate) parsed: Vec<ParsedExpression>,
}

impl Expressions {
    /// For expressions of this language and scope.
    pub(crate) fn new(language: &Language, scope: VariableScope) -> Self {
        Self {
            language: language.clone(),
            scope,
            parsed: Vec::new(),
        }
    }

    /// The version of the mapping language.
    pub(crate) fn version(&self) -> Version {
        self.language.dialect.version
    }

    /// The schemes of addresses.
    pub(crate) fn schemes(&self) -> &Schemes {
        &self.language.schemes
    }

    /// The next expressions may read the variables of another scope.
    pub(crate) fn in_scope(&mut self, scope: VariableScope) -> &mut Self {
        self.scope = scope;
        self
    }

    /// Parses a mapping.
    pub(crate) fn mapping(
        &mut self,
        argument: &'static str,
        literal: &Node<Value>,
        form: Form,
        findings: &mut Findings,
    ) -> Option<Arc<Selection>> {
        let text = string(argument, literal, findings)?;
        let Language {
            dialect, mappings, ..
        } = &self.language;
        let parsed = match form {
            Form::Object => Selection::parse_with(text, *dialect, &mappings.named),
            Form::Value => Selection::parse_value_with(text, *dialect, &mappings.named),
            Form::Leaf => self.leaf(argument, literal, text, findings),
        };
        match parsed {
            Ok(selection) => {
                let selection = Arc::new(selection);
                let bound = selection.bound_names().to_vec();
                let uses = selection.variables().to_vec();
                let scalars = match argument {
                    "path" => segments(selection.root()),
                    _ => Vec::new(),
                };
                let text = MappingText::of(&selection, argument, literal, mappings);
                self.remember(text, uses, bound, scalars);
                Some(selection)
            }
            Err(problems) => {
                push_problems(argument, literal, problems, findings);
                None
            }
        }
    }

    /// Parses the selection of a field without fields of its own.
    fn leaf(
        &self,
        argument: &'static str,
        literal: &Node<Value>,
        text: &str,
        findings: &mut Findings,
    ) -> Result<Selection, Vec<Problem>> {
        let Language {
            dialect, mappings, ..
        } = &self.language;
        let selection = Selection::parse_with(text, *dialect, &mappings.named)?;
        let Some(key) = selection.lone_key() else {
            return Ok(selection);
        };
        let span = findings.inside(literal, selection.root().span.clone());
        let message = format!("`{key}` is read as `$.{key}`");
        findings.push(
            findings
                .warning(&code::LEAF_WITH_SELECTION, message)
                .label(span, format!("in `{argument}`"))
                .help(format!(
                    "write `$.{key}`: a key alone is a field of an object"
                )),
        );
        Selection::parse_value_with(text, *dialect, &mappings.named)
    }

    /// A template whose values are not encoded, for an address that an expression begins.
    pub(crate) fn unencoded(&self, literal: &Node<Value>) -> Option<Template> {
        Template::parse_header(literal.as_str()?, self.language.dialect).ok()
    }

    /// Parses a template for a URL or a part of one.
    pub(crate) fn url(
        &mut self,
        argument: &'static str,
        literal: &Node<Value>,
        findings: &mut Findings,
    ) -> Option<Template> {
        let text = string(argument, literal, findings)?;
        let parsed = Template::parse_url(text, self.language.dialect);
        self.template(argument, literal, parsed, findings)
    }

    /// Parses a template for a header.
    pub(crate) fn header(
        &mut self,
        literal: &Node<Value>,
        findings: &mut Findings,
    ) -> Option<Template> {
        let text = string("headers", literal, findings)?;
        let parsed = Template::parse_header(text, self.language.dialect);
        self.template("headers", literal, parsed, findings)
    }

    fn template(
        &mut self,
        argument: &'static str,
        literal: &Node<Value>,
        parsed: Result<Template, Vec<Problem>>,
        findings: &mut Findings,
    ) -> Option<Template> {
        match parsed {
            Ok(template) => {
                let scalars = template.pieces().iter().filter_map(|piece| match piece {
                    Piece::Expression(expr) => Some(expr.clone()),
                    Piece::Literal(_) => None,
                });
                let text = MappingText::new(argument, literal);
                let scalars = scalars.collect();
                self.remember(text, template.variables(), Vec::new(), scalars);
                Some(template)
            }
            Err(problems) => {
                push_problems(argument, literal, problems, findings);
                None
            }
        }
    }

    fn remember(
        &mut self,
        text: MappingText,
        uses: Vec<VariableUse>,
        bound: Vec<Str>,
        scalars: Vec<Expr>,
    ) {
        self.parsed.push(ParsedExpression {
            scope: self.scope,
            text,
            uses,
            bound,
            wire: self.language.dialect.wire,
            scalars,
        });
    }
}

/// A mapping of a deployment's settings, in the latest version of the language. The error says what is wrong.
pub(crate) fn of_settings(text: &str, form: Form) -> Result<Arc<Selection>, String> {
    let dialect = Dialect {
        version: Version::V0_4,
        wire: true,
    };
    let named = FolderMappings::default().named;
    let parsed = match form {
        Form::Value => Selection::parse_value_with(text, dialect, &named),
        Form::Object | Form::Leaf => Selection::parse_with(text, dialect, &named),
    };
    parsed.map(Arc::new).map_err(|problems| {
        let first = problems.into_iter().next();
        first.map_or_else(String::new, |problem| match problem.help {
            Some(help) => format!("{}: {help}", problem.message),
            None => problem.message,
        })
    })
}

/// The segments that a `path` writes out as an array.
fn segments(path: &Expr) -> Vec<Expr> {
    match &path.kind {
        ExprKind::Array(segments) => segments.to_vec(),
        ExprKind::Path(inner) if inner.steps.is_empty() => match &inner.start {
            Start::Expression(inner) => segments(inner),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The text of a string argument. Mappings are a custom scalar, so GraphQL validation accepts any value.
fn string<'a>(
    argument: &str,
    literal: &'a Node<Value>,
    findings: &mut Findings,
) -> Option<&'a str> {
    let text = literal.as_str();
    if text.is_none() {
        let help = match argument {
            "queryParams" | "body" => {
                format!("write a mapping in quotes: `{argument}: \"name: $args.name\"`")
            }
            _ => "write it in quotes".to_owned(),
        };
        findings.push(
            findings
                .error(&code::INVALID_MAPPING, format!("`{argument}` is a string"))
                .at(findings.span(literal.location()))
                .help(help),
        );
    }
    text
}

fn push_problems(
    argument: &str,
    literal: &Node<Value>,
    problems: Vec<Problem>,
    findings: &mut Findings,
) {
    for problem in problems {
        let span = findings.inside(literal, problem.span);
        let diagnostic: Diagnostic = findings
            .error(&code::INVALID_MAPPING, problem.message)
            .label(span, format!("in `{argument}`"))
            .help_opt(problem.help);
        findings.push(diagnostic);
    }
}
