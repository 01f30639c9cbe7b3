//! `@invalidates`: what a mutation changes, and how its response says that it has changed nothing.

use std::sync::Arc;

use apollo_compiler::ast::Directive;
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::{Name, Node};

use super::definition::{Role, SupportedDirective};
use super::types;
use crate::connector::connect_options::{ConnectOption, ConnectOptions};
use crate::connector::declared::Declarations;
use crate::connector::diagnostic::code;
use crate::connector::expression::{Expressions, Form, VariableScope};
use crate::connector::findings::Findings;
use crate::mapping::Selection;

pub(super) static DIRECTIVE: SupportedDirective = SupportedDirective {
    name: "invalidates",
    since: (0, 1),
    sdl: SDL,
    types: &[&types::JSON_SELECTION],
    additions: &[],
    role: Role::ConnectOption(read),
    check,
};

const SDL: &str = r#"
"""
Which cached responses a mutation or an event invalidates, and when it invalidates none.

The directive is written beside the `@connect` of the mutation. Without it, a mutation that may have taken effect
invalidates all cached responses of its connector, so that later reads see the change. With `fields`, it invalidates only
those that are named there; all others are still served from the cache. So name everything that shows the change: each
field with a `@connect` as `Type.field`, each type with one as `Type`.

A mutation that the upstream has refused invalidates nothing: a call that failed with a status of 4xx, or with a response that
[`@clientErrors`](#clienterrors) declares. For an upstream that responds with 200 in any case, `unless` reads from the body
whether the mutation has changed anything.

    type Mutation {
      file(text: String!): Grievance
        @connect(source: "desk", http: { POST: "/file", body: "text: $args.text" }, selection: "$.data { id text }")
        @invalidates(fields: ["Query.grievances", "District.grievances"], unless: "$.status->eq('REFUSED')")
    }

On a field of `Subscription`, it says what each event of a [`@webhook`](#webhook), or each new value of a [`@poll`](#poll),
invalidates, before subscribers get it. `unless` reads the body of the event.
"""
directive @invalidates(
  "What is invalidated: `Type.field` or `Type`. Without it, all cached responses of the connector."
  fields: [String!]

  "Yields `true` if the response means that nothing was changed. It may read the variables that `isSuccess` may read."
  unless: JSONSelection
) on FIELD_DEFINITION
"#;

/// `@invalidates`: what a mutation changes.
#[derive(Debug)]
pub struct Invalidates {
    /// Fields of the folder (`Type.field`), and types with a connect (`Type`); everything if there are none.
    pub fields: Vec<String>,
    /// Yields `true` for a response which says that nothing was changed.
    pub unless: Option<Arc<Selection>>,
}

impl ConnectOption for Invalidates {}

fn read(
    directive: &Node<Directive>,
    options: &mut ConnectOptions,
    expressions: &mut Expressions,
    findings: &mut Findings,
) {
    let argument = |name: &str| directive.specified_argument_by_name(name);
    let fields = argument("fields").and_then(|value| value.as_list());
    let names = fields.unwrap_or_default().iter();
    let unless = argument("unless").and_then(|literal| {
        let expressions = expressions.in_scope(VariableScope::Response);
        expressions.mapping("unless", literal, Form::Value, findings)
    });
    options.add(Invalidates {
        fields: names
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect(),
        unless,
    });
}

/// Checks that the directive is beside the connect of a mutation or a subscription, and names fields and types that are fetched.
fn check(declarations: &Declarations<'_>, findings: &mut Findings) {
    let mutation = declarations.schema.schema_definition.mutation.as_ref();
    let mut push = |location: Option<SourceSpan>, message: String, help: &str| {
        findings.push(
            findings
                .error(&code::INVALID_INVALIDATES, message)
                .at(findings.span(location))
                .help(help),
        );
    };
    for invalidates in declarations.uses(DIRECTIVE.name) {
        let directive = invalidates.directive;
        let is_mutation = mutation.is_some_and(|root| root.name == invalidates.object.name);
        let is_subscription = invalidates.is_on_subscription(declarations);
        if !(is_mutation || is_subscription) || !invalidates.is_beside_fetch(declarations) {
            let message = "`@invalidates` elsewhere than beside a mutation's `@connect`";
            let help =
                "put it on the field of the mutation or the subscription that changes something";
            push(directive.location(), message.to_owned(), help);
            continue;
        }
        let names = directive.specified_argument_by_name("fields");
        for value in names.and_then(|names| names.as_list()).unwrap_or_default() {
            let name = value.as_str().unwrap_or_default();
            if !is_fetched(name, declarations) {
                let message = format!("nothing is fetched for `{name}`");
                let help = "name fields of this folder with a `@connect` as `Type.field`, and types with one as `Type`";
                push(value.location(), message, help);
            }
        }
    }
}

/// Whether `Type.field` or `Type` has a directive that fetches.
fn is_fetched(name: &str, declarations: &Declarations<'_>) -> bool {
    let (ty, field) = match name.split_once('.') {
        Some((ty, field)) => (ty, Some(field)),
        None => (name, None),
    };
    match (Name::new(ty), field.map(Name::new)) {
        (Ok(ty), None) => declarations.is_type_fetched(&ty),
        (Ok(ty), Some(Ok(field))) => declarations.is_fetched(&ty, &field),
        _ => false,
    }
}
