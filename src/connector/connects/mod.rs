//! Reads the directives of a folder that say how fields are fetched.
//!
//! The table of [`directives`] lists the directives and how each is read. [`mappings`] reads those that name mappings,
//! which all others may spread. [`declare`] reads each directive that
//! fetches, with the options beside it; [`kind`] derives how the planner can enter the connect. Then every directive of
//! the table checks its uses, and [`check`] checks the connects.

mod declare;
mod kind;
mod mappings;
mod references;

use std::rc::Rc;
use std::sync::Arc;

use apollo_compiler::Node;
use apollo_compiler::ast::Directive;

use self::declare::SharedOption;
use super::connect_options::ConnectOptions;
use super::declared::{Declarations, DeclaredMapping, DeclaredSource};
use super::diagnostic::code;
use super::directives::definition::{Role, SupportedDirective};
use super::expression::{Expressions, Language, VariableScope};
use super::findings::Findings;
use super::link::spec;
use super::model::SubgraphKind;
use super::schema::ReadSchema;
use super::schemes::Schemes;
use super::{check, directives};
use crate::mapping::{Dialect, Version};

/// Reads and checks how the fields of a schema are fetched. `None` if that is not possible.
pub(crate) fn read(
    connector: &str,
    read: &ReadSchema,
    schemes: &Schemes,
    findings: &mut Findings,
) -> Option<SubgraphKind> {
    let schema = &read.schema;
    let directives = available(read);
    let dialect = Dialect {
        version: mapping_version(read),
        wire: read.links.get(&spec::WIRE).is_some(),
    };
    let named = read_mappings(&directives, read, findings);
    let mappings = mappings::parse(&named, dialect, findings);
    let language = Language {
        dialect,
        mappings: Rc::clone(&mappings),
        schemes: schemes.clone(),
    };
    let sources = read_sources(&directives, read, &language, findings);
    let shared = read_shared(&directives, read, &language, findings);
    let mut reader = declare::DirectiveReader {
        connector,
        schema,
        directives: &directives,
        sources: &sources,
        shared: &shared,
        language: &language,
        findings,
    };
    let connects = reader.read();
    let is_linked = directives.iter().any(|row| row.name == "file");
    let files = match is_linked {
        true => directives::file::read(schema, &sources, &language, findings),
        false => Vec::new(),
    };
    mappings::report_unused(&named, &mappings, findings);
    let services = directives
        .iter()
        .filter(|row| matches!(row.role, Role::Service(_)))
        .flat_map(|row| on_schema(read, row));
    let fetching = directives
        .iter()
        .filter(|row| matches!(row.role, Role::Fetch(_)))
        .map(|row| row.name);
    let declarations = Declarations::new(
        schema,
        services.collect(),
        sources,
        connects,
        fetching.collect(),
    );
    for row in &directives {
        if let (Role::Service(read_service), Some(directive)) =
            (&row.role, on_schema(read, row).next())
        {
            (row.check)(&declarations, findings);
            for option in &directives {
                if matches!(option.role, Role::SharedConnectOption(_)) {
                    (option.check)(&declarations, findings);
                }
            }
            directives::file::refuse(schema, findings);
            let service = read_service(directive, schema, &language, findings)?;
            return Some(SubgraphKind::Service(service));
        }
    }
    if declarations.connects.is_empty() {
        nothing_fetches(read, findings);
        return None;
    }
    for row in &directives {
        (row.check)(&declarations, findings);
    }
    check::connects(&declarations, findings);
    let Declarations {
        sources, connects, ..
    } = declarations;
    let connects = connects.into_iter().filter_map(|declared| declared.connect);
    Some(SubgraphKind::Connectors {
        connects: connects.map(Arc::new).collect(),
        sources: sources
            .into_iter()
            .map(|source| source.declaration)
            .collect(),
        files,
    })
}

/// The directives that are available to a folder. Without a link, a directive of the same name is the folder's own.
fn available(read: &ReadSchema) -> Vec<&'static SupportedDirective> {
    let linked = spec::ALL
        .iter()
        .filter(|spec| read.links.get(spec).is_some());
    let linked = linked.flat_map(|spec| spec.directives_read_here());
    linked.chain(directives::UNLINKED).copied().collect()
}

