//! `@link`: the specifications that a folder uses, with their versions and names.
//!
//! <https://specs.apollo.dev/link/v1.0>. A folder may rename what it imports; everything after this module sees
//! canonical names only. A specification that this gateway does not support may be linked unless the link has `for:
//! SECURITY` or `for: EXECUTION`: these mean that ignoring the specification changes what is served.

pub(crate) mod features;
pub(crate) mod rename;
pub(crate) mod spec;
mod version;

use apollo_compiler::ast::{Directive, Value};
use apollo_compiler::{Node, ast};

use super::diagnostic::code;
use super::findings::{Findings, did_you_mean, list};
use spec::{LinkVersion, Specification};
use version::{Linked, LinkedConnect};

/// One supported specification as a folder links it.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    /// The specification.
    pub(crate) spec: &'static Specification,
    /// The version as which it is read: the linked one, unless that one is older than another link needs, or not known.
    pub(crate) version: LinkVersion,
    /// The prefix of its names that are not imported.
    pub(crate) namespace: String,
    /// Imported directives: the name in this folder, the canonical name, both without `@`.
    pub(crate) directives: Vec<(String, String)>,
    /// Imported types: the name in this folder, the canonical name without prefix.
    pub(crate) types: Vec<(String, String)>,
    /// The directive itself.
    pub(crate) directive: Node<Directive>,
}

/// All supported specifications that a folder links.
#[derive(Debug, Clone, Default)]
pub(crate) struct Links {
    /// In their written order.
    pub(crate) links: Vec<Link>,
    /// The name of `@link` in this folder.
    pub(crate) link_name: String,
}

impl Links {
    /// Reads the links of a document.
    pub(crate) fn read(document: &ast::Document, findings: &mut Findings) -> Self {
        let directives: Vec<&Node<Directive>> = document
            .definitions
            .iter()
            .filter_map(|definition| match definition {
                ast::Definition::SchemaDefinition(schema) => Some(&schema.directives),
                ast::Definition::SchemaExtension(schema) => Some(&schema.directives),
                _ => None,
            })
            .flat_map(|directives| directives.iter())
            .collect();
        let mut links = Self {
            links: Vec::new(),
            link_name: name_of_link(&directives),
        };
        let directives: Vec<_> = directives
            .into_iter()
            .filter(|directive| directive.name == links.link_name.as_str())
            .collect();
        let connect = version::connect(&directives);
        for directive in directives {
            links.add(directive, connect.as_ref(), findings);
        }
        links.require_federation(findings);
        links
    }

    /// The link to a specification.
    pub(crate) fn get(&self, spec: &Specification) -> Option<&Link> {
        self.links.iter().find(|link| link.spec.name == spec.name)
    }

    /// The Federation version; `(1, 0)` when none is linked.
    pub(crate) fn federation(&self) -> LinkVersion {
        self.get(&spec::FEDERATION)
            .map_or((1, 0), |link| link.version)
    }

    /// The canonical name of a directive that the folder calls `name`; `None` if it belongs to no linked specification.
    pub(crate) fn canonical(&self, name: &str) -> Option<String> {
        if name == self.link_name {
            return Some("link".to_owned());
        }
        self.links.iter().find_map(|link| link.canonical(name))
    }

    /// The name of a canonical directive in this folder.
    pub(crate) fn local(&self, canonical: &str) -> Option<String> {
        self.links.iter().find_map(|link| {
            let imported = link.directives.iter().find(|(_, name)| name == canonical);
            imported.map(|(local, _)| local.clone())
        })
    }

    /// Whether a type that the folder defines belongs to a linked specification: a printed schema repeats these definitions.
    pub(crate) fn is_machinery_type(&self, name: &str) -> bool {
        spec::is_our_type(name)
            || self.links.iter().any(|link| {
                link.types.iter().any(|(local, _)| local == name)
                    || name.split_once("__").is_some_and(|(namespace, rest)| {
                        namespace == link.namespace && link.spec.since(rest).is_some()
                    })
            })
    }

