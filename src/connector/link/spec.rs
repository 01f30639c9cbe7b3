//! The specifications that a folder can link: their versions, and their elements with the versions that introduce them.
//!
//! The schema is validated with the latest definitions, for any linked version. The tables here report elements of later
//! versions, because "needs connect/v0.2" is more helpful than "unknown argument".

use std::collections::HashSet;
use std::sync::LazyLock;

use apollo_compiler::{Name, ast};

use crate::connector::directives;
pub(crate) use crate::connector::directives::definition::LinkVersion;
use crate::connector::directives::definition::{Addition, DirectivePart, SupportedDirective};

/// A specification that this gateway implements.
#[derive(Debug)]
pub(crate) struct Specification {
    /// Its name, which is also its namespace without `as:`.
    pub(crate) name: &'static str,
    /// The URL before the version.
    pub(crate) identity: &'static str,
    /// The oldest supported version.
    pub(crate) oldest: LinkVersion,
    /// The latest supported version.
    pub(crate) latest: LinkVersion,
    /// Its elements.
    contents: Contents,
}

/// The elements of a specification.
#[derive(Debug)]
enum Contents {
    /// Directives that this room reads.
    Directives(&'static [&'static SupportedDirective]),
    /// Directives that composition reads, and those of linking.
    Listed {
        /// Its directives and types, with the versions that introduce them.
        elements: &'static [(&'static str, LinkVersion)],
        /// Later additions to directives, which are named without `@`.
        additions: &'static [(&'static str, Addition)],
        /// The definitions; types have the name of the specification as prefix.
        sdl: &'static str,
    },
}

/// Federation: <https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives>.
pub(crate) static FEDERATION: Specification = Specification {
    name: "federation",
    identity: "https://specs.apollo.dev/federation",
    oldest: (2, 0),
    latest: (2, 14),
    contents: Contents::Listed {
        elements: &[
            ("@key", (2, 0)),
            ("@requires", (2, 0)),
            ("@provides", (2, 0)),
            ("@external", (2, 0)),
            ("@extends", (2, 0)),
            ("@shareable", (2, 0)),
            ("@override", (2, 0)),
            ("@tag", (2, 0)),
            ("@inaccessible", (2, 0)),
            ("@composeDirective", (2, 1)),
            ("@interfaceObject", (2, 3)),
            ("@authenticated", (2, 5)),
            ("@requiresScopes", (2, 5)),
            ("@policy", (2, 6)),
            ("@context", (2, 8)),
            ("@fromContext", (2, 8)),
            ("@cost", (2, 9)),
            ("@listSize", (2, 9)),
            ("@cacheTag", (2, 12)),
            ("FieldSet", (2, 0)),
            ("Scope", (2, 5)),
            ("Policy", (2, 6)),
            ("ContextFieldValue", (2, 8)),
        ],
        additions: &[
            (
                "override",
                Addition {
                    part: DirectivePart::Argument("label"),
                    since: (2, 7),
                },
            ),
            (
                "key",
                Addition {
                    part: DirectivePart::Location(ast::DirectiveLocation::Interface),
                    since: (2, 3),
                },
            ),
            (
                "tag",
                Addition {
                    part: DirectivePart::Location(ast::DirectiveLocation::Schema),
                    since: (2, 3),
                },
            ),
        ],
        sdl: include_str!("federation.graphql"),
    },
};

/// Connectors: <https://www.apollographql.com/docs/graphos/connectors/reference/directives>.
pub(crate) static CONNECT: Specification = Specification {
    name: "connect",
    identity: "https://specs.apollo.dev/connect",
    oldest: (0, 1),
    latest: (0, 4),
    contents: Contents::Directives(directives::CONNECT),
};

/// What this gateway adds.
pub(crate) static WIRE: Specification = Specification {
    name: "wire",
    identity: "https://specs.sangam.dev/wire",
    oldest: (0, 1),
    latest: (0, 1),
    contents: Contents::Directives(directives::WIRE),
};

/// Linking.
pub(crate) static LINK: Specification = Specification {
    name: "link",
    identity: "https://specs.apollo.dev/link",
    oldest: (1, 0),
    latest: (1, 0),
    contents: Contents::Listed {
        elements: &[("@link", (1, 0)), ("Import", (1, 0)), ("Purpose", (1, 0))],
        additions: &[],
        sdl: include_str!("link.graphql"),
    },
};