/// Uses of a directive on the schema.
fn on_schema<'a>(
    read: &'a ReadSchema,
    row: &'static SupportedDirective,
) -> impl Iterator<Item = &'a Node<Directive>> + use<'a> {
    let directives = read.schema.schema_definition.directives.iter();
    directives
        .filter(|directive| directive.name == row.name)
        .map(|directive| &directive.node)
}

/// Reads all named mappings.
fn read_mappings(
    directives: &[&'static SupportedDirective],
    read: &ReadSchema,
    findings: &mut Findings,
) -> Vec<DeclaredMapping> {
    let mut declared = Vec::new();
    for row in directives {
        if let Role::Mapping(read_mapping) = row.role {
            let uses = on_schema(read, row);
            declared.extend(uses.filter_map(|directive| read_mapping(directive, findings)));
        }
    }
    declared
}

/// Reads all sources. Reports a repeated name, and uses the first source with it.
fn read_sources(
    directives: &[&'static SupportedDirective],
    read: &ReadSchema,
    language: &Language,
    findings: &mut Findings,
) -> Vec<DeclaredSource> {
    let mut sources: Vec<DeclaredSource> = Vec::new();
    for row in directives {
        let Role::Source(read_source) = row.role else {
            continue;
        };
        for directive in on_schema(read, row) {
            let Some(source) = read_source(directive, language, findings) else {
                continue;
            };
            let name = &source.declaration.name;
            match sources.iter().find(|other| other.declaration.name == *name) {
                Some(first) => findings.push(
                    findings
                        .error(
                            &code::DUPLICATE_SOURCE,
                            format!("there are two sources named `{name}`"),
                        )
                        .label(findings.span(source.name.location()), "named again")
                        .label(findings.span(first.name.location()), "first named here")
                        .help("give one of them another name"),
                ),
                None => sources.push(source),
            }
        }
    }
    sources
}

/// Reads the options of all connects. Those of a GraphQL service are read with it.
fn read_shared(
    directives: &[&'static SupportedDirective],
    read: &ReadSchema,
    language: &Language,
    findings: &mut Findings,
) -> Vec<SharedOption> {
    let mut services = directives
        .iter()
        .filter(|row| matches!(row.role, Role::Service(_)));
    if services.any(|row| on_schema(read, row).next().is_some()) {
        return Vec::new();
    }
    let mut shared = Vec::new();
    for row in directives {
        let Role::SharedConnectOption(read_option) = row.role else {
            continue;
        };
        let Some(directive) = on_schema(read, row).next() else {
            continue;
        };
        let mut expressions = Expressions::new(language, VariableScope::SourceResponse);
        let mut options = ConnectOptions::default();
        read_option(directive, &mut options, &mut expressions, findings);
        check::variables::source(&expressions.parsed, &read.schema, findings);
        shared.push(SharedOption {
            name: row.name,
            options,
            expressions: expressions.parsed,
        });
    }
    shared
}

/// The version of the mapping language: that of the linked connect specification, or else the latest.
fn mapping_version(read: &ReadSchema) -> Version {
    let link = read.links.get(&spec::CONNECT);
    let minor = link.map(|link| usize::from(link.version.1));
    let version = minor.and_then(|minor| Version::ALL.get(minor.wrapping_sub(1)).copied());
    version.unwrap_or(Version::V0_4)
}

fn nothing_fetches(read: &ReadSchema, findings: &mut Findings) {
    let link = read.links.links.first().map(|link| &link.directive);
    let location = link.and_then(|directive| directive.location());
    findings.push(
        findings
            .error(
                &code::NOTHING_FETCHES,
                "nothing says how the fields of this connector are fetched",
            )
            .at(findings.span(location))
            .help(
                "give fields a `@connect`, or, if this is the SDL of a GraphQL service, the schema \
                 a `@graphql(url: \"…\")`",
            ),
    );
}
