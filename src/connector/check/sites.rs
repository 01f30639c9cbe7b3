//! Which schema elements may have directives that fetch, and which directives no connect can honour.

use std::collections::{HashMap, HashSet};

use apollo_compiler::ast::FieldDefinition;
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::ExtendedType;

use crate::connector::declared::{Declarations, DeclaredConnect};
use crate::connector::diagnostic::code;
use crate::connector::directives::{POLL, WEBHOOK};
use crate::connector::findings::Findings;
use crate::connector::model::Site;

/// Checks the schema elements that have connects.
pub(super) fn check(declarations: &Declarations<'_>, findings: &mut Findings) {
    on_interfaces(declarations, findings);
    on_subscription(declarations, findings);
    services_only(declarations, findings);
    ids(&declarations.connects, findings);
}

/// Whether a field has a connect, or another directive that fetches it.
fn fetches(field: &FieldDefinition, declarations: &Declarations<'_>) -> bool {
    let mut names = declarations.fetching.iter();
    names.any(|name| field.directives.has(name))
}

/// Reports connects on fields of interfaces: implementations resolve these.
fn on_interfaces(declarations: &Declarations<'_>, findings: &mut Findings) {
    for ty in declarations.schema.types.values() {
        let ExtendedType::Interface(interface) = ty else {
            continue;
        };
        for field in interface
            .fields
            .values()
            .filter(|field| fetches(field, declarations))
        {
            findings.push(
                findings
                    .error(
                        &code::CONNECT_ON_INTERFACE,
                        format!(
                            "`{}.{}` is a field of an interface",
                            interface.name, field.name
                        ),
                    )
                    .at(findings.span(field.name.location()))
                    .help("put the connect on the field of each type that implements it"),
            );
        }
    }
}

/// Reports directives that only GraphQL services use: a connect reads `$this`, and its selection provides. A field with a
/// connect may repeat by `@requires` what the connect reads from `$this`.
fn services_only(declarations: &Declarations<'_>, findings: &mut Findings) {
    const HELP: [(&str, &str); 4] = [
        (
            "requires",
            "give the field a `@connect` that reads the fields from `$this`",
        ),
        (
            "provides",
            "select the fields where the connect yields the object",
        ),
        (
            "fromContext",
            "read what is above from `$this`, or take an argument",
        ),
        (
            "context",
            "read what is above from `$this`, or take an argument",
        ),
    ];
    for ty in declarations.schema.types.values() {
        let ExtendedType::Object(object) = ty else {
            continue;
        };
        let on_type = object.directives.iter().map(|directive| &directive.node);
        let on_fields = object.fields.values().flat_map(|field| {
            let on_arguments = field.arguments.iter().flat_map(|it| it.directives.iter());
            let on_field = field.directives.iter();
            on_field
                .filter(|directive| directive.name != "requires" || !fetches(field, declarations))
                .chain(on_arguments)
        });
        for directive in on_type.chain(on_fields) {
            let Some((name, help)) = HELP.iter().find(|(name, _)| directive.name == *name) else {
                continue;
            };
            findings.push(
                findings
                    .error(
                        &code::NOT_FOR_CONNECTORS,
                        format!("`@{name}` is for GraphQL services, not for connects"),
                    )
                    .at(findings.span(directive.location()))
                    .help(*help),
            );
        }
    }
}

/// Reports connects on fields of the subscription root that nothing feeds.
fn on_subscription(declarations: &Declarations<'_>, findings: &mut Findings) {
    let subscription = declarations.schema.schema_definition.subscription.as_ref();
    let Some(subscription) = subscription.map(|name| &name.name) else {
        return;
    };
    let mut seen = HashSet::new();
    for declared in &declarations.connects {
        let Site::Field { parent, field } = &declared.site else {
            continue;
        };
        if parent != subscription {
            continue;
        }
        let directives = declared.field.as_ref().map(|field| &field.directives);
        let has = |name| directives.is_some_and(|directives| directives.has(name));
        let (message, help) = if !has(POLL) && !has(WEBHOOK) {
            (
                "a call has one response: it cannot feed a subscription",
                "add `@poll(every: 10)`, with `@webhook` let the upstream send its events, or offer it as a `Query` field",
            )
        } else if !seen.insert(field) {
            (
                "a subscription has one source of events",
                "leave one `@connect`, and write another field for the other",
            )
        } else {
            continue;
        };
        findings.push(
            findings
                .error(&code::CONNECT_ON_SUBSCRIPTION, message)
                .at(findings.span(declared.directive.location()))
                .help(help),
        );
    }
}

/// Reports connects with the same `id:`.
fn ids(declared: &[DeclaredConnect], findings: &mut Findings) {
    let mut seen: HashMap<&str, Option<SourceSpan>> = HashMap::new();
    for declared in declared {
        let Some(value) = declared.directive.specified_argument_by_name("id") else {
            continue;
        };
        let Some(id) = value.as_str() else {
            continue;
        };
        if id.is_empty() {
            let diagnostic = findings.error(&code::INVALID_NAME, "this id is empty");
            let diagnostic = diagnostic.at(findings.span(value.location()));
            findings.push(diagnostic.help("write a name, or leave `id` out"));
            continue;
        }
        if let Some(first) = seen.insert(id, value.location()) {
            findings.push(
                findings
                    .error(
                        &code::DUPLICATE_ID,
                        format!("there are two connects with the id `{id}`"),
                    )
                    .label(findings.span(value.location()), "used again")
                    .label(findings.span(first), "first used here")
                    .help("give one of them another id"),
            );
        }
    }
}
