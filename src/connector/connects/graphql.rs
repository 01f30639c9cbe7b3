//! `@graphql`: a folder that is a GraphQL service.

use std::sync::Arc;

use apollo_compiler::Node;
use apollo_compiler::Schema;
use apollo_compiler::ast::Directive;

use super::Declared;
use super::headers;
use super::http;
use super::reads;
use super::source::Source;
use crate::connector::diagnostic::code;
use crate::connector::expression::Expressions;
use crate::connector::expression::Place;
use crate::connector::findings::Findings;
use crate::connector::http::HttpTemplate;
use crate::connector::http::Text;
use crate::connector::http::UrlParts;
use crate::connector::model::GraphqlService;
use crate::mapping::Version;

/// Reads the directive.
pub(crate) fn read(
    directive: &Node<Directive>,
    schema: &Schema,
    version: Version,
    findings: &mut Findings,
) -> Option<GraphqlService> {
    let literal = directive.specified_argument_by_name("url")?;
    let mut expressions = Expressions::new(version, Place::BaseUrl);
    let url = expressions.url("url", literal, findings)?;
    http::check_absolute(&url, literal, findings);
    expressions.at(Place::SourceRequest);
    let headers = directive.specified_argument_by_name("headers");
    let headers = headers::read(headers, &mut expressions, findings);
    crate::connector::check::source_variables(&expressions.parsed, schema, findings);
    let client_headers = headers::passed_on(&headers);
    let reads = reads::of(expressions.parsed.iter(), client_headers);
    let template = HttpTemplate {
        headers,
        ..post_to(http::text(url))
    };
    Some(GraphqlService {
        template: Arc::new(template),
        reads,
    })
}

impl GraphqlService {
    /// A service at this address, called without further headers.
    pub fn at(url: &str) -> Self {
        Self {
            template: Arc::new(post_to(Text::Fixed(url.to_owned()))),
            reads: Default::default(),
        }
    }
}

/// A `POST` to an address, without headers and body.
fn post_to(url: Text) -> HttpTemplate {
    HttpTemplate {
        method: ::http::Method::POST,
        base: Some(url),
        source: UrlParts::default(),
        url: Text::Fixed(String::new()),
        connect: UrlParts::default(),
        headers: Vec::new(),
        body: None,
    }
}

/// A folder is either a GraphQL service or connectors, and only one service.
pub(crate) fn check_alone(
    directive: &Node<Directive>,
    second: Option<&Node<Directive>>,
    sources: &[Source],
    declared: &[Declared],
    findings: &mut Findings,
) {
    let other = second
        .and_then(|second| second.location())
        .or_else(|| declared.first().and_then(|one| one.directive.location()))
        .or_else(|| sources.first().and_then(|one| one.name.location()));
    let Some(other) = other else {
        return;
    };
    findings.push(
        findings
            .error(
                &code::GRAPHQL_NOT_ALONE,
                "a folder with `@graphql` is that service and nothing else",
            )
            .label(findings.span(Some(other)), "this does not belong to it")
            .label(findings.span(directive.location()), "the service")
            .help("move one of them into a folder of its own"),
    );
}
