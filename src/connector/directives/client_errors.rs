//! `@clientErrors`: which responses say that the client's input is wrong, and what clients get of them.

use apollo_compiler::Node;
use apollo_compiler::ast::Directive;

use super::definition::{Role, SupportedDirective};
use super::paginate::Pagination;
use super::types;
use crate::connector::connect_options::ConnectOptions;
use crate::connector::declared::{Declarations, DeclaredConnect, DirectiveUse};
use crate::connector::diagnostic::code;
use crate::connector::expression::{Expressions, Form, VariableScope};
use crate::connector::findings::Findings;
use crate::connector::model::{ClientErrors, Site};

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
pub(crate) const NAME: &str = "clientErrors";

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

With `selection`, clients get data instead of the error: it maps such a response to the value of the field, as the connect's own
`selection` maps all others. So a mutation can say in its payload what was refused, and at which field of the input:

    type Mutation {
      apply(input: ApplyInput!): ApplyPayload
        @connect(
          source: "portal"
          http: { POST: "/apply", body: "scheme: $args.input.scheme age: $args.input.age" }
          selection: "application: $.data { id } userErrors: $([])"
        )
        @clientErrors(
          status: [422]
          selection: "userErrors: $([{ message: $.reason ?? 'Refused' field: $.param->match(['age', ['input', 'age']]) }])"
        )
    }

    type ApplyPayload { application: Application userErrors: [ApplyUserError!]! }
    type ApplyUserError { field: [String!] message: String! }

A response is judged as without `selection`. If it cannot be read, or if `selection` yields null or a value that does not have the
form of the field's type, clients get the error. Both mappings must yield the fields that are never null.

For a GraphQL service, `$` of `when` is each error of a response by itself: `when: "extensions.code->eq('BAD_USER_INPUT')"`. The
call is no failure if all its errors are the client's. A mutation has changed nothing if, besides, the errors are those of its
root fields, and all of these are null. If the service has payloads with errors for clients, `payload` says which of them are
refusals: `payload: "userErrors->size->gt(0)"`. A mutation has changed nothing if that is true for each of its root fields, or if
the others are null with an error of the client. Only fields that the client selects can be read, by their names in the schema.
"""
directive @clientErrors(
  "Statuses of such responses."
  status: [Int!]

  "Yields `true` for such responses. It may read the variables that `isSuccess` may read."
  when: JSONSelection

  """
  Maps such responses to the value of the field, so that clients get data and no error. It may read the variables that the
  connect's `selection` may read. For fields with a `@connect` that is without `entity: true` and `@paginate`.
  """
  selection: JSONSelection

  """
  For a GraphQL service: yields `true` for the value of a root field of a mutation if it says that the client's input is wrong.
  It may read the variables that `when` may read.
  """
  payload: JSONSelection
) on SCHEMA | FIELD_DEFINITION | OBJECT
"#;

impl ClientErrors {
    /// Reads the directive.
    pub(super) fn read(
        directive: &Directive,
        expressions: &mut Expressions,
        findings: &mut Findings,
    ) -> ClientErrors {
        let mut mapping = |name: &str, label: &'static str, form: Form| {
            let literal = directive.specified_argument_by_name(name)?;
            let literal = Some(literal).filter(|literal| !literal.is_null())?;
            expressions.mapping(label, literal, form, findings)
        };
        ClientErrors {
            status: statuses(directive).filter_map(Result::ok).collect(),
            when: mapping("when", "when", Form::Value),
            selection: mapping("selection", REFUSAL, Form::Object),
            payload: mapping("payload", "payload", Form::Value),
        }
    }
}

/// What labels call the `selection` of this directive, as there is another one of the connect.
pub(crate) const REFUSAL: &str = "@clientErrors(selection:)";

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
    let of_service = !declarations.services.is_empty();
    for directive in on_schema {
        responses(&directive.node, of_service, findings);
        if has(&directive.node, "selection") {
            let help = match of_service {
                true => {
                    "leave it out: the service's own types have such errors; `payload` says how"
                }
                false => "put the directive on the field whose value it is",
            };
            let message = "`selection` of `@clientErrors` is about one field".to_owned();
            refuse(&directive.node, message, help, findings);
        }
    }
    for one in declarations.uses(NAME) {
        if !one.is_beside_fetch(declarations) {
            let help = "put it beside the `@connect` whose responses it is about, or on the schema";
            let message = "`@clientErrors` without a `@connect`".to_owned();
            refuse(one.directive, message, help, findings);
        }
        responses(one.directive, false, findings);
        if has(one.directive, "selection") {
            value(&one, declarations, findings);
        }
    }
}

fn refuse(directive: &Node<Directive>, message: String, help: &str, findings: &mut Findings) {
    findings.push(
        findings
            .error(&code::INVALID_CLIENT_ERRORS, message)
            .at(findings.span(directive.location()))
            .help(help),
    );
}

/// Whether an argument is given, and not null.
fn has(directive: &Directive, argument: &str) -> bool {
    let value = directive.specified_argument_by_name(argument);
    value.is_some_and(|value| !value.is_null())
}

/// Checks which responses a directive is about.
fn responses(directive: &Node<Directive>, of_service: bool, findings: &mut Findings) {
    if let Some(number) = statuses(directive).find_map(Result::err) {
        let message = format!("`{number}` is no status");
        refuse(directive, message, "statuses are from 100 to 599", findings);
    }
    let has_status = statuses(directive).next().is_some();
    let has_payload = has(directive, "payload");
    if has_payload && !of_service {
        let help = "write `when`, which reads the whole response of a `@connect`";
        let message = "`payload` of `@clientErrors` without a GraphQL service".to_owned();
        refuse(directive, message, help, findings);
    } else if !has_status && !has_payload && !has(directive, "when") {
        let help = "write `status: [400, 422]`, or `when` with a mapping of the response";
        let message = "`@clientErrors` about no response".to_owned();
        refuse(directive, message, help, findings);
    }
}

/// Checks that the value of `selection` is that of one field, from one response.
fn value(one: &DirectiveUse<'_>, declarations: &Declarations<'_>, findings: &mut Findings) {
    let Some(field) = one.field else {
        let help = "put it on the field whose value it is";
        let message = "`selection` of `@clientErrors` on a type".to_owned();
        return refuse(one.directive, message, help, findings);
    };
    let is_of_field = |declared: &&DeclaredConnect| match (&declared.site, &declared.field) {
        (Site::Field { parent, .. }, Some(own)) => {
            *parent == one.object.name && own.name == field.name
        }
        _ => false,
    };
    let mut connects = declarations.connects.iter().filter(is_of_field);
    let other = connects.find_map(|declared| {
        let paginated = declared.options.get::<Pagination>().is_some();
        declared
            .entity
            .then_some("`entity: true`")
            .or_else(|| paginated.then_some("`@paginate`"))
    });
    if let Some(other) = other {
        let help = "leave it out: such a response is an error of the look-up, or of the list";
        let message = format!("`selection` of `@clientErrors` does not go with {other}");
        refuse(one.directive, message, help, findings);
    }
}
