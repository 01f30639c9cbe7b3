//! The specifications that a folder can link, as data: their versions, what each defines and since when.
//!
//! Definitions are injected in their latest form, whatever version a folder links; what that version does not have yet
//! is refused by the tables here, because "needs connect/v0.2" helps where "unknown argument" does not.

use std::sync::LazyLock;

use apollo_compiler::ast;

/// A version, `(2, 11)` for `v2.11`.
pub(crate) type Version = (u16, u16);

/// A specification that this gateway implements.
#[derive(Debug)]
pub(crate) struct Spec {
    /// Its name, also its namespace unless `as:` says otherwise.
    pub(crate) name: &'static str,
    /// The URL before the version.
    pub(crate) identity: &'static str,
    /// The least version supported.
    pub(crate) oldest: Version,
    /// The greatest version supported.
    pub(crate) latest: Version,
    /// Its directives and types, with the version that brought each.
    elements: &'static [(&'static str, Version)],
    /// Arguments, input fields and places that are younger than their directive.
    pub(crate) younger: &'static [Younger],
    /// Its definitions, under canonical names: directives bare, types prefixed with the specification's name.
    sdl: &'static str,
}

/// Something that a directive gained later.
#[derive(Debug)]
pub(crate) struct Younger {
    /// The directive.
    pub(crate) directive: &'static str,
    /// What it gained.
    pub(crate) what: Part,
    /// When.
    pub(crate) since: Version,
}

/// A part of a directive.
#[derive(Debug)]
pub(crate) enum Part {
    /// An argument.
    Argument(&'static str),
    /// A key of an argument that is an input object.
    Key(&'static str, &'static str),
    /// A place where it may stand.
    Location(ast::DirectiveLocation),
}

/// Federation: <https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives>.
pub(crate) static FEDERATION: Spec = Spec {
    name: "federation",
    identity: "https://specs.apollo.dev/federation",
    oldest: (2, 0),
    latest: (2, 13),
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
    younger: &[
        Younger {
            directive: "override",
            what: Part::Argument("label"),
            since: (2, 7),
        },
        Younger {
            directive: "key",
            what: Part::Location(ast::DirectiveLocation::Interface),
            since: (2, 3),
        },
        Younger {
            directive: "tag",
            what: Part::Location(ast::DirectiveLocation::Schema),
            since: (2, 3),
        },
    ],
    sdl: include_str!("federation.graphql"),
};

/// Connectors: `connector-language` in this project's documents.
pub(crate) static CONNECT: Spec = Spec {
    name: "connect",
    identity: "https://specs.apollo.dev/connect",
    oldest: (0, 1),
    latest: (0, 4),
    elements: &[
        ("@source", (0, 1)),
        ("@connect", (0, 1)),
        ("JSONSelection", (0, 1)),
        ("URLTemplate", (0, 1)),
        ("SourceHTTP", (0, 1)),
        ("ConnectHTTP", (0, 1)),
        ("HTTPHeaderMapping", (0, 1)),
        ("ConnectBatch", (0, 2)),
        ("ConnectorErrors", (0, 2)),
    ],
    younger: &[
        Younger {
            directive: "source",
            what: Part::Argument("errors"),
            since: (0, 2),
        },
        Younger {
            directive: "source",
            what: Part::Argument("isSuccess"),
            since: (0, 2),
        },
        Younger {
            directive: "source",
            what: Part::Key("http", "path"),
            since: (0, 2),
        },
        Younger {
            directive: "source",
            what: Part::Key("http", "queryParams"),
            since: (0, 2),
        },
        Younger {
            directive: "connect",
            what: Part::Location(ast::DirectiveLocation::Object),
            since: (0, 2),
        },
        Younger {
            directive: "connect",
            what: Part::Argument("id"),
            since: (0, 2),
        },
        Younger {
            directive: "connect",
            what: Part::Argument("batch"),
            since: (0, 2),
        },
        Younger {
            directive: "connect",
            what: Part::Argument("errors"),
            since: (0, 2),
        },
        Younger {
            directive: "connect",
            what: Part::Argument("isSuccess"),
            since: (0, 2),
        },
        Younger {
            directive: "connect",
            what: Part::Key("http", "path"),
            since: (0, 2),
        },
        Younger {
            directive: "connect",
            what: Part::Key("http", "queryParams"),
            since: (0, 2),
        },
    ],
    sdl: include_str!("connect.graphql"),
};

/// Our own: `schema/wire.graphql`.
pub(crate) static WIRE: Spec = Spec {
    name: "wire",
    identity: "https://specs.sangam.dev/wire",
    oldest: (0, 1),
    latest: (0, 1),
    elements: &[
        ("@graphql", (0, 1)),
        ("@paginate", (0, 1)),
        ("@cacheNull", (0, 1)),
        ("@invalidates", (0, 1)),
        ("JSONSelection", (0, 1)),
        ("HTTPHeaderMapping", (0, 1)),
        ("PageStyle", (0, 1)),
        ("PageCutOff", (0, 1)),
    ],
    younger: &[],
    sdl: include_str!("../../../schema/wire.graphql"),
};

/// Linking itself, and the cache lifetimes that servers in this field know without a link.
pub(crate) static LINK: Spec = Spec {
    name: "link",
    identity: "https://specs.apollo.dev/link",
    oldest: (1, 0),
    latest: (1, 0),
    elements: &[("@link", (1, 0)), ("Import", (1, 0)), ("Purpose", (1, 0))],
    younger: &[],
    sdl: include_str!("link.graphql"),
};

/// Every specification, in the order in which a folder links them by convention.
pub(crate) static ALL: [&Spec; 4] = [&LINK, &FEDERATION, &CONNECT, &WIRE];

/// What a schema of Federation 1 may use without linking anything.
pub(crate) const FEDERATION_1: &[&str] = &[
    "key",
    "requires",
    "provides",
    "external",
    "extends",
    "tag",
    "inaccessible",
];

impl Spec {
    /// The version that brought an element, named `@directive` or `Type`.
    pub(crate) fn since(&self, element: &str) -> Option<Version> {
        let found = self.elements.iter().find(|(name, _)| *name == element);
        found.map(|(_, since)| *since)
    }

