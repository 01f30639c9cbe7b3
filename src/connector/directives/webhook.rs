//! `@webhook`: what an upstream sends to the gateway feeds a subscription.

use std::sync::Arc;

use apollo_compiler::Node;
use apollo_compiler::ast::Directive;

use super::definition::{Role, SupportedDirective};
use super::poll::NAME as POLL;
use super::types;
use crate::connector::connect_options::{ConnectOption, ConnectOptions};
use crate::connector::declared::Declarations;
use crate::connector::diagnostic::code;
use crate::connector::expression::{Expressions, Form, VariableScope};
use crate::connector::findings::Findings;
use crate::mapping::Selection;

pub(super) static DIRECTIVE: SupportedDirective = SupportedDirective {
    name: NAME,
    since: (0, 1),
    sdl: SDL,
    types: &[&types::JSON_SELECTION],
    additions: &[],
    role: Role::ConnectOption(read),
    check,
};

/// The name of the directive in normalised schemas.
pub(crate) const NAME: &str = "webhook";

const SDL: &str = r#"
"""
Makes a subscription of what an upstream sends to the gateway: `POST /hooks/<connector>` with a JSON body.

The directive is written on a field of `Subscription`, beside a `@connect` without `http`, whose `selection` maps the body.

    type Subscription {
      applicationChanged(reference: ID!): Application
        @connect(selection: "$.application { reference: ref status }")
        @webhook(event: "$.type->eq('application.moved')", filter: "$.application.ref->eq($args.reference)")
        @invalidates(fields: ["Query.application"])
    }

`event` says which requests are events of the field, whatever its arguments; without it, all are. `filter` says which subscribers
get an event, by the arguments that they have given; without it, all do. In both and in the `selection`, `$` is the body, and
`$response.headers` has the headers of the request.

An event first invalidates cached responses, so that what is requested afterwards shows the change: those that `@invalidates` names,
or without it all of the connector. Then subscribers get it; fields of other connectors are joined into it, through the caches.

Only requests that are signed, or have a token, are accepted: `[connector.<name>.webhook]` of the settings says how. Without that
section, `/hooks/<connector>` is not there.
"""
directive @webhook(
  "Yields `true` if a request is an event of this field. It may not read `$args` and `$request`."
  event: JSONSelection

  "Yields `true` if a subscriber gets the event. It may read `$args`."
  filter: JSONSelection
) on FIELD_DEFINITION
"#;

/// `@webhook`: the upstream sends events.
#[derive(Debug, Clone, Default)]
pub struct Webhook {
    /// Yields `true` for a body that is an event of the field.
    pub event: Option<Arc<Selection>>,
    /// Yields `true` for an event that a subscriber gets.
    pub filter: Option<Arc<Selection>>,
}

impl ConnectOption for Webhook {}

fn read(
    directive: &Node<Directive>,
    options: &mut ConnectOptions,
    expressions: &mut Expressions,
    findings: &mut Findings,
) {
    let expressions = expressions.in_scope(VariableScope::Response);
    let mut mapping = |name: &'static str| {
        let literal = directive.specified_argument_by_name(name)?;
        let literal = Some(literal).filter(|literal| !literal.is_null())?;
        expressions.mapping(name, literal, Form::Value, findings)
    };
    options.add(Webhook {
        event: mapping("event"),
        filter: mapping("filter"),
    });
}

/// Checks that the directive is beside a mapping of a subscription, and that `event` does not depend on a subscriber.
fn check(declarations: &Declarations<'_>, findings: &mut Findings) {
    for webhook in declarations.uses(NAME) {
        let directive = webhook.directive;
        let mut refuse = |message: &str, help: &str| {
            let error = findings.error(&code::INVALID_WEBHOOK, message);
            let error = error.at(findings.span(directive.location()));
            findings.push(error.help(help));
        };
        if !webhook.is_on_subscription(declarations) || !webhook.is_beside_fetch(declarations) {
            refuse(
                "`@webhook` elsewhere than beside the `@connect` of a subscription",
                "put it on a field of `Subscription` that has a `@connect`",
            );
            continue;
        }
        let has_poll = webhook
            .field
            .is_some_and(|field| field.directives.has(POLL));
        if has_poll {
            refuse(
                "`@webhook` and `@poll` on one field",
                "write two fields: the events of one have one source",
            );
        }
        let mut connects = webhook.connects(declarations);
        let requests = connects.any(|declared| {
            let http = declared.directive.specified_argument_by_name("http");
            http.is_some()
        });
        if requests {
            refuse(
                "`@webhook` beside a `@connect` with `http`",
                "leave `http` out: the body of the webhook is what `selection` maps",
            );
        }
        let depends = webhook.connects(declarations).any(|declared| {
            let mut expressions = declared.expressions.iter();
            let event = expressions.find(|expression| expression.text.argument == "event");
            let reads = |name| event.is_some_and(|event| event.reads(name).next().is_some());
            reads("$args") || reads("$request")
        });
        if depends {
            refuse(
                "`event` of `@webhook` reads `$args` or `$request`",
                "it is the same for all subscribers: read what differs in `filter`",
            );
        }
    }
}
