//! Values of `$config` and `$env` that a connector reads and its deployment does not give.
//!
//! A request that is made of such a value would go out with an empty credential, and the upstream's refusal would hide the
//! cause. So [`refuse`] replaces the request by an error that names the value.

use std::sync::Arc;

use http::HeaderMap;

use super::diagnostic::{Diagnostic, code};
use super::model::{Connect, DeploymentValue, Reads, SourceDeclaration, Subgraph, SubgraphKind};
use super::request::{RenderError, RenderErrorPlace, Request, RequestTemplate};
use crate::mapping::Variables;

/// Whether a deployment gives the value of a read, by a connect of the named source.
type IsSet<'a> = &'a dyn Fn(&DeploymentValue, Option<&str>) -> bool;

/// Warnings about the values that a connector reads and that are not set, one for each value.
pub fn unset_values(subgraph: &Subgraph, is_set: IsSet<'_>) -> Vec<Diagnostic> {
    let mut reported: Vec<&DeploymentValue> = Vec::new();
    for (reads, source) in reads(subgraph) {
        for value in &reads.deployment {
            let is_known = reported
                .iter()
                .any(|other| other.variable == value.variable && other.path == value.path);
            if !is_known && !is_set(value, source) {
                reported.push(value);
            }
        }
    }
    reported.sort_by_key(|value| value.span.as_ref().map(|span| span.range.start));
    let warnings = reported.into_iter().map(|value| warning(subgraph, value));
    warnings.collect()
}

/// Replaces the requests that are made of values which are not set.
pub fn refuse(subgraph: &mut Subgraph, is_set: IsSet<'_>) {
    let refused = |reads: &Reads, source: Option<&str>, template: &Arc<dyn RequestTemplate>| {
        let mut values = reads.deployment.iter();
        let unset = values.find(|value| value.in_request && !is_set(value, source))?;
        let template: Arc<dyn RequestTemplate> = Arc::new(Refused {
            template: Arc::clone(template),
            missing: shown(unset),
        });
        Some(template)
    };
    match &mut subgraph.kind {
        SubgraphKind::Connectors {
            connects, sources, ..
        } => {
            for connect in connects {
                let template = connect.template.as_ref();
                let source = name_of_source(connect, sources);
                if let Some(template) = template.and_then(|it| refused(&connect.reads, source, it))
                {
                    Arc::make_mut(connect).template = Some(template);
                }
            }
        }
        SubgraphKind::Service(service) => {
            if let Some(template) = refused(&service.reads, None, &service.template) {
                service.template = template;
            }
        }
        SubgraphKind::Native => {}
    }
}

/// What the expressions of a connector read, with the sources of the connects.
fn reads(subgraph: &Subgraph) -> Vec<(&Reads, Option<&str>)> {
    match &subgraph.kind {
        SubgraphKind::Connectors {
            connects, sources, ..
        } => connects
            .iter()
            .map(|connect| (&connect.reads, name_of_source(connect, sources)))
            .collect(),
        SubgraphKind::Service(service) => vec![(&service.reads, None)],
        SubgraphKind::Native => Vec::new(),
    }
}

fn name_of_source<'a>(connect: &Connect, sources: &'a [Arc<SourceDeclaration>]) -> Option<&'a str> {
    let source = sources.get(connect.source?)?;
    Some(&source.name)
}

/// The value as an expression reads it: `$config.api_key`.
fn shown(value: &DeploymentValue) -> String {
    format!("{}.{}", value.variable, value.path.join("."))
}

fn warning(subgraph: &Subgraph, value: &DeploymentValue) -> Diagnostic {
    let name = &subgraph.name;
    let (message, help) = match value.variable {
        "$env" => (
            format!("`{}` may not be read", shown(value)),
            format!(
                "allow it in sangam.toml: `[connector.{name}] env = [\"{}\"]`",
                value.path.join(".")
            ),
        ),
        _ => {
            let nested = value.path.iter().rev().fold("…".to_owned(), |inner, key| {
                format!("{{ {key} = {inner} }}")
            });
            (
                format!("`{}` has no value", shown(value)),
                format!("set it in sangam.toml: `[connector.{name}] config = {nested}`"),
            )
        }
    };
    let why = match value.in_request {
        true => "requests that read it fail",
        false => "it is null here",
    };
    Diagnostic::warning(&code::VALUE_NOT_SET, name, message)
        .label(value.span.clone(), why)
        .help(help)
}

/// A request that cannot be made.
#[derive(Debug)]
struct Refused {
    template: Arc<dyn RequestTemplate>,
    missing: String,
}

impl RequestTemplate for Refused {
    fn render(&self, _: &Variables, _: &HeaderMap) -> Result<Request, RenderError> {
        Err(RenderError {
            message: format!("`{}` is not set", self.missing),
            place: RenderErrorPlace::Deployment,
        })
    }

    fn scheme(&self) -> &str {
        self.template.scheme()
    }

    fn with_base_url(&self, base: &str) -> Result<Arc<dyn RequestTemplate>, RenderError> {
        Ok(Arc::new(Refused {
            template: self.template.with_base_url(base)?,
            missing: self.missing.clone(),
        }))
    }
}