    /// True if it defines that directive (named without `@`).
    pub(crate) fn has_directive(&self, name: &str) -> bool {
        self.directives().any(|directive| directive == name)
    }

    /// Names of its elements as an import writes them.
    pub(crate) fn elements(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.elements.iter().map(|(name, _)| *name)
    }

    /// Names of its directives, without `@`.
    pub(crate) fn directives(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.elements().filter_map(|name| name.strip_prefix('@'))
    }

    /// The URL of a version.
    pub(crate) fn url(&self, (major, minor): Version) -> String {
        format!("{}/v{major}.{minor}", self.identity)
    }
}

/// The least Federation version that a connect version works with.
pub(crate) fn least_federation(connect: Version) -> Version {
    match connect {
        (0, 1) => (2, 10),
        (0, 2) => (2, 11),
        (0, 3) => (2, 12),
        _ => (2, 13),
    }
}

/// All definitions, to be put beside a folder's own so that it validates. Types of `wire.graphql`, which is written
/// for readers and leaves the prefix out, get theirs here.
pub(crate) static DEFINITIONS: LazyLock<ast::Document> = LazyLock::new(|| {
    let mut all = ast::Document::new();
    for spec in ALL {
        let path = format!("{}.graphql", spec.name);
        let document = match ast::Document::parse(spec.sdl, path) {
            Ok(document) => document,
            // Text of this program, which a test parses.
            Err(broken) => broken.partial,
        };
        let sources = std::sync::Arc::make_mut(&mut all.sources);
        sources.extend(
            document
                .sources
                .iter()
                .map(|(id, file)| (*id, file.clone())),
        );
        let definitions = document.definitions.into_iter();
        all.definitions.extend(
            definitions
                .filter(|definition| definition.as_schema_definition().is_none())
                .map(|definition| super::rename::prefix_types(definition, spec)),
        );
    }
    all
});

/// True for the name of a type of linked machinery, and for Federation's own query fields' types.
pub(crate) fn is_our_type(name: &str) -> bool {
    let prefixed = name
        .split_once("__")
        .is_some_and(|(namespace, _)| ALL.iter().any(|spec| spec.name == namespace));
    prefixed || matches!(name, "_Any" | "_Entity" | "_Service" | "_FieldSet")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use apollo_compiler::ast::Definition;

    use super::*;

    #[test]
    fn tables_and_definitions_agree() {
        for spec in ALL {
            let document = ast::Document::parse(spec.sdl, "spec.graphql").unwrap();
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
                .filter(|name| !name.to_lowercase().contains("cachecontrol") && name != "@oneOf")
                .collect();
            defined.sort();
            let mut listed: Vec<String> = spec.elements().map(str::to_owned).collect();
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
