//! Reports directives that are neither defined nor imported: one finding for each name, however often it is used, and one
//! for all directives of a specification that is not linked.

use std::collections::HashSet;

use apollo_compiler::ast::{Directive, DirectiveLocation};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::{Name, Node};

use super::diagnostic::code;
use super::directives;
use super::findings::{Findings, closest, list};
use super::link::spec::Specification;
use super::link::{Links, features, spec};

/// Directives that every GraphQL schema has.
pub(super) const STANDARD: &[&str] = &["skip", "include", "deprecated", "specifiedBy", "oneOf"];

/// The unknown directives of a document, in the order of their first use.
#[derive(Debug, Default)]
pub(super) struct UnknownDirectives {
    uses: IndexMap<Name, Uses>,
}

/// The uses of one directive.
#[derive(Debug)]
struct Uses {
    /// The location of the first one.
    first: Option<SourceSpan>,
    /// What has the first one.
    at: DirectiveLocation,
    count: usize,
}

impl UnknownDirectives {
    /// Adds a use.
    pub(super) fn add(&mut self, directive: &Node<Directive>, at: DirectiveLocation) {
        let first = directive.name.location();
        let uses = self.uses.entry(directive.name.clone()).or_insert(Uses {
            first,
            at,
            count: 0,
        });
        uses.count += 1;
    }

    /// Reports them. `defined` are the directives that the folder defines.
    pub(super) fn report(self, links: &Links, defined: &HashSet<Name>, findings: &mut Findings) {
        let mut unlinked: Vec<&str> = Vec::new();
        for (name, uses) in &self.uses {
            let owner = spec::ALL.iter().find(|spec| spec.has_directive(name));
            match owner {
                Some(spec) if links.get(spec).is_none() => {
                    if !unlinked.contains(&spec.name) {
                        unlinked.push(spec.name);
                        self.not_linked(spec, findings);
                    }
                }
                Some(spec) => {
                    let message = format!("`@{name}` is not imported");
                    push(uses, message, Some(import(name, spec, links)), findings);
                }
                None => {
                    let close = closest(name, candidates(links, defined));
                    let help = close.map(|close| format!("did you mean `@{close}`?"));
                    push(
                        uses,
                        format!("there is no directive `@{name}`"),
                        help,
                        findings,
                    );
                }
            }
        }
    }

    fn not_linked(&self, spec: &Specification, findings: &mut Findings) {
        let of_spec = self
            .uses
            .iter()
            .filter(|(name, _)| spec.has_directive(name));
        let names: Vec<String> = of_spec
            .clone()
            .map(|(name, _)| format!("@{name}"))
            .collect();
        let are = if names.len() == 1 { "is" } else { "are" };
        let message = format!("{} {are} not imported", list(&names));
        let mut diagnostic = findings.error(&code::UNKNOWN_DIRECTIVE, message);
        for (_, uses) in of_spec {
            let text = format!("used on {}", features::element(uses.at));
            diagnostic = diagnostic.label(findings.span(uses.first), text);
        }
        let imported: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        findings.push(diagnostic.help(format!(
            "link it: `extend schema @link(url: \"{}\", import: [{}])`",
            spec.url(spec.latest),
            imported.join(", ")
        )));
    }
}

fn push(uses: &Uses, message: String, help: Option<String>, findings: &mut Findings) {
    let text = format!("used on {}", features::element(uses.at));
    let diagnostic = findings
        .error(&code::UNKNOWN_DIRECTIVE, message)
        .label(findings.span(uses.first), text);
    let diagnostic = match uses.count {
        1 => diagnostic,
        count => diagnostic.note(format!("it is used {count} times")),
    };
    findings.push(diagnostic.help_opt(help));
}

/// How to import a directive of a linked specification.
fn import(name: &Name, spec: &Specification, links: &Links) -> String {
    if let Some(local) = links.local(name) {
        return format!("this folder imports it as `@{local}`");
    }
    let version = links.get(spec).map_or(spec.latest, |link| link.version);
    match spec.since(&format!("@{name}")) {
        Some(since) if since > version => {
            format!("link `{}` and import `@{name}`", spec.url(since))
        }
        _ => format!("add \"@{name}\" to the `import` of `{}`", spec.url(version)),
    }
}

/// The directives that could be meant.
fn candidates<'a>(links: &'a Links, defined: &'a HashSet<Name>) -> impl Iterator<Item = &'a str> {
    let imported = links.links.iter().flat_map(|link| &link.directives);
    let of_specifications = spec::ALL.iter().flat_map(|spec| spec.directives());
    let unlinked = directives::UNLINKED.iter();
    imported
        .map(|(local, _)| local.as_str())
        .chain(defined.iter().map(Name::as_str))
        .chain(of_specifications.map(|name| -> &'a str { name }))
        .chain(STANDARD.iter().map(|name| -> &'a str { name }))
        .chain(unlinked.map(|directive| -> &'a str { directive.name }))
}
