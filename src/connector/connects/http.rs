//! The `http:` argument of `@connect` and `@source`: parsed and checked.

use std::sync::Arc;

use apollo_compiler::Node;
use apollo_compiler::ast::Directive;
use apollo_compiler::ast::Value;
use http::Method;

use super::Fetch;
use super::Request;
use super::headers;
use super::source::Source;
use crate::connector::diagnostic::code;
use crate::connector::expression::Expressions;
use crate::connector::expression::Form;
use crate::connector::expression::Place;
use crate::connector::findings::Findings;
use crate::connector::findings::list;
use crate::connector::http::HeaderTemplate;
use crate::connector::http::HttpTemplate;
use crate::connector::http::Text;
use crate::connector::http::UrlParts;
use crate::connector::settings::is_secret_name;
use crate::mapping::Piece;
use crate::mapping::Template;
use crate::mapping::Version;

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// The request of a `@connect`; since v0.4 it may have none.
pub(crate) fn of_connect(
    directive: &Node<Directive>,
    source: Option<&Source>,
    expressions: &mut Expressions,
    findings: &mut Findings,
) -> Fetch {
    match directive.specified_argument_by_name("http") {
        Some(http) => match request(http, source, expressions, findings) {
            Some(request) => Fetch::Call(request),
            None => Fetch::Broken,
        },
        None if expressions.version() >= Version::V0_4 => Fetch::Nothing,
        None => {
            findings.push(
                findings
                    .error(&code::NO_REQUEST, "this connect has no `http`")
                    .at(findings.span(directive.location()))
                    .help(
                        "say what to call, or link connect/v0.4, where a selection alone will do",
                    ),
            );
            Fetch::Broken
        }
    }
}

/// Reads the `http:` argument of a connect into a request.
fn request(
    http: &Node<Value>,
    source: Option<&Source>,
    expressions: &mut Expressions,
    findings: &mut Findings,
) -> Option<Request> {
    expressions.at(Place::Request);
    let (method, literal) = method(http, findings)?;
    let template = expressions.url(method, literal, findings);
    match (&template, source) {
        (Some(template), None) => check_absolute(template, literal, findings),
        (Some(template), Some(source)) => check_relative(template, literal, source, findings),
        (None, _) => {}
    }
    let url = url_parts(http, expressions, findings);
    let own = headers::read(super::key(http, "headers"), expressions, findings);
    let body = super::key(http, "body")
        .and_then(|body| expressions.mapping("body", body, Form::Object, findings));
    let base = match source {
        Some(source) => Some(source.base.clone()?),
        None => None,
    };
    let template = HttpTemplate {
        method: Method::from_bytes(method.as_bytes()).ok()?,
        base,
        source: source.map(|source| source.url.clone()).unwrap_or_default(),
        url: text(template?),
        connect: url,
        headers: merge(source, own),
        body,
    };
    let client_headers = headers::passed_on(&template.headers);
    Some(Request {
        template: Arc::new(template),
        client_headers,
    })
}

/// `path` and `queryParams`.
pub(crate) fn url_parts(
    http: &Node<Value>,
    expressions: &mut Expressions,
    findings: &mut Findings,
) -> UrlParts {
    let path = super::key(http, "path");
    let query = super::key(http, "queryParams");
    UrlParts {
        path: path.and_then(|path| expressions.mapping("path", path, Form::Value, findings)),
        query: query
            .and_then(|query| expressions.mapping("queryParams", query, Form::Object, findings)),
    }
}

/// A template as the text that it is.
pub(crate) fn text(template: Template) -> Text {
    match template.as_literal() {
        Some(literal) => Text::Fixed(literal.to_owned()),
        None => Text::Template(template),
    }
}

/// A connect's headers replace its source's of the same name.
fn merge(source: Option<&Source>, own: Vec<HeaderTemplate>) -> Vec<HeaderTemplate> {
    let inherited = source.map(|source| source.headers.as_slice());
    let mut merged: Vec<HeaderTemplate> = inherited
        .unwrap_or_default()
        .iter()
        .filter(|header| own.iter().all(|other| other.name != header.name))
        .cloned()
        .collect();
    merged.extend(own);
    merged
}

