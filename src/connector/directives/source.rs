//! `@source`: what several connects share.

use std::sync::Arc;

use apollo_compiler::Node;
use apollo_compiler::ast::Directive;

use super::definition::{Addition, DirectivePart, Role, SupportedDirective, SupportedType};
use super::types;
use crate::connector::arguments::{headers, key, outcome, url};
use crate::connector::check::{scalars, variables};
use crate::connector::declared::{Declarations, DeclaredSource};
use crate::connector::diagnostic::code;
use crate::connector::expression::{Expressions, Language, VariableScope};
use crate::connector::findings::Findings;
use crate::connector::model::SourceDeclaration;

pub(super) static DIRECTIVE: SupportedDirective = SupportedDirective {
    name: "source",
    since: (0, 1),
    sdl: SDL,
    types: &[
        &HTTP,
        &types::CONNECTOR_ERRORS,
        &types::JSON_SELECTION,
        &types::URL_TEMPLATE,
        &types::HTTP_HEADER_MAPPING,
    ],
    additions: &[
        Addition {
            part: DirectivePart::Argument("errors"),
            since: (0, 2),
        },
        Addition {
            part: DirectivePart::Argument("isSuccess"),
            since: (0, 2),
        },
        Addition {
            part: DirectivePart::Key("http", "path"),
            since: (0, 2),
        },
        Addition {
            part: DirectivePart::Key("http", "queryParams"),
            since: (0, 2),
        },
    ],
    role: Role::Source(read),
    check,
};

const SDL: &str = r#"
"""
An upstream that several `@connect`s call: its base URL, and what their requests and responses have in common.

    extend schema
      @source(
        name: "works"
        http: {
          baseURL: "https://works.example.gov.in/api/v1"
          headers: [
            { name: "x-api-key", value: "{$config.api_key}" }
            { name: "accept-language", from: "accept-language" }
          ]
        }
        isSuccess: "$.status->eq('S')"
        errors: { message: "$.reason" }
      )

A deployment can replace the base URL: `base_url` of the connector, or `sources.<name>.base_url` if the connector has
several sources.
"""
directive @source(
  "The name, which `@connect(source:)` refers to; unique in the folder."
  name: String!

  "What the requests have in common."
  http: SourceHTTP!

  "What an error says if a call failed, unless the connect says it."
  errors: ConnectorErrors

  "Whether a call succeeded: a mapping that yields `true`. A connect can have its own; without both, a status of 2xx."
  isSuccess: JSONSelection
) repeatable on SCHEMA
"#;

static HTTP: SupportedType = SupportedType {
    name: "SourceHTTP",
    since: (0, 1),
    sdl: r#"
"What the requests to a source have in common."
input SourceHTTP {
  "The URL to which the URLs of connects are appended. The template may read `$config` and `$env`, also for the whole address."
  baseURL: URLTemplate!
  "Headers of all requests. The client's own headers are not sent unless they are named here."
  headers: [HTTPHeaderMapping!]
  "Yields a list of path segments, which follow the base URL."
  path: JSONSelection
  "Yields an object of query parameters, which all requests have."
  queryParams: JSONSelection
}
"#,
};

/// Reads one source.
fn read(
    directive: &Node<Directive>,
    language: &Language,
    findings: &mut Findings,
) -> Option<DeclaredSource> {
    let name = directive.specified_argument_by_name("name")?;
    if name.as_str() == Some("") {
        let diagnostic = findings.error(&code::INVALID_NAME, "this source has no name");
        let diagnostic = diagnostic.at(findings.span(name.location()));
        findings.push(diagnostic.help("settings and `@connect(source:)` refer to it by its name"));
    }
    let http = directive.specified_argument_by_name("http")?;
    let mut expressions = Expressions::new(language, VariableScope::BaseUrl);
    let base = key(http, "baseURL")?;
    let base_template = expressions.url("baseURL", base, findings);
    let of_deployment = base_template.as_ref().is_some_and(url::is_of_deployment);
    match &base_template {
        Some(template) if of_deployment => url::check_literal_parts(template, base, findings),
        Some(template) => url::check_absolute(template, base, expressions.schemes(), findings),
        None => {}
    }
    let address = of_deployment.then(|| expressions.unencoded(base)).flatten();
    expressions.in_scope(VariableScope::SourceRequest);
    let url = url::parts(http, &mut expressions, findings);
    let headers = headers::read(key(http, "headers"), &mut expressions, findings);
    expressions.in_scope(VariableScope::SourceResponse);
    let outcome = outcome::read(directive, &mut expressions, findings);
    Some(DeclaredSource {
        declaration: Arc::new(SourceDeclaration {
            name: name.as_str()?.to_owned(),
            base_url: base.as_str()?.to_owned(),
            address,
        }),
        name: name.clone(),
        base: base_template.map(url::text),
        url,
        headers,
        is_success: outcome.is_success,
        error_message: outcome.error_message,
        error_extensions: outcome.error_extensions,
        expressions: expressions.parsed,
    })
}

fn check(declarations: &Declarations<'_>, findings: &mut Findings) {
    for source in &declarations.sources {
        variables::source(&source.expressions, declarations.schema, findings);
        scalars::check(&source.expressions, None, declarations.schema, findings);
    }
}
