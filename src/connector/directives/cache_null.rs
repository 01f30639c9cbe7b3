//! `@cacheNull`: how long a response without a value may be cached.

use std::time::Duration;

use apollo_compiler::Node;
use apollo_compiler::ast::Directive;

use super::definition::{Role, SupportedDirective};
use crate::connector::connect_options::{ConnectOption, ConnectOptions};
use crate::connector::declared::Declarations;
use crate::connector::diagnostic::code;
use crate::connector::expression::Expressions;
use crate::connector::findings::Findings;

pub(super) static DIRECTIVE: SupportedDirective = SupportedDirective {
    name: "cacheNull",
    since: (0, 1),
    sdl: SDL,
    types: &[],
    additions: &[],
    role: Role::ConnectOption(read),
    check,
};

const SDL: &str = r#"
"""
How long a response without a value may be cached.

A response is without a value if the `selection` yields null, or reads none of the keys in it: an empty body, `null`,
`{"error": "maintenance"}`. Either the object does not exist, or the upstream failed without reporting an error. So such
a response is not cached, and the next request calls the upstream again. `@cacheNull` declares it valid and sets how long
it is cached, which is never longer than `@cacheControl` or the upstream's headers allow. The directive is written beside
the `@connect`, and applies to every `@connect` of that field or type.

    district(code: ID!): District
      @connect(source: "directory", http: { GET: "/districts/{$args.code}" }, selection: "code name", entity: true)
      @cacheControl(maxAge: 86400)
      @cacheNull(maxAge: 60)

It is not needed if `isSuccess` reads the body and yields `true`: then a null in it is valid, too. It is not needed with
`@graphql` either: a GraphQL service reports its errors, and its schema declares which fields may be null.
"""
directive @cacheNull(
  "Seconds from the arrival of the response; at least 1."
  maxAge: Int!
) on FIELD_DEFINITION | OBJECT
"#;

/// `@cacheNull`: how long a response without a value may be cached. Without the directive it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheNull {
    /// `maxAge`, not zero.
    pub max_age: Duration,
}

impl ConnectOption for CacheNull {}

fn read(
    directive: &Node<Directive>,
    options: &mut ConnectOptions,
    _: &mut Expressions,
    _: &mut Findings,
) {
    let seconds = seconds(directive).and_then(|seconds| u64::try_from(seconds).ok());
    if let Some(seconds) = seconds.filter(|seconds| *seconds > 0) {
        let max_age = Duration::from_secs(seconds);
        options.add(CacheNull { max_age });
    }
}

fn seconds(directive: &Directive) -> Option<i32> {
    directive.specified_argument_by_name("maxAge")?.to_i32()
}

/// Checks that the directive is beside a connect and has a duration.
fn check(declarations: &Declarations<'_>, findings: &mut Findings) {
    let mut push = |directive: &Node<Directive>, message: &str, help: &str| {
        findings.push(
            findings
                .error(&code::INVALID_CACHE_NULL, message)
                .at(findings.span(directive.location()))
                .help(help),
        );
    };
    for cache_null in declarations.uses(DIRECTIVE.name) {
        let directive = cache_null.directive;
        if !cache_null.is_beside_fetch(declarations) {
            let help = "it is about the responses to the connect beside it";
            push(directive, "`@cacheNull` without a `@connect`", help);
        } else if seconds(directive).is_some_and(|seconds| seconds < 1) {
            let help = "leave it out where null must not be cached";
            push(directive, "`maxAge` of `@cacheNull` is at least 1", help);
        }
    }
}