/// The one method of a `http:` argument, with its URL.
fn method<'a>(
    http: &'a Node<Value>,
    findings: &mut Findings,
) -> Option<(&'static str, &'a Node<Value>)> {
    let found: Vec<_> = METHODS
        .iter()
        .filter_map(|method| super::key(http, method).map(|url| (*method, url)))
        .collect();
    match found.as_slice() {
        [one] => Some(*one),
        [] => {
            findings.push(
                findings
                    .error(&code::NO_METHOD, "`http` has no method and URL")
                    .at(findings.span(http.location()))
                    .help(format!("add one of {}", list(METHODS))),
            );
            None
        }
        [(first, first_url), (second, second_url), ..] => {
            findings.push(
                findings
                    .error(
                        &code::SEVERAL_METHODS,
                        format!("`http` has two methods, `{first}` and `{second}`"),
                    )
                    .label(findings.span(second_url.location()), "remove one")
                    .label(findings.span(first_url.location()), "the other")
                    .help("a connect makes one call; write a second `@connect` for a second one"),
            );
            None
        }
    }
}

/// Refuses secrets that are written into a URL's query.
fn secrets_in_query(template: &Template, literal: &Node<Value>, findings: &mut Findings) {
    for piece in template.pieces() {
        let Piece::Literal(text) = piece else {
            continue;
        };
        for parameter in text.split(['?', '&']).skip(1) {
            let found = parameter
                .split_once('=')
                .filter(|(_, value)| !value.is_empty());
            if let Some((name, _)) = found.filter(|(name, _)| is_secret_name(name)) {
                headers::secret(name, literal, findings);
            }
        }
    }
}

/// An address must name scheme and host in plain text: what comes from a request must not choose where it is sent.
pub(crate) fn check_absolute(template: &Template, literal: &Node<Value>, findings: &mut Findings) {
    let first = match template.pieces().first() {
        Some(Piece::Literal(text)) => &**text,
        _ => "",
    };
    let rest = first
        .strip_prefix("https://")
        .or_else(|| first.strip_prefix("http://"));
    let dynamic = template.pieces().len() > 1;
    // The deployment's own settings may name the host; a client's request may not.
    let of_deployment =
        |used: &crate::mapping::VariableUse| matches!(&*used.name, "$config" | "$env");
    let trusted = dynamic && template.variables().iter().all(of_deployment);
    let written_out = |rest: &str| rest.contains(['/', '?']);
    let problem = match rest {
        None => "it does not begin with `https://` or `http://`",
        Some(rest) if dynamic && !trusted && !written_out(rest) => "its host is not written out",
        Some(rest) if authority(rest).is_empty() && !trusted => "it has no host",
        Some(rest) if authority(rest).contains('@') => "it holds a user name or a password",
        Some(_) if !dynamic && url::Url::parse(first).is_err() => "no URL parser reads it",
        Some(_) => return literal_parts(template, literal, findings),
    };
    findings.push(
        findings
            .error(&code::INVALID_URL, format!("this is not an address: {problem}"))
            .at(findings.span(literal.location()))
            .help(
                "write `https://host/path`; a deployment puts its own address in its place with `base_url`",
            ),
    );
}

fn authority(rest: &str) -> &str {
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// What is appended to a source's URL must not bring an address of its own.
fn check_relative(
    template: &Template,
    literal: &Node<Value>,
    source: &Source,
    findings: &mut Findings,
) {
    let first = match template.pieces().first() {
        Some(Piece::Literal(text)) => &**text,
        _ => "",
    };
    if first.starts_with("http://") || first.starts_with("https://") {
        findings.push(
            findings
                .error(&code::INVALID_URL, "this URL has an address of its own")
                .label(
                    findings.span(literal.location()),
                    format!(
                        "it is appended to the one of source `{}`",
                        source.declaration.name
                    ),
                )
                .help("write only the path, or leave `source` out"),
        );
        return;
    }
    literal_parts(template, literal, findings);
}

/// A `#` would cut off what follows without a word; and no URL holds a secret.
fn literal_parts(template: &Template, literal: &Node<Value>, findings: &mut Findings) {
    secrets_in_query(template, literal, findings);
    let has = template
        .pieces()
        .iter()
        .any(|piece| matches!(piece, Piece::Literal(text) if text.contains('#')));
    if has {
        let at = literal
            .as_str()
            .and_then(|text| text.find('#'))
            .unwrap_or(0);
        findings.push(
            findings
                .error(&code::INVALID_URL, "a fragment is never sent to a server")
                .at(findings.inside(literal, at..at + 1))
                .help("write `%23` for a `#` in a path or a parameter"),
        );
    }
}
