//! `@clientErrors`: which responses say that the client's input is wrong.

use apollo_compiler::Node;
use apollo_compiler::ast::Directive;

use super::definition::{Role, SupportedDirective};
use super::types;
use crate::connector::connect_options::ConnectOptions;
use crate::connector::declared::Declarations;
use crate::connector::diagnostic::code;
use crate::connector::expression::{Expressions, Form, VariableScope};
use crate::connector::findings::Findings;
use crate::connector::model::ClientErrors;

pub(super) static DIRECTIVE: SupportedDirective = SupportedDirective {
    name: NAME,
    since: (0, 1),
    sdl: SDL,
    types: &[&types::JSON_SELECTION],
    additions: &[],
    role: Role::SharedConnectOption(read),
    check,
};

/// The name of the directive in normalised schemas.
pub(super) const NAME: &str = "clientErrors";

const SDL: &str = r#"
"""
Which responses say that the client's input is wrong, and not that the upstream has failed.

On a field or a type, the directive is about the `@connect`s there. On the schema, it is about all others of the folder, or about
its GraphQL service.

    extend schema
      @source(
        name: "portal"
        http: { baseURL: "https://portal.example.gov.in/v1" }
        errors: { message: "$.reason" }
      )
      @clientErrors(status: [400, 409, 422])

    type Mutation {
      apply(scheme: ID!, age: Int!): Application
        @connect(
          source: "portal"
          http: { POST: "/apply", body: "scheme: $args.scheme age: $args.age" }
          isSuccess: "$.status->eq('S')"
          selection: "$.data { id }"
        )
        @clientErrors(when: "$.code->in(['AGE', 'SCHEME_CLOSED'])")
    }

A response is one if `status` has its status, or `when` yields `true`. Then it is no success, whatever `isSuccess` yields, and:

- Clients get an error with the code `INVALID_ARGUMENT`, kind INVALID, as for [`@constraint`](#constraint). Its text is that of
  `errors`, or else `The service refuses the input`. Responses with 401, 403, 404 and 410 keep their kind, DENIED or NOT_FOUND.
- It is no failure of the connector: its `state` stays UP, and it is not in `failureCount`, `lastError` or the log. Metrics
  count it by its kind.
- A mutation with this response has changed nothing, so that it invalidates nothing.

For a GraphQL service, `$` of `when` is each error of a response by itself: `when: "extensions.code->eq('BAD_USER_INPUT')"`. The
call is no failure if all its errors are the client's. A mutation has changed nothing if, besides, the errors are those of its
root fields, and all of these are null.
"""
directive @clientErrors(
  "Statuses of such responses."
  status: [Int!]

  "Yields `true` for such responses. It may read the variables that `isSuccess` may read."
  when: JSONSelection
) on SCHEMA | FIELD_DEFINITION | OBJECT
"#;

impl ClientErrors {
    /// Reads the directive.
    pub(super) fn read(
        directive: &Directive,
        expressions: &mut Expressions,
        findings: &mut Findings,
    ) -> ClientErrors {
        let when = directive.specified_argument_by_name("when");
        let when = when.filter(|literal| !literal.is_null());
        ClientErrors {
            status: statuses(directive).filter_map(Result::ok).collect(),
            when: when
                .and_then(|literal| expressions.mapping("when", literal, Form::Value, findings)),
        }
    }
}

fn read(
    directive: &Node<Directive>,
    options: &mut ConnectOptions,
    expressions: &mut Expressions,
    findings: &mut Findings,
) {
    let expressions = expressions.in_scope(VariableScope::Response);
    options.add(ClientErrors::read(directive, expressions, findings));
}

/// The statuses; the error is a number that is none.
fn statuses(directive: &Directive) -> impl Iterator<Item = Result<u16, i32>> {
    let listed = directive.specified_argument_by_name("status");
    let listed = listed.and_then(|value| value.as_list()).unwrap_or_default();
    let numbers = listed.iter().filter_map(|value| value.to_i32());
    numbers.map(|number| match u16::try_from(number) {
        Ok(status) if (100..600).contains(&status) => Ok(status),
        _ => Err(number),
    })
}

/// Checks that the directive is about a call, and says which responses it is about.
fn check(declarations: &Declarations<'_>, findings: &mut Findings) {
    let on_schema = declarations
        .schema
        .schema_definition
        .directives
        .get_all(NAME);
    let mut all: Vec<(&Node<Directive>, bool)> =
        on_schema.map(|directive| (&directive.node, true)).collect();
    let elsewhere = declarations.uses(NAME);
    all.extend(elsewhere.map(|one| (one.directive, one.is_beside_fetch(declarations))));
    for (directive, is_about_calls) in all {
        let mut refuse = |message: String, help: &str| {
            findings.push(
                findings
                    .error(&code::INVALID_CLIENT_ERRORS, message)
                    .at(findings.span(directive.location()))
                    .help(help),
            );
        };
        if !is_about_calls {
            let help = "put it beside the `@connect` whose responses it is about, or on the schema";
            refuse("`@clientErrors` without a `@connect`".to_owned(), help);
        }
        if let Some(number) = statuses(directive).find_map(Result::err) {
            refuse(
                format!("`{number}` is no status"),
                "statuses are from 100 to 599",
            );
        }
        let has_status = statuses(directive).next().is_some();
        let when = directive.specified_argument_by_name("when");
        if !has_status && when.is_none_or(|when| when.is_null()) {
            let help = "write `status: [400, 422]`, or `when` with a mapping of the response";
            refuse("`@clientErrors` about no response".to_owned(), help);
        }
    }
}
