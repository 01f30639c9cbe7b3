//! Whether the linked versions have what a folder uses.

use apollo_compiler::Node;
use apollo_compiler::ast::Directive;
use apollo_compiler::ast::DirectiveLocation;
use apollo_compiler::parser::SourceSpan;

use super::Links;
use super::spec;
use super::spec::Part;
use super::spec::Spec;
use super::spec::Version;
use crate::connector::diagnostic::code;
use crate::connector::findings::Findings;

/// Checks one use of a directive, already under its canonical name, against the version that is linked.
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
        let mut needs = |what: String, since: Version, place: Option<SourceSpan>| {
            if since > link.version {
                report(what, since, link.spec, link.version, place, findings);
            }
        };
        // An import of what is too young has been refused already.
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
        for younger in link.spec.younger {
            if younger.directive != directive.name.as_str() {
                continue;
            }
            if let Some((what, place)) = used(directive, at, &younger.what) {
                needs(what, younger.since, place);
            }
        }
    }
}

/// What a use of a directive has of a younger part, and where.
fn used(
    directive: &Node<Directive>,
    at: DirectiveLocation,
    part: &Part,
) -> Option<(String, Option<SourceSpan>)> {
    match part {
        Part::Argument(name) => {
            let found = directive
                .arguments
                .iter()
                .find(|argument| argument.name == *name)?;
            Some((format!("@{}({name}:)", directive.name), found.location()))
        }
        Part::Key(argument, key) => {
            let object = directive.specified_argument_by_name(argument)?;
            let (name, _) = object.as_object()?.iter().find(|(name, _)| name == key)?;
            Some((
                format!("@{}({argument}: {{ {key}: }})", directive.name),
                name.location().or_else(|| object.location()),
            ))
        }
        Part::Location(location) => (at == *location).then(|| {
            (
                format!("@{} on {}", directive.name, place(*location)),
                directive.location(),
            )
        }),
    }
}

fn report(
    what: String,
    since: Version,
    spec: &Spec,
    linked: Version,
    place: Option<SourceSpan>,
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
                findings.span(place),
                format!("{name}/v{}.{} is linked", linked.0, linked.1),
            )
            .help(help),
    );
}

/// A place as prose has it.
pub(crate) fn place(at: DirectiveLocation) -> &'static str {
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