    fn add(
        &mut self,
        directive: &Node<Directive>,
        connect: Option<&LinkedConnect>,
        findings: &mut Findings,
    ) {
        let Some(url) = directive.specified_argument_by_name("url") else {
            return; // Validation says so.
        };
        let Some(text) = url.as_str() else {
            return;
        };
        let identity = version::identity(text);
        let Some(spec) = spec::ALL.iter().find(|spec| spec.identity == identity) else {
            unknown_spec(directive, url, identity, findings);
            return;
        };
        if let Some(first) = self.get(spec) {
            findings.push(
                findings
                    .error(
                        &code::DUPLICATE_LINK,
                        format!("`{}` is linked twice", spec.name),
                    )
                    .label(findings.span(directive.location()), "linked again")
                    .label(
                        findings.span(first.directive.location()),
                        "first linked here",
                    )
                    .help("merge the two imports into one `@link`"),
            );
            return;
        }
        let linked = version::linked(text, spec);
        let version = match linked {
            Linked::Known(version) if spec.name == spec::FEDERATION.name => {
                connect.map_or(version, |connect| connect.raise(version, url, findings))
            }
            Linked::Known(version) => version,
            Linked::Newer(newer) => {
                version::report_newer(newer, directive, spec, findings);
                spec.latest
            }
            Linked::Refused => {
                version::report_refused(url, spec, findings);
                spec.latest
            }
        };
        let namespace = directive.specified_argument_by_name("as");
        let mut link = Link {
            spec,
            version,
            namespace: namespace
                .and_then(|name| name.as_str())
                .unwrap_or(spec.name)
                .to_owned(),
            directives: Vec::new(),
            types: Vec::new(),
            directive: directive.clone(),
        };
        for import in version::imports(directive) {
            // The warning about a newer version names the imports that are not known.
            let is_newer = matches!(linked, Linked::Newer(_));
            if !is_newer || version::unknown_import(import, spec).is_none() {
                link.import(import, findings);
            }
        }
        self.links.push(link);
    }

    /// connect needs a Federation version, which is raised if it is too old, but must be linked.
    fn require_federation(&self, findings: &mut Findings) {
        let Some(connect) = self.get(&spec::CONNECT) else {
            return;
        };
        if self.get(&spec::FEDERATION).is_some() {
            return;
        }
        let (major, minor) = connect.version;
        let least = spec::least_federation(connect.version);
        let message = format!(
            "connect/v{major}.{minor} needs federation/v{}.{} or later",
            least.0, least.1
        );
        findings.push(
            findings
                .error(&code::FEDERATION_TOO_OLD, message)
                .label(
                    findings.span(connect.directive.location()),
                    "and no federation version is linked",
                )
                .help(format!(
                    "link `@link(url: \"{}\", import: [\"@key\"])`",
                    spec::FEDERATION.url(least)
                )),
        );
    }
}

impl Link {
    /// The canonical name of a directive of this specification. A directive with the name of the namespace needs no import.
    fn canonical(&self, name: &str) -> Option<String> {
        if let Some((_, canonical)) = self.directives.iter().find(|(local, _)| local == name) {
            return Some(canonical.clone());
        }
        if name == self.namespace && self.spec.has_directive(self.spec.name) {
            return Some(self.spec.name.to_owned());
        }
        let (namespace, rest) = name.split_once("__")?;
        (namespace == self.namespace && self.spec.has_directive(rest)).then(|| rest.to_owned())
    }

