//! Checks that the linked versions have everything that a folder uses.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, DirectiveLocation};
use apollo_compiler::parser::SourceSpan;

use super::spec::{LinkVersion, Specification};
use super::{Links, spec};
use crate::connector::diagnostic::code;
use crate::connector::directives::definition::DirectivePart;
use crate::connector::findings::Findings;

/// Checks a use of a directive, under its canonical name, against the linked version.
pub(crate) fn check(
    directive: &Node<Directive>,
    at: DirectiveLocation,
    links: &Links,
    findings: &mut Findings,
) {
    for link in &links.links {
        if !link.spec.has_directive(&directive.name) {
            continue;
        }
        let mut needs = |what: String, since: LinkVersion, location: Option<SourceSpan>| {
            if since > link.version {
                report(what, since, link.spec, link.version, location, findings);
            }
        };
        // An import of an element of a later version has been reported.
        let imported = link
            .directives
            .iter()
            .any(|(_, name)| *name == directive.name.as_str());
        if let Some(since) = link
            .spec
            .since(&format!("@{}", directive.name))
            .filter(|_| !imported)
        {
            needs(format!("@{}", directive.name), since, directive.location());
        }
        for addition in link.spec.additions(&directive.name) {
            if let Some((what, location)) = used(directive, at, &addition.part) {
                needs(what, addition.since, location);
            }
        }
    }
}

/// Whether a use of a directive has a part, and its location.
fn used(
    directive: &Node<Directive>,
    at: DirectiveLocation,
    part: &DirectivePart,
) -> Option<(String, Option<SourceSpan>)> {
    match part {
        DirectivePart::Argument(name) => {
            let argument = directive
                .arguments
                .iter()
                .find(|argument| argument.name == *name)?;
            Some((format!("@{}({name}:)", directive.name), argument.location()))
        }
        DirectivePart::Key(argument, key) => {
            let object = directive.specified_argument_by_name(argument)?;
            let (name, _) = object.as_object()?.iter().find(|(name, _)| name == key)?;
            Some((
                format!("@{}({argument}: {{ {key}: }})", directive.name),
                name.location().or_else(|| object.location()),
            ))
        }
        DirectivePart::Location(location) => (at == *location).then(|| {
            (
                format!("@{} on {}", directive.name, element(*location)),
                directive.location(),
            )
        }),
    }
}

fn report(
    what: String,
    since: LinkVersion,
    spec: &Specification,
    linked: LinkVersion,
    location: Option<SourceSpan>,
    findings: &mut Findings,
) {
    let name = spec.name;
    let mut help = format!("link `{}`", spec.url(since));
    if std::ptr::eq(spec, &spec::CONNECT) {
        let least = spec::least_federation(since);
        help = format!("{help} (and `{}` with it)", spec::FEDERATION.url(least));
    }
    findings.push(
        findings
            .error(
                &code::NEEDS_NEWER_VERSION,
                format!("`{what}` needs {name}/v{}.{}", since.0, since.1),
            )
            .label(
                findings.span(location),
                format!("{name}/v{}.{} is linked", linked.0, linked.1),
            )
            .help(help),
    );
}

/// The name of a kind of element.
pub(crate) fn element(at: DirectiveLocation) -> &'static str {
    match at {
        DirectiveLocation::Schema => "the schema",
        DirectiveLocation::FieldDefinition => "a field",
        DirectiveLocation::ArgumentDefinition => "an argument",
        DirectiveLocation::Object => "a type",
        DirectiveLocation::Interface => "an interface",
        DirectiveLocation::Union => "a union",
        DirectiveLocation::Enum => "an enum",
        DirectiveLocation::EnumValue => "an enum value",
        DirectiveLocation::InputObject => "an input type",
        DirectiveLocation::InputFieldDefinition => "an input field",
        DirectiveLocation::Scalar => "a scalar",
        _ => "this",
    }
}
