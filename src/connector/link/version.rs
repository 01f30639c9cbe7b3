//! The version of a link: known, newer than known, or refused; and the Federation version that connect needs.
//!
//! A later minor version only adds to a specification, so that a folder which links one is read as the latest known
//! version: what is not known is refused where it is used. A later major version may change the meaning of anything, and is
//! refused. A refused link counts as a link to the latest version, so that its elements are not reported as unknown too.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, Value};

use super::spec::{self, LinkVersion, Specification};
use crate::connector::diagnostic::code;
use crate::connector::findings::Findings;

/// The version in the URL of a link.
pub(super) enum Linked {
    /// A version that this gateway supports.
    Known(LinkVersion),
    /// A later minor version than the latest known one.
    Newer(LinkVersion),
    /// Another major version, one that is too old, or no version.
    Refused,
}

/// The URL of a specification without its version.
pub(super) fn identity(url: &str) -> &str {
    url.rsplit_once("/v").map_or(url, |(identity, _)| identity)
}

/// The version in a URL of `spec`.
pub(super) fn linked(url: &str, spec: &Specification) -> Linked {
    let parsed = url.rsplit_once("/v").and_then(|(_, version)| {
        let (major, minor) = version.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    });
    match parsed {
        Some(version) if (spec.oldest..=spec.latest).contains(&version) => Linked::Known(version),
        Some(version) if version.0 == spec.latest.0 && version > spec.latest => {
            Linked::Newer(version)
        }
        _ => Linked::Refused,
    }
}

/// The link of a folder to connect, which needs a Federation version.
pub(super) struct LinkedConnect {
    version: LinkVersion,
    directive: Node<Directive>,
}

/// The link to connect among the links of a folder.
pub(super) fn connect(links: &[&Node<Directive>]) -> Option<LinkedConnect> {
    links.iter().find_map(|directive| {
        let url = directive.specified_argument_by_name("url")?.as_str()?;
        if identity(url) != spec::CONNECT.identity {
            return None;
        }
        let version = match linked(url, &spec::CONNECT) {
            Linked::Known(version) => version,
            Linked::Newer(_) => spec::CONNECT.latest,
            Linked::Refused => return None,
        };
        let directive = (*directive).clone();
        Some(LinkedConnect { version, directive })
    })
}

impl LinkedConnect {
    /// The Federation version as which a folder is read that links `federation`: a later one, with a warning, if connect
    /// needs it.
    pub(super) fn raise(
        &self,
        federation: LinkVersion,
        url: &Node<Value>,
        findings: &mut Findings,
    ) -> LinkVersion {
        let least = spec::least_federation(self.version);
        if federation >= least {
            return federation;
        }
        let (major, minor) = self.version;
        let message = format!(
            "connect/v{major}.{minor} needs federation/v{}.{}: the folder is read as if it linked that version",
            least.0, least.1
        );
        findings.push(
            findings
                .warning(&code::FEDERATION_TOO_OLD, message)
                .label(findings.span(url.location()), "this version is older")
                .label(findings.span(self.directive.location()), "needed here")
                .help(format!("link `{}`", spec::FEDERATION.url(least))),
        );
        least
    }
}

/// The imports of a link: a list, or one item.
pub(super) fn imports(directive: &Node<Directive>) -> &[Node<Value>] {
    let imports = directive.specified_argument_by_name("import");
    imports.map_or(&[], |imports| {
        imports.as_list().unwrap_or(std::slice::from_ref(imports))
    })
}

/// The name that an import imports, if the specification does not have it.
pub(super) fn unknown_import<'a>(import: &'a Node<Value>, spec: &Specification) -> Option<&'a str> {
    let name = match &**import {
        Value::String(name) => name.as_str(),
        Value::Object(entries) => {
            let (_, value) = entries.iter().find(|(name, _)| name == "name")?;
            value.as_str()?
        }
        _ => return None,
    };
    spec.since(name).is_none().then_some(name)
}

/// Warns of a version that is newer than the known ones.
pub(super) fn report_newer(
    newer: LinkVersion,
    directive: &Node<Directive>,
    spec: &Specification,
    findings: &mut Findings,
) {
    let (name, latest) = (spec.name, spec.latest);
    let unknown: Vec<String> = imports(directive)
        .iter()
        .filter_map(|import| unknown_import(import, spec))
        .map(|name| format!("`{name}`"))
        .collect();
    let help = if unknown.is_empty() {
        "what it adds is refused where it is used".to_owned()
    } else {
        format!(
            "not known: {}, which is refused where it is used",
            unknown.join(" and ")
        )
    };
    let url = directive.specified_argument_by_name("url");
    findings.push(
        findings
            .warning(
                &code::NEWER_VERSION,
                format!(
                    "{name}/v{}.{} is newer than v{}.{}, the latest known version: it is read as v{}.{}",
                    newer.0, newer.1, latest.0, latest.1, latest.0, latest.1
                ),
            )
            .at(findings.span(url.and_then(|url| url.location())))
            .help(help),
    );
}

/// Reports a version that is not supported.
pub(super) fn report_refused(url: &Node<Value>, spec: &Specification, findings: &mut Findings) {
    let (oldest, latest) = (spec.oldest, spec.latest);
    findings.push(
        findings
            .error(
                &code::UNSUPPORTED_VERSION,
                format!("this version of `{}` is not supported", spec.name),
            )
            .at(findings.span(url.location()))
            .help(format!(
                "v{}.{} to v{}.{} are: link `{}`",
                oldest.0,
                oldest.1,
                latest.0,
                latest.1,
                spec.url(latest)
            )),
    );
}
