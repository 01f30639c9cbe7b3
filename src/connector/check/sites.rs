//! Where directives that fetch may stand, and what their arguments say about each other.

use std::collections::HashMap;

use apollo_compiler::Node;
use apollo_compiler::Schema;
use apollo_compiler::ast::Directive;
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::ExtendedType;

use crate::connector::connects::Declared;
use crate::connector::connects::FETCHERS;
use crate::connector::connects::has_fetcher;
use crate::connector::diagnostic::code;
use crate::connector::expression::Place;
use crate::connector::findings::Findings;
use crate::connector::model::PageStyle;
use crate::connector::model::Site;

/// Checks where all connects of a folder stand.
pub(super) fn check(declared: &[Declared], schema: &Schema, findings: &mut Findings) {
    on_interfaces(schema, findings);
    on_subscription(declared, schema, findings);
    services_only(schema, findings);
    ids(declared, findings);
    lonely_pagination(schema, findings);
    cache_null(schema, findings);
    invalidates(schema, findings);
    for declared in declared {
        pagination(declared, findings);
    }
}

/// A field of an interface is fetched through the types that implement it.
fn on_interfaces(schema: &Schema, findings: &mut Findings) {
    for ty in schema.types.values() {
        let ExtendedType::Interface(interface) = ty else {
            continue;
        };
        for field in interface.fields.values().filter(|field| has_fetcher(field)) {
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

/// Directives that hand a GraphQL service more than a key: a connect reads what it needs from `$this`, and says by its
/// selection what it provides.
fn services_only(schema: &Schema, findings: &mut Findings) {
    const HELP: [(&str, &str); 4] = [
        (
            "requires",
            "read the fields from `$this` in the field's `@connect`",
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
    for ty in schema.types.values() {
        let ExtendedType::Object(object) = ty else {
            continue;
        };
        let on_type = object.directives.iter().map(|directive| &directive.node);
        let on_fields = object.fields.values().flat_map(|field| {
            let on_arguments = field.arguments.iter().flat_map(|it| it.directives.iter());
            field.directives.iter().chain(on_arguments)
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

fn on_subscription(declared: &[Declared], schema: &Schema, findings: &mut Findings) {
    let subscription = schema.schema_definition.subscription.as_ref();
    let Some(subscription) = subscription.map(|name| &name.name) else {
        return;
    };
    for declared in declared {
        if matches!(&declared.site, Site::Field { parent, .. } if parent == subscription) {
            findings.push(
                findings
                    .error(
                        &code::CONNECT_ON_SUBSCRIPTION,
                        "a call has one answer: it cannot feed a subscription",
                    )
                    .at(findings.span(declared.directive.location()))
                    .help("offer it as a `Query` field"),
            );
        }
    }
}

/// `id:` names a connect, so no two have the same.
fn ids(declared: &[Declared], findings: &mut Findings) {
    let mut seen: HashMap<&str, Option<SourceSpan>> = HashMap::new();
    for declared in declared {
        let Some(value) = declared.directive.specified_argument_by_name("id") else {
            continue;
        };
        let Some(id) = value.as_str() else {
            continue;
        };
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

/// `@paginate` goes with a connect.
fn lonely_pagination(schema: &Schema, findings: &mut Findings) {
    for ty in schema.types.values() {
        let ExtendedType::Object(object) = ty else {
            continue;
        };
        for field in object.fields.values() {
            if let Some(pages) = field.directives.get("paginate")
                && !has_fetcher(field)
            {
                findings.push(
                    findings
                        .error(
                            &code::INVALID_PAGINATION,
                            "`@paginate` without a `@connect`",
                        )
                        .at(findings.span(pages.location()))
                        .help("it reads the pages of the connect beside it"),
                );
            }
        }
    }
}

/// `@cacheNull` goes with a connect, and says for how long.
fn cache_null(schema: &Schema, findings: &mut Findings) {
    let mut push = |directive: &Node<Directive>, message: &str, help: &str| {
        findings.push(
            findings
                .error(&code::INVALID_CACHE_NULL, message)
                .at(findings.span(directive.location()))
                .help(help),
        );
    };
    let mut check = |directive: &Node<Directive>, fetches: bool| {
        let seconds = directive.specified_argument_by_name("maxAge");
        let seconds = seconds.and_then(|value| value.to_i32());
        if !fetches {
            let help = "it is about the answers to the connect beside it";
            push(directive, "`@cacheNull` without a `@connect`", help);
        } else if seconds.is_some_and(|seconds| seconds < 1) {
            let help = "leave it out where null is no answer to keep";
            push(directive, "`maxAge` of `@cacheNull` is at least 1", help);
        }
    };
    for ty in schema.types.values() {
        let ExtendedType::Object(object) = ty else {
            continue;
        };
        for directive in object.directives.get_all("cacheNull") {
            let mut fetchers = FETCHERS.iter();
            let fetches = fetchers.any(|own| object.directives.has(own.directive));
            check(&directive.node, fetches);
        }
        for field in object.fields.values() {
            for directive in field.directives.get_all("cacheNull") {
                check(directive, has_fetcher(field));
            }
        }
    }
}

/// `@invalidates` goes with a mutation's connect, and names what is fetched.
fn invalidates(schema: &Schema, findings: &mut Findings) {
    let mutation = schema.schema_definition.mutation.as_ref();
    let object = |name: &str| match schema.types.get(name) {
        Some(ExtendedType::Object(object)) => Some(object),
        _ => None,
    };
    let is_fetched = |name: &str| match name.split_once('.') {
        Some((parent, field)) => object(parent)
            .and_then(|object| object.fields.get(field))
            .is_some_and(|field| has_fetcher(field)),
        None => object(name).is_some_and(|object| {
            let mut fetchers = FETCHERS.iter();
            fetchers.any(|own| object.directives.has(own.directive))
        }),
    };
    let mut push = |span, message: String, help: &str| {
        findings.push(
            findings
                .error(&code::INVALID_INVALIDATES, message)
                .at(findings.span(span))
                .help(help),
        );
    };
    for ty in schema.types.values() {
        let ExtendedType::Object(object) = ty else {
            continue;
        };
        let is_mutation = mutation.is_some_and(|own| own.name == object.name);
        for field in object.fields.values() {
            let Some(directive) = field.directives.get("invalidates") else {
                continue;
            };
            if !is_mutation || !has_fetcher(field) {
                let message = "`@invalidates` elsewhere than beside a mutation's `@connect`";
                let help = "put it on the field of the mutation that changes something";
                push(directive.location(), message.to_owned(), help);
                continue;
            }
            let names = directive.specified_argument_by_name("fields");
            for value in names.and_then(|names| names.as_list()).unwrap_or_default() {
                let name = value.as_str().unwrap_or_default();
                if !is_fetched(name) {
                    let message = format!("nothing is fetched for `{name}`");
                    let help = "name fields of this folder with a `@connect` as `Type.field`, and types with one as `Type`";
                    push(value.location(), message, help);
                }
            }
        }
    }
}

/// The field is a list, and its request asks for the page that is wanted: else every page were the first.
fn pagination(declared: &Declared, findings: &mut Findings) {
    let pages = declared
        .connect
        .as_ref()
        .and_then(|connect| connect.pagination.as_ref());
    let (Some(pages), Some(field)) = (pages, &declared.field) else {
        return;
    };
    let directive = field.directives.get("paginate");
    let place = directive.and_then(|directive| directive.location());
    if !field.ty.is_list() {
        findings.push(
            findings
                .error(
                    &code::INVALID_PAGINATION,
                    format!("`{}` is no list, so it has no pages", field.name),
                )
                .label(findings.span(place), "")
                .help(format!("make it `[{}]`", field.ty.inner_named_type())),
        );
    }
    let wanted: &[&str] = match pages.style {
        PageStyle::Offset => &["offset", "index"],
        PageStyle::Page => &["number", "index"],
        PageStyle::Cursor => &["cursor"],
    };
    let requests = declared
        .expressions
        .iter()
        .filter(|it| it.place == Place::Request);
    let asks = requests
        .flat_map(|expression| expression.reads("$page"))
        .any(|used| {
            let key = used.path.first();
            key.is_none_or(|key| wanted.contains(&&**key))
        });
    if !asks {
        findings.push(
            findings
                .error(
                    &code::INVALID_PAGINATION,
                    format!("the request does not read `$page.{}`", wanted[0]),
                )
                .label(
                    findings.span(declared.directive.location()),
                    "every page would be the first",
                )
                .label(findings.span(place), "")
                .help(format!(
                    "send it: `queryParams: \"{0}: $page.{0}\"`, say",
                    wanted[0]
                )),
        );
    }
}