/// All specifications, in the conventional order of links.
pub(crate) static ALL: [&Specification; 4] = [&LINK, &FEDERATION, &CONNECT, &WIRE];

/// The directives that a Federation 1 schema uses without a link.
pub(crate) const FEDERATION_1: &[&str] = &[
    "key",
    "requires",
    "provides",
    "external",
    "extends",
    "tag",
    "inaccessible",
];

impl Specification {
    /// The version that introduces an element, `@directive` or `Type`.
    pub(crate) fn since(&self, element: &str) -> Option<LinkVersion> {
        match &self.contents {
            Contents::Listed { elements, .. } => elements
                .iter()
                .find(|(name, _)| *name == element)
                .map(|(_, since)| *since),
            Contents::Directives(directives) => match element.strip_prefix('@') {
                Some(name) => directives
                    .iter()
                    .find(|directive| directive.name == name)
                    .map(|directive| directive.since),
                None => directives
                    .iter()
                    .flat_map(|directive| directive.types)
                    .find(|ty| ty.name == element)
                    .map(|ty| ty.since),
            },
        }
    }

    /// Whether it defines a directive (named without `@`).
    pub(crate) fn has_directive(&self, name: &str) -> bool {
        self.directives().any(|directive| directive == name)
    }

    /// Names of its elements as an import writes them.
    pub(crate) fn elements(&self) -> Vec<String> {
        match &self.contents {
            Contents::Listed { elements, .. } => elements
                .iter()
                .map(|(name, _)| (*name).to_owned())
                .collect(),
            Contents::Directives(directives) => {
                let types = directives::types(directives).into_iter();
                directives
                    .iter()
                    .map(|directive| format!("@{}", directive.name))
                    .chain(types.map(|ty| ty.name.to_owned()))
                    .collect()
            }
        }
    }

    /// Names of its directives, without `@`.
    pub(crate) fn directives(&self) -> impl Iterator<Item = &'static str> + use<> {
        let (listed, read_here) = match self.contents {
            Contents::Listed { elements, .. } => (elements, &[][..]),
            Contents::Directives(directives) => (&[][..], directives),
        };
        let listed = listed.iter().filter_map(|(name, _)| name.strip_prefix('@'));
        listed.chain(read_here.iter().map(|directive| directive.name))
    }

    /// Its directives that this room reads.
    pub(crate) fn directives_read_here(&self) -> &'static [&'static SupportedDirective] {
        match self.contents {
            Contents::Directives(directives) => directives,
            Contents::Listed { .. } => &[],
        }
    }

    /// The additions to a directive after the version that introduces it.
    pub(crate) fn additions(&self, directive: &str) -> Vec<&'static Addition> {
        match self.contents {
            Contents::Listed { additions, .. } => additions
                .iter()
                .filter(|(name, _)| *name == directive)
                .map(|(_, addition)| addition)
                .collect(),
            Contents::Directives(directives) => directives
                .iter()
                .filter(|row| row.name == directive)
                .flat_map(|row| row.additions)
                .collect(),
        }
    }

    /// Its definitions.
    fn sdl(&self) -> String {
        match self.contents {
            Contents::Listed { sdl, .. } => sdl.to_owned(),
            Contents::Directives(directives) => directives::sdl(directives),
        }
    }

    /// The URL of a version.
    pub(crate) fn url(&self, (major, minor): LinkVersion) -> String {
        format!("{}/v{major}.{minor}", self.identity)
    }
}

/// The oldest Federation version that a connect version needs.
pub(crate) fn least_federation(connect: LinkVersion) -> LinkVersion {
    match connect {
        (0, 1) => (2, 10),
        (0, 2) => (2, 11),
        (0, 3) => (2, 12),
        _ => (2, 13),
    }
}

/// All definitions, which are added to those of a folder so that it validates: under canonical names, directives
/// without and types with the name of their specification as prefix.
pub(crate) static DEFINITIONS: LazyLock<ast::Document> = LazyLock::new(|| {
    let mut all = ast::Document::new();
    for spec in ALL {
        add_definitions(spec.name, &spec.sdl(), &mut all);
    }
    add_definitions(LINK.name, &directives::sdl(directives::UNLINKED), &mut all);
    all
});

