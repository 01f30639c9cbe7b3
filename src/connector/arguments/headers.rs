//! Reads `headers:` of a source, a connect or `@graphql`, and checks which headers may be set.

use apollo_compiler::Node;
use apollo_compiler::ast::Value;
use http::{HeaderName, HeaderValue};

use super::key;
use crate::connector::diagnostic::code;
use crate::connector::expression::Expressions;
use crate::connector::findings::Findings;
use crate::connector::http::{
    HeaderTemplate, HeaderValueTemplate, NEVER_SET, RequestText, VALUE_ONLY,
};
use crate::connector::settings::is_secret_name;

/// The names of client headers that are passed on.
pub(crate) fn passed_on(headers: &[HeaderTemplate]) -> Vec<String> {
    let from = headers.iter().filter_map(|header| match &header.value {
        HeaderValueTemplate::From(name) => Some(name.as_str().to_owned()),
        _ => None,
    });
    from.collect()
}

/// Reads a list of header mappings.
pub(crate) fn read(
    list: Option<&Node<Value>>,
    expressions: &mut Expressions,
    findings: &mut Findings,
) -> Vec<HeaderTemplate> {
    let mut headers: Vec<HeaderTemplate> = Vec::new();
    let Some(list) = list else {
        return headers;
    };
    let items = list.as_list().unwrap_or(std::slice::from_ref(list));
    for item in items {
        let Some(header) = header(item, expressions, findings) else {
            continue;
        };
        if headers.iter().any(|other| other.name == header.name) {
            let message = format!("`{}` is set twice", header.name);
            let literal = key(item, "name").unwrap_or(item);
            findings.push(
                findings
                    .error(&code::INVALID_HEADER, message)
                    .at(findings.span(literal.location()))
                    .help("remove one of the two"),
            );
            continue;
        }
        headers.push(header);
    }
    headers
}

fn header(
    item: &Node<Value>,
    expressions: &mut Expressions,
    findings: &mut Findings,
) -> Option<HeaderTemplate> {
    let name_value = key(item, "name")?;
    let written = name_value.as_str()?;
    let from = key(item, "from");
    let value = key(item, "value");
    let name = match HeaderName::from_bytes(written.as_bytes()) {
        Ok(name) => name,
        Err(_) => {
            let message = format!("`{written}` is not a header's name");
            return refuse(name_value, message, "letters, digits and `-`", findings);
        }
    };
    let never = NEVER_SET.iter().any(|never| match never.strip_suffix('-') {
        Some(_) => name.as_str().starts_with(never),
        None => name == *never,
    });
    if never {
        let message = format!("`{name}` cannot be set");
        let help = "it belongs to the connection or follows from the body: leave it out";
        return refuse(name_value, message, help, findings);
    }
    let value = match (from, value) {
        (Some(from), None) if VALUE_ONLY.contains(&name.as_str()) => {
            let message = format!("`{name}` cannot be taken from the client");
            return refuse(from, message, "write its `value`", findings);
        }
        (Some(from), None) => {
            let Ok(source) = HeaderName::from_bytes(from.as_str()?.as_bytes()) else {
                let message = format!("{from} is not a header's name");
                return refuse(from, message, "letters, digits and `-`", findings);
            };
            HeaderValueTemplate::From(source)
        }
        (None, Some(value)) => header_value(&name, value, expressions, findings)?,
        _ => {
            let message = format!("header `{name}` needs either `from` or `value`");
            let help = "`from: \"name\"` passes the client's on, `value: \"…\"` is a template";
            return refuse(item, message, help, findings);
        }
    };
    Some(HeaderTemplate { name, value })
}

fn header_value(
    name: &HeaderName,
    value: &Node<Value>,
    expressions: &mut Expressions,
    findings: &mut Findings,
) -> Option<HeaderValueTemplate> {
    let template = expressions.header(value, findings)?;
    let Some(literal) = template.as_literal() else {
        return Some(HeaderValueTemplate::Template(RequestText::Template(
            template,
        )));
    };
    if is_secret_name(name.as_str()) && !literal.is_empty() {
        secret(name.as_str(), value, findings);
        return None;
    }
    match HeaderValue::from_str(literal) {
        Ok(fixed) => Some(HeaderValueTemplate::Fixed(fixed)),
        Err(_) => {
            let message = "this has characters that no header can carry".to_owned();
            refuse(
                value,
                message,
                "visible ASCII characters and blanks",
                findings,
            )
        }
    }
}

/// A secret that is written out, in a folder that is public.
pub(crate) fn secret(name: &str, value: &Node<Value>, findings: &mut Findings) {
    let key = name.to_lowercase().replace('-', "_");
    findings.push(
        findings
            .error(
                &code::SECRET_IN_FOLDER,
                format!("`{name}` looks like a secret"),
            )
            .label(
                findings.span(value.location()),
                "a connector's folder is public",
            )
            .help(format!(
                "write `{{$config.{key}}}`, and in `sangam.toml` under `[connector.{}]`: \
                 `config = {{ {key} = {{ env = \"…\" }} }}`",
                findings.connector
            )),
    );
}

fn refuse<T>(
    literal: &Node<Value>,
    message: String,
    help: &str,
    findings: &mut Findings,
) -> Option<T> {
    findings.push(
        findings
            .error(&code::INVALID_HEADER, message)
            .at(findings.span(literal.location()))
            .help(help),
    );
    None
}
