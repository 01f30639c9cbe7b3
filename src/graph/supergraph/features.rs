//! The specifications whose directives stand on a merged schema: how a supergraph links and defines each.

use apollo_compiler::Schema;

/// A specification that a supergraph links when it uses one of its directives.
pub(super) struct Feature {
    /// What `@link(url:)` says.
    pub(super) url: &'static str,
    /// `for:`, when ignoring it would be harmful.
    pub(super) purpose: Option<&'static str>,
    /// Its directives, without `@`.
    pub(super) directives: &'static [&'static str],
    /// What `@link(import:)` names, when the directives are not called like the specification.
    pub(super) import: bool,
    /// Its definitions.
    pub(super) sdl: &'static str,
}

/// Linked by every supergraph.
pub(super) const LINK: &str = "https://specs.apollo.dev/link/v1.0";
/// Linked by every supergraph.
pub(super) const JOIN: &str = "https://specs.apollo.dev/join/v0.5";

/// The definitions of both.
pub(super) const JOIN_SDL: &str = include_str!("join.graphql");

/// In the order in which they are linked.
pub(super) const FEATURES: &[Feature] = &[
    Feature {
        url: "https://specs.apollo.dev/tag/v0.3",
        purpose: None,
        directives: &["tag"],
        import: false,
        sdl: "directive @tag(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | \
              ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION | SCHEMA",
    },
    Feature {
        url: "https://specs.apollo.dev/inaccessible/v0.2",
        purpose: Some("SECURITY"),
        directives: &["inaccessible"],
        import: false,
        sdl: "directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | \
              SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION",
    },
    Feature {
        url: "https://specs.apollo.dev/authenticated/v0.1",
        purpose: Some("SECURITY"),
        directives: &["authenticated"],
        import: false,
        sdl: "directive @authenticated on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
    },
    Feature {
        url: "https://specs.apollo.dev/requiresScopes/v0.1",
        purpose: Some("SECURITY"),
        directives: &["requiresScopes"],
        import: false,
        sdl: "directive @requiresScopes(scopes: [[requiresScopes__Scope!]!]!) on FIELD_DEFINITION | OBJECT | \
              INTERFACE | SCALAR | ENUM scalar requiresScopes__Scope",
    },
    Feature {
        url: "https://specs.apollo.dev/policy/v0.1",
        purpose: Some("SECURITY"),
        directives: &["policy"],
        import: false,
        sdl: "directive @policy(policies: [[policy__Policy!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | \
              SCALAR | ENUM scalar policy__Policy",
    },
    Feature {
        url: "https://specs.apollo.dev/context/v0.1",
        purpose: Some("SECURITY"),
        directives: &["context"],
        import: false,
        sdl: "directive @context(name: String!) repeatable on OBJECT | INTERFACE | UNION \
              directive @context__fromContext(field: context__ContextFieldValue) on ARGUMENT_DEFINITION \
              scalar context__ContextFieldValue",
    },
    Feature {
        url: "https://specs.apollo.dev/cost/v0.1",
        purpose: None,
        directives: &["cost", "listSize"],
        import: true,
        sdl: "directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | \
              INPUT_FIELD_DEFINITION | OBJECT | SCALAR \
              directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], \
              requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION",
    },
];

/// True for a directive that some feature merges onto the schema.
pub(super) fn is_feature(directive: &str) -> bool {
    FEATURES
        .iter()
        .any(|feature| feature.directives.contains(&directive))
}

/// True for the name of a type or directive that a specification defines, not a connector.
pub(super) fn is_machinery(name: &str) -> bool {
    name == "link" || is_feature(name) || name.contains("__")
}

/// Adds the definitions of an SDL text to a schema.
pub(super) fn define(schema: &mut Schema, sdl: &str) {
    let parsed = match Schema::parse(sdl, "spec.graphql") {
        Ok(parsed) => parsed,
        // Text of this program, which a test parses.
        Err(broken) => broken.partial,
    };
    let directives = parsed.directive_definitions.into_iter();
    schema
        .directive_definitions
        .extend(directives.filter(|(_, definition)| !definition.is_built_in()));
    let types = parsed.types.into_iter();
    schema
        .types
        .extend(types.filter(|(_, definition)| !definition.is_built_in()));
}
