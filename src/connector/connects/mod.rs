//! How a folder's fields are fetched: `@source`, `@connect`, `@paginate` and `@graphql`, read into the model.
//!
//! Every directive that fetches has the same arguments but for its request (`selection`, `entity`, `batch`, `errors`,
//! `isSuccess`), and is one line in [`FETCHERS`]: its name and the function that reads its request, in a file of its
//! own. [`connect`] reads the rest for all of them, [`kind`] says what each is to the planner, [`reads`] what it reads.

mod connect;
mod graphql;
mod headers;
pub(crate) mod http;
mod invalidates;
pub(crate) mod kind;
mod outcome;
mod paginate;
mod reads;
pub(crate) mod source;

use std::sync::Arc;

use apollo_compiler::Node;
use apollo_compiler::ast::Directive;
use apollo_compiler::ast::FieldDefinition;
use apollo_compiler::ast::Value;

use super::check;
use super::diagnostic::code;
use super::expression::Expressions;
use super::findings::Findings;
use super::link::spec;
use super::model::SubgraphKind;
use super::request::RequestTemplate;
use super::schema::ReadSchema;
use crate::mapping::Version;
pub(crate) use connect::Declared;
pub(crate) use connect::is_root;
use source::Source;

/// A directive that fetches.
pub(crate) struct Fetcher {
    /// Its canonical name.
    pub(crate) directive: &'static str,
    /// The specification that it is of: without a link, a directive of that name is the folder's own.
    spec: &'static spec::Spec,
    /// Reads its request.
    request: fn(&Node<Directive>, Option<&Source>, &mut Expressions, &mut Findings) -> Fetch,
}

/// The directives that fetch.
pub(crate) static FETCHERS: &[Fetcher] = &[Fetcher {
    directive: "connect",
    spec: &spec::CONNECT,
    request: http::of_connect,
}];

/// True for a field with a directive that fetches.
pub(crate) fn has_fetcher(field: &FieldDefinition) -> bool {
    let names = || FETCHERS.iter().map(|fetcher| fetcher.directive);
    names().any(|name| field.directives.has(name))
}

/// What a directive fetches with.
pub(crate) enum Fetch {
    /// A request.
    Call(Request),
    /// Nothing: its selection alone makes the answer.
    Nothing,
    /// It could not be read, which has been said.
    Broken,
}

/// A request as read.
pub(crate) struct Request {
    /// Renders it.
    pub(crate) template: Arc<dyn RequestTemplate>,
    /// Names of client headers that are passed on.
    pub(crate) client_headers: Vec<String>,
}

/// Reads how the fields of a schema are fetched, and checks it. `None` when it could not be read.
pub(crate) fn read(
    connector: &str,
    read: &ReadSchema,
    findings: &mut Findings,
) -> Option<SubgraphKind> {
    let schema = &read.schema;
    let version = mapping_version(read);
    let sources = source::read_all(on_schema(read, "source", &spec::CONNECT), version, findings);
    let declared = connect::read_all(connector, read, &sources, version, findings);
    let service: Vec<_> = on_schema(read, "graphql", &spec::WIRE).collect();
    if let Some(directive) = service.first() {
        graphql::check_alone(
            directive,
            service.get(1).copied(),
            &sources,
            &declared,
            findings,
        );
        let service = graphql::read(directive, schema, version, findings)?;
        return Some(SubgraphKind::Service(service));
    }
    if declared.is_empty() {
        nothing_fetches(read, findings);
        return None;
    }
    check::connectors(read, &sources, &declared, findings);
    let connects = declared.into_iter().filter_map(|declared| declared.connect);
    Some(SubgraphKind::Connectors {
        connects: connects.map(Arc::new).collect(),
        sources: sources
            .into_iter()
            .map(|source| source.declaration)
            .collect(),
    })
}

/// Uses of a directive on the schema, if its specification is linked.
fn on_schema<'a>(
    read: &'a ReadSchema,
    name: &'static str,
    spec: &spec::Spec,
) -> impl Iterator<Item = &'a Node<Directive>> + use<'a> {
    let linked = read.links.get(spec).is_some();
    let directives = read.schema.schema_definition.directives.iter();
    directives
        .filter(move |directive| linked && directive.name == name)
        .map(|directive| &directive.node)
}

/// The version of the mapping language: that of the linked connect version, else the latest.
fn mapping_version(read: &ReadSchema) -> Version {
    let link = read.links.get(&spec::CONNECT);
    let minor = link.map(|link| usize::from(link.version.1));
    let version = minor.and_then(|minor| Version::ALL.get(minor.wrapping_sub(1)).copied());
    version.unwrap_or(Version::V0_4)
}

fn nothing_fetches(read: &ReadSchema, findings: &mut Findings) {
    let place = read.links.links.first().map(|link| &link.directive);
    let place = place.and_then(|directive| directive.location());
    findings.push(
        findings
            .error(
                &code::NOTHING_FETCHES,
                "nothing says how the fields of this connector are fetched",
            )
            .at(findings.span(place))
            .help(
                "give fields a `@connect`, or, if this is the SDL of a GraphQL service, the schema \
                 a `@graphql(url: \"…\")`",
            ),
    );
}

/// The value of a key of an input object.
pub(crate) fn key<'a>(object: &'a Node<Value>, name: &str) -> Option<&'a Node<Value>> {
    let entries = object.as_object()?;
    let (_, value) = entries.iter().find(|(key, _)| key == name)?;
    (!value.is_null()).then_some(value)
}