    fn import(&mut self, import: &Node<Value>, findings: &mut Findings) {
        let (name, local) = match &**import {
            Value::String(name) => (name.as_str(), name.as_str()),
            Value::Object(entries) => {
                let entry = |key: &str| {
                    let (_, value) = entries.iter().find(|(name, _)| name == key)?;
                    value.as_str()
                };
                let Some(name) = entry("name") else {
                    findings.push(
                        findings
                            .error(&code::INVALID_IMPORT, "an import needs a `name`")
                            .at(findings.span(import.location()))
                            .help("write `{ name: \"@key\", as: \"@entityKey\" }`"),
                    );
                    return;
                };
                (name, entry("as").unwrap_or(name))
            }
            _ => {
                findings.push(
                    findings
                        .error(&code::INVALID_IMPORT, "an import is a string or an object")
                        .at(findings.span(import.location()))
                        .help("write `\"@key\"` or `{ name: \"@key\", as: \"@entityKey\" }`"),
                );
                return;
            }
        };
        if !self.check_import(name, local, import, findings) {
            return;
        }
        match (name.strip_prefix('@'), local.strip_prefix('@')) {
            (Some(name), Some(local)) => self.directives.push((local.into(), name.into())),
            _ => self.types.push((local.into(), name.into())),
        }
    }

    /// Checks an import, and reports its faults.
    fn check_import(
        &self,
        name: &str,
        local: &str,
        import: &Node<Value>,
        findings: &mut Findings,
    ) -> bool {
        let spec = self.spec;
        let (major, minor) = self.version;
        let here = findings.span(import.location());
        let diagnostic = match spec.since(name) {
            None => {
                let message = format!("{}/v{major}.{minor} has no `{name}`", spec.name);
                let with_at = format!("@{name}");
                let help = if spec.since(&with_at).is_some() {
                    Some(format!(
                        "did you mean `{with_at}`? Directives are imported with `@`"
                    ))
                } else {
                    did_you_mean(name, spec.elements().iter().map(String::as_str))
                };
                let all = format!("it has {}", list(spec.elements()));
                findings
                    .error(&code::UNKNOWN_IMPORT, message)
                    .at(here)
                    .help(help.unwrap_or(all))
            }
            Some(since) if since > self.version => findings
                .error(
                    &code::NEEDS_NEWER_VERSION,
                    format!("`{name}` needs {}/v{}.{}", spec.name, since.0, since.1),
                )
                .label(here, format!("v{major}.{minor} is linked"))
                .help(format!("link `{}`", spec.url(since))),
            Some(_) if name.starts_with('@') != local.starts_with('@') => findings
                .error(
                    &code::INVALID_IMPORT,
                    format!("`{name}` cannot be renamed to `{local}`"),
                )
                .at(here)
                .help("a directive keeps its `@`, a type has none"),
            Some(_) => return true,
        };
        findings.push(diagnostic);
        false
    }
}

/// What `@link` is called: a link to the specification of linking may rename it.
fn name_of_link(directives: &[&Node<Directive>]) -> String {
    let renamed = directives.iter().find_map(|directive| {
        let url = directive.specified_argument_by_name("url")?.as_str()?;
        url.starts_with(spec::LINK.identity).then(|| {
            let name = directive.specified_argument_by_name("as");
            let name = name.and_then(|name| name.as_str()).unwrap_or("link");
            (directive.name == name).then(|| name.to_owned())
        })
    });
    renamed.flatten().unwrap_or_else(|| "link".to_owned())
}

/// A specification that is not supported: an error if the link says that it must be, or if it is close to one that is.
fn unknown_spec(
    directive: &Node<Directive>,
    url: &Node<Value>,
    identity: &str,
    findings: &mut Findings,
) {
    let identities = spec::ALL.iter().map(|spec| spec.identity);
    // Other specifications differ from these by a short word, so only a small difference is a misspelling.
    let close = identities
        .into_iter()
        .find(|supported| strsim::osa_distance(identity, supported) <= 1);
    let purpose = directive.specified_argument_by_name("for");
    if purpose.is_none() && close.is_none() {
        return;
    }
    let why = match purpose.and_then(|purpose| purpose.as_enum()) {
        Some(purpose) => format!(", and it says `for: {purpose}`"),
        None => String::new(),
    };
    findings.push(
        findings
            .error(
                &code::UNKNOWN_SPECIFICATION,
                format!("`{identity}` is not a specification that this gateway knows{why}"),
            )
            .at(findings.span(url.location()))
            .help(match close {
                Some(close) => format!("did you mean `{close}`?"),
                None => "remove the link: what it asks for cannot be guaranteed".to_owned(),
            }),
    );
}
