//! `@source`: what several connects share.

use std::sync::Arc;

use apollo_compiler::Node;
use apollo_compiler::ast::Directive;
use apollo_compiler::ast::Value;

use super::headers;
use super::http;
use crate::connector::diagnostic::code;
use crate::connector::expression::Expression;
use crate::connector::expression::Expressions;
use crate::connector::expression::Place;
use crate::connector::findings::Findings;
use crate::connector::http::HeaderTemplate;
use crate::connector::http::Text;
use crate::connector::http::UrlParts;
use crate::connector::model::SourceDeclaration;
use crate::mapping::Selection;
use crate::mapping::Version;

/// A source with everything that a connect takes from it.
#[derive(Debug)]
pub(crate) struct Source {
    /// What the model shows of it.
    pub(crate) declaration: Arc<SourceDeclaration>,
    /// Where the name stands.
    pub(crate) name: Node<Value>,
    /// `baseURL`; `None` if it does not parse, which has been said.
    pub(crate) base: Option<Text>,
    /// `path` and `queryParams`.
    pub(crate) url: UrlParts,
    /// `headers`.
    pub(crate) headers: Vec<HeaderTemplate>,
    /// `isSuccess`.
    pub(crate) is_success: Option<Arc<Selection>>,
    /// `errors.message`.
    pub(crate) error_message: Option<Arc<Selection>>,
    /// `errors.extensions`.
    pub(crate) error_extensions: Option<Arc<Selection>>,
    /// All its expressions.
    pub(crate) expressions: Vec<Expression>,
}

/// Reads all sources; a repeated name is reported, and the first counts.
pub(crate) fn read_all<'a>(
    directives: impl Iterator<Item = &'a Node<Directive>>,
    version: Version,
    findings: &mut Findings,
) -> Vec<Source> {
    let mut sources: Vec<Source> = Vec::new();
    for directive in directives {
        let Some(source) = read(directive, version, findings) else {
            continue;
        };
        let name = &source.declaration.name;
        match sources.iter().find(|known| known.declaration.name == *name) {
            Some(first) => findings.push(
                findings
                    .error(
                        &code::DUPLICATE_SOURCE,
                        format!("there are two sources named `{name}`"),
                    )
                    .label(findings.span(source.name.location()), "named again")
                    .label(findings.span(first.name.location()), "first named here")
                    .help("give one of them another name"),
            ),
            None => sources.push(source),
        }
    }
    sources
}

fn read(directive: &Node<Directive>, version: Version, findings: &mut Findings) -> Option<Source> {
    let name = directive.specified_argument_by_name("name")?;
    let http = directive.specified_argument_by_name("http")?;
    let mut expressions = Expressions::new(version, Place::BaseUrl);
    let base = super::key(http, "baseURL")?;
    let base_template = expressions.url("baseURL", base, findings);
    if let Some(template) = &base_template {
        http::check_absolute(template, base, findings);
    }
    expressions.at(Place::SourceRequest);
    let url = http::url_parts(http, &mut expressions, findings);
    let headers = headers::read(super::key(http, "headers"), &mut expressions, findings);
    expressions.at(Place::SourceResponse);
    let outcome = super::outcome::read(directive, &mut expressions, findings);
    Some(Source {
        declaration: Arc::new(SourceDeclaration {
            name: name.as_str()?.to_owned(),
            base_url: base.as_str()?.to_owned(),
        }),
        name: name.clone(),
        base: base_template.map(http::text),
        url,
        headers,
        is_success: outcome.is_success,
        error_message: outcome.error_message,
        error_extensions: outcome.error_extensions,
        expressions: expressions.parsed,
    })
}
