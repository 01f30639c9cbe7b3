//! URLs of directives, `path` and `queryParams`: parsed and checked.

use apollo_compiler::Node;
use apollo_compiler::ast::Value;

use super::{headers, key};
use crate::connector::diagnostic::code;
use crate::connector::expression::{Expressions, Form};
use crate::connector::findings::Findings;
use crate::connector::http::{RequestText, UrlParts};
use crate::connector::schemes::Schemes;
use crate::connector::settings::is_secret_name;
use crate::mapping::{Piece, Template};

/// `path` and `queryParams`.
pub(crate) fn parts(
    http: &Node<Value>,
    expressions: &mut Expressions,
    findings: &mut Findings,
) -> UrlParts {
    let path = key(http, "path");
    let query = key(http, "queryParams");
    UrlParts {
        path: path.and_then(|path| expressions.mapping("path", path, Form::Value, findings)),
        query: query
            .and_then(|query| expressions.mapping("queryParams", query, Form::Object, findings)),
    }
}

/// A template; a fixed text if it has no expressions.
pub(crate) fn text(template: Template) -> RequestText {
    match template.as_literal() {
        Some(literal) => RequestText::Fixed(literal.to_owned()),
        None => RequestText::Template(template),
    }
}

/// Reports secrets in the query of a URL.
fn secrets_in_query(template: &Template, literal: &Node<Value>, findings: &mut Findings) {
    for piece in template.pieces() {
        let Piece::Literal(text) = piece else {
            continue;
        };
        for parameter in text.split(['?', '&']).skip(1) {
            let pair = parameter
                .split_once('=')
                .filter(|(_, value)| !value.is_empty());
            if let Some((name, _)) = pair.filter(|(name, _)| is_secret_name(name)) {
                headers::secret(name, literal, findings);
            }
        }
    }
}

/// An address must name scheme and host in plain text: data of a client's request must not choose the host that is
/// called.
pub(crate) fn check_absolute(
    template: &Template,
    literal: &Node<Value>,
    schemes: &Schemes,
    findings: &mut Findings,
) {
    let first = match template.pieces().first() {
        Some(Piece::Literal(text)) => &**text,
        _ => "",
    };
    let rest = schemes.strip(first);
    let without_scheme = format!("it does not begin with {}", schemes.list());
    let dynamic = template.pieces().len() > 1;
    // The settings of the deployment may name the host; a client's request may not.
    let of_deployment =
        |used: &crate::mapping::VariableUse| matches!(&*used.name, "$config" | "$env");
    let trusted = dynamic && template.variables().iter().all(of_deployment);
    let written_out = |rest: &str| rest.contains(['/', '?']);
    let problem = match rest {
        None => &without_scheme,
        Some(rest) if dynamic && !trusted && !written_out(rest) => "its host is not written out",
        Some(rest) if authority(rest).is_empty() && !trusted => "it has no host",
        Some(rest) if authority(rest).contains('@') => "it holds a user name or a password",
        Some(_) if !dynamic && url::Url::parse(first).is_err() => "no URL parser reads it",
        Some(_) => return check_literal_parts(template, literal, findings),
    };
    let help = match first.starts_with('/') {
        true => {
            "name the source that has the address, `source: \"…\"`, or write `https://host/path`"
        }
        false => {
            "write `https://host/path`; a deployment puts its own address in its place with `base_url`"
        }
    };
    findings.push(
        findings
            .error(
                &code::INVALID_URL,
                format!("this is not an address: {problem}"),
            )
            .at(findings.span(literal.location()))
            .help(help),
    );
}

/// Whether a template begins with an expression, and reads only settings of the deployment: these say the whole address.
pub(crate) fn is_of_deployment(template: &Template) -> bool {
    let of_deployment =
        |used: &crate::mapping::VariableUse| matches!(&*used.name, "$config" | "$env");
    matches!(template.pieces().first(), Some(Piece::Expression(_)))
        && template.variables().iter().all(of_deployment)
}

fn authority(rest: &str) -> &str {
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// Refuses secrets in the query, and warns about a `#`, which cuts off the text after it.
pub(crate) fn check_literal_parts(
    template: &Template,
    literal: &Node<Value>,
    findings: &mut Findings,
) {
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
                .warning(&code::INVALID_URL, "a fragment is never sent to a server")
                .at(findings.inside(literal, at..at + 1))
                .help("write `%23` for a `#` in a path or a parameter"),
        );
    }
}
