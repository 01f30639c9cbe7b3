//! What a connect's expressions read besides the response: inputs of cache keys and of `Vary`.

use std::collections::BTreeSet;

use super::declared::{DeclaredConnect, DeclaredSource};
use super::expression::{ParsedExpression, VariableScope};
use super::findings::Findings;
use super::model::{DeploymentValue, Reads};
use crate::mapping::VariableUse;

/// What a connect and its source read. `passed_on` are the client headers of `from`.
pub(crate) fn reads(
    declared: &DeclaredConnect,
    source: Option<&DeclaredSource>,
    passed_on: Vec<String>,
    findings: &Findings,
) -> Reads {
    let mut reads = of(
        declared
            .expressions
            .iter()
            .chain(source.iter().flat_map(|source| &source.expressions)),
        passed_on,
        findings,
    );
    let all_arguments = declared.expressions.iter().any(|expression| {
        let mut uses = expression.reads("$args");
        uses.any(|used| used.path.is_empty())
    });
    if let Some(field) = declared.field.as_ref().filter(|_| all_arguments) {
        let names = field
            .arguments
            .iter()
            .map(|argument| argument.name.to_string());
        reads.args = names.collect();
        reads.args.sort();
    }
    reads
}

/// The value that the deployment must give for a use of `$config` or `$env`; `None` if the expression allows for its absence
/// by `?` or `??`, or reads the whole variable.
fn deployment_value(
    expression: &ParsedExpression,
    used: &VariableUse,
    findings: &Findings,
) -> Option<DeploymentValue> {
    let variable = ["$config", "$env"];
    let variable = variable.into_iter().find(|name| *name == &*used.name)?;
    let text = expression.text.text();
    let path = text.get(used.span.clone()).unwrap_or_default();
    let after = text.get(used.span.end..).unwrap_or_default();
    let is_optional = path.contains('?') || after.trim_start().starts_with('?');
    let in_request = is_request(expression);
    (!is_optional && !used.path.is_empty()).then(|| DeploymentValue {
        variable,
        path: used.path.iter().map(|key| key.to_string()).collect(),
        in_request,
        in_base_url: matches!(expression.scope, VariableScope::BaseUrl),
        span: expression.text.span(findings, used.span.clone()),
    })
}

/// Whether a request is made of it.
fn is_request(expression: &ParsedExpression) -> bool {
    matches!(
        expression.scope,
        VariableScope::BaseUrl | VariableScope::SourceRequest | VariableScope::Request
    )
}

/// What expressions read.
pub(crate) fn of<'a>(
    expressions: impl Iterator<Item = &'a ParsedExpression>,
    passed_on: Vec<String>,
    findings: &Findings,
) -> Reads {
    let mut reads = Reads {
        client_headers: passed_on,
        ..Reads::default()
    };
    reads.add(expressions, findings);
    reads
}

impl Reads {
    /// Adds what other expressions read.
    pub(crate) fn add<'a>(
        &mut self,
        expressions: impl Iterator<Item = &'a ParsedExpression>,
        findings: &Findings,
    ) {
        let reads = self;
        let mut args: BTreeSet<String> = std::mem::take(&mut reads.args).into_iter().collect();
        let client = std::mem::take(&mut reads.client_headers);
        let mut client: BTreeSet<String> = client.into_iter().collect();
        let response = std::mem::take(&mut reads.response_headers);
        let mut response: BTreeSet<String> = response.into_iter().collect();
        let mut config: BTreeSet<Vec<String>> =
            std::mem::take(&mut reads.config).into_iter().collect();
        for expression in expressions {
            for used in &expression.uses {
                let path: Vec<&str> = used.path.iter().map(|key| &**key).collect();
                reads
                    .deployment
                    .extend(deployment_value(expression, used, findings));
                match (&*used.name, path.as_slice()) {
                    ("$args", [name, ..]) => {
                        args.insert((*name).to_owned());
                    }
                    ("$request", ["headers", name, ..]) => {
                        client.insert(name.to_lowercase());
                    }
                    ("$request", ["instant", ..]) => reads.instant = true,
                    ("$request", _) => reads.all_client_headers = true,
                    ("$response", ["headers", name, ..]) => {
                        response.insert(name.to_lowercase());
                    }
                    ("$response", _) => reads.all_response_headers = true,
                    ("$status", _) => reads.status = true,
                    ("$context", _) => reads.context = true,
                    ("$this", _) if is_request(expression) => reads.request_reads_this = true,
                    ("$config", path) => {
                        let path = path.iter().map(|key| (*key).to_owned());
                        config.insert(path.collect::<Vec<_>>());
                    }
                    _ => {}
                }
                let answers = matches!(
                    expression.scope,
                    VariableScope::Response | VariableScope::Page
                );
                if answers && matches!(&*used.name, "$args" | "$this" | "$batch") {
                    reads.selection_reads_inputs = true;
                }
            }
        }
        reads.args = args.into_iter().collect();
        reads.config = config.into_iter().collect();
        reads.client_headers = client.into_iter().collect();
        reads.response_headers = response.into_iter().collect();
    }
}
