//! `@cacheControl(maxAge:, scope:, inheritMaxAge:)`: how long, and for which clients, a response may be cached.
//!
//! GraphQL servers support the directive without a link, and so does this gateway. This file reads a single use of it;
//! [`lifetime`](crate::connector::lifetime) combines the uses that concern one response, and the caches decide.

use std::time::Duration;

use apollo_compiler::Schema;
use apollo_compiler::ast::Directive;
use serde::{Deserialize, Serialize};

use super::definition::{Role, SupportedDirective, SupportedType, unchecked};

pub(super) static DIRECTIVE: SupportedDirective = SupportedDirective {
    name: "cacheControl",
    since: (1, 0),
    sdl: SDL,
    types: &[&SCOPE],
    additions: &[],
    role: Role::Hint,
    check: unchecked,
};

const SDL: &str = r#"
"""
How long, and for which clients, a field or the objects of a type may be cached.

An argument on a field overrides the same argument on the type of the field. A leaf without the directive is cached as
long as its parent. The lifetime of a `@connect`'s response is that of its field, or else of its type; the lifetime of a
GraphQL service's response is the shortest among the selected fields. Without a lifetime in the schema, the upstream's
`Cache-Control` decides.

    type Query {
      districts: [District!]
        @connect(source: "directory", http: { GET: "/districts" }, selection: "code name")
        @cacheControl(maxAge: 86400)
    }

The directive needs no `@link`.
"""
directive @cacheControl(
  "Seconds from the arrival of the response. 0: it is not cached."
  maxAge: Int

  "Whether all clients may share a response. Without it, the upstream's `Cache-Control` decides; what was fetched with the client's own `Authorization` or `Cookie` is private unless that says otherwise."
  scope: CacheControlScope

  "A field of a composite type is cached as long as its parent, like a leaf. It replaces `maxAge`."
  inheritMaxAge: Boolean
) on FIELD_DEFINITION | OBJECT | INTERFACE | UNION
"#;

static SCOPE: SupportedType = SupportedType {
    name: "CacheControlScope",
    since: (1, 0),
    sdl: r#"
"Which clients may get a cached response."
enum CacheControlScope {
  "All clients."
  PUBLIC
  "Only the client for which it was fetched."
  PRIVATE
}
"#,
};

/// Which clients may get a cached response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Scope {
    /// All clients.
    Public,
    /// Only the client for which it was fetched.
    Private,
}

/// One `@cacheControl`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hint {
    /// `maxAge`.
    pub max_age: Option<Duration>,
    /// `scope`.
    pub scope: Option<Scope>,
    /// `inheritMaxAge`: a composite field lives as long as its parent, as leaves do.
    pub inherits: bool,
}

impl Hint {
    fn of(directive: &Directive) -> Hint {
        let argument = |name| directive.specified_argument_by_name(name);
        let seconds = argument("maxAge").and_then(|value| value.to_i32());
        Hint {
            max_age: seconds
                .map(|seconds| Duration::from_secs(u64::try_from(seconds).unwrap_or_default())),
            scope: argument("scope")
                .and_then(|scope| scope.as_enum())
                .map(|scope| match scope.as_str() {
                    "PRIVATE" => Scope::Private,
                    _ => Scope::Public,
                }),
            inherits: argument("inheritMaxAge").and_then(|value| value.to_bool()) == Some(true),
        }
    }

    /// The hint of a type.
    pub fn of_type(schema: &Schema, name: &str) -> Option<Hint> {
        let directives = schema.types.get(name)?.directives();
        directives
            .get(DIRECTIVE.name)
            .map(|directive| Hint::of(directive))
    }

    /// The hint of a field: its own, completed by that of its type.
    pub fn of_field(schema: &Schema, parent: &str, field: &str) -> Option<Hint> {
        let definition = schema.type_field(parent, field).ok()?;
        let on_field = definition.directives.get(DIRECTIVE.name);
        let on_field = on_field.map(|directive| Hint::of(directive));
        let on_type = Hint::of_type(schema, definition.ty.inner_named_type());
        match (on_field, on_type) {
            (Some(on_field), Some(on_type)) => Some(Hint {
                max_age: on_field
                    .max_age
                    .or(on_type.max_age.filter(|_| !on_field.inherits)),
                scope: on_field.scope.or(on_type.scope),
                inherits: on_field.inherits,
            }),
            (on_field, on_type) => on_field.or(on_type),
        }
    }
}