/// Adds the definitions of a text, and the prefix to the names of types.
fn add_definitions(prefix: &str, sdl: &str, all: &mut ast::Document) {
    let document = match ast::Document::parse(sdl, format!("{prefix}.graphql")) {
        Ok(document) => document,
        // The text is a constant, which a test parses.
        Err(broken) => broken.partial,
    };
    let sources = std::sync::Arc::make_mut(&mut all.sources);
    sources.extend(
        document
            .sources
            .iter()
            .map(|(id, file)| (*id, file.clone())),
    );
    let types: HashSet<Name> = document
        .definitions
        .iter()
        .filter(|definition| definition.as_directive_definition().is_none())
        .filter_map(|definition| definition.name().cloned())
        .filter(|name| !name.contains("__"))
        .collect();
    let definitions = document.definitions.into_iter();
    all.definitions.extend(
        definitions.map(|definition| super::rename::prefix_types(definition, prefix, &types)),
    );
}

/// True for a type that a specification defines, and for the types of `_entities` and `_service`.
pub(crate) fn is_our_type(name: &str) -> bool {
    let prefixed = name
        .split_once("__")
        .is_some_and(|(namespace, _)| ALL.iter().any(|spec| spec.name == namespace));
    prefixed || matches!(name, "_Any" | "_Entity" | "_Service" | "_FieldSet")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use apollo_compiler::ast::Definition;

    use super::*;

    /// Each text defines the directive or type of its row.
    #[test]
    fn the_texts_define_what_their_rows_name() {
        for directives in [directives::CONNECT, directives::WIRE, directives::UNLINKED] {
            for directive in directives {
                let document = ast::Document::parse(directive.sdl, "directive.graphql").unwrap();
                let [Definition::DirectiveDefinition(definition)] = document.definitions.as_slice()
                else {
                    panic!("@{}: not one directive", directive.name);
                };
                assert_eq!(definition.name, directive.name);
                assert!(definition.description.is_some(), "@{}", directive.name);
                for argument in &definition.arguments {
                    let described = argument.description.is_some();
                    assert!(described, "@{}({}:)", directive.name, argument.name);
                }
            }
            for ty in directives::types(directives) {
                let document = ast::Document::parse(ty.sdl, "type.graphql").unwrap();
                let [definition] = document.definitions.as_slice() else {
                    panic!("{}: not one type", ty.name);
                };
                assert_eq!(definition.name().unwrap(), ty.name);
            }
        }
    }

    /// The additions in the table exist in the definitions.
    #[test]
    fn additions_are_defined() {
        for directive in directives::CONNECT.iter().chain(directives::WIRE) {
            let definitions = DEFINITIONS.definitions.iter();
            let mut definitions = definitions.filter_map(|one| one.as_directive_definition());
            let definition = definitions.find(|one| one.name == directive.name).unwrap();
            let argument = |name: &str| definition.argument_by_name(name);
            for addition in directive.additions {
                let is_defined = match &addition.part {
                    DirectivePart::Argument(name) | DirectivePart::Key(name, _) => {
                        argument(name).is_some()
                    }
                    DirectivePart::Location(location) => definition.locations.contains(location),
                };
                assert!(is_defined, "@{}: {:?}", directive.name, addition.part);
            }
        }
    }

    #[test]
    fn lists_and_definitions_agree() {
        for spec in [&LINK, &FEDERATION] {
            let document = ast::Document::parse(spec.sdl(), "spec.graphql").unwrap();
            let mut defined: Vec<String> = document
                .definitions
                .iter()
                .filter_map(|definition| match definition {
                    Definition::DirectiveDefinition(directive) => {
                        Some(format!("@{}", directive.name))
                    }
                    other => other.name().map(|name| {
                        let prefix = format!("{}__", spec.name);
                        name.strip_prefix(&prefix).unwrap_or(name).to_owned()
                    }),
                })
                .filter(|name| name != "@oneOf")
                .collect();
            defined.sort();
            let mut listed = spec.elements();
            listed.sort();
            assert_eq!(defined, listed, "{}", spec.name);
        }
    }

    #[test]
    fn definitions_validate() {
        let builder = apollo_compiler::schema::SchemaBuilder::new().add_ast(&DEFINITIONS);
        let schema = builder
            .parse("type Query { a: Int }", "query.graphql")
            .build()
            .unwrap();
        schema.validate().unwrap();
    }
}
