//! `@poll`: an upstream that is asked at intervals feeds a subscription.

use std::time::Duration;

use apollo_compiler::Node;
use apollo_compiler::ast::Directive;

use super::connection::Connection;
use super::definition::{Role, SupportedDirective};
use super::paginate::Pagination;
use crate::connector::connect_options::{ConnectOption, ConnectOptions};
use crate::connector::declared::{Declarations, DirectiveUse};
use crate::connector::diagnostic::code;
use crate::connector::expression::Expressions;
use crate::connector::findings::Findings;

pub(super) static DIRECTIVE: SupportedDirective = SupportedDirective {
    name: NAME,
    since: (0, 1),
    sdl: SDL,
    types: &[],
    additions: &[],
    role: Role::ConnectOption(read),
    check,
};

/// The name of the directive in normalised schemas.
pub(crate) const NAME: &str = "poll";

const SDL: &str = r#"
"""
Makes a subscription of an upstream that has none: the gateway asks it at intervals, and pushes what has changed.

The directive is written on a field of `Subscription`, beside its `@connect`.

    type Subscription {
      openCount(districtLgdCode: ID!): Int
        @connect(source: "desk", http: { GET: "/count", queryParams: "district: $args.districtLgdCode" }, selection: "$.open")
        @poll(every: 10)
    }

A subscriber gets the value as it is, and then each new one. A value is new if what the `selection` yields of the response is not
what it yielded before, whichever fields a client selects of it; what the `selection` does not read does not count. A subscriber
that does not read in time gets the latest value.

- Subscribers whose requests would be the same share one poll, however many they are. Nothing is asked when there is no subscriber.
- A poll is a call like any other: it waits for the connector's `concurrency`, and has its `timeout`.
- If the upstream fails, subscribers get one event with the error. It is asked at longer and longer intervals, of up to five
  minutes, and not before its `Retry-After`. When it responds again, they get the value.
- Fields of other connectors are joined into each event, through the caches. Nothing of this connector is invalidated by a new
  value, unless [`@invalidates`](#invalidates) says so.

`poll_every` in the connector's settings replaces the interval.
"""
directive @poll(
  "Seconds from one request to the next; at least 1."
  every: Int!
) on FIELD_DEFINITION
"#;

/// `@poll`: the upstream is asked at intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Poll {
    /// `every`, not zero.
    pub every: Duration,
}

impl ConnectOption for Poll {}

fn read(
    directive: &Node<Directive>,
    options: &mut ConnectOptions,
    _: &mut Expressions,
    _: &mut Findings,
) {
    let seconds = seconds(directive).and_then(|seconds| u64::try_from(seconds).ok());
    if let Some(seconds) = seconds.filter(|seconds| *seconds > 0) {
        let every = Duration::from_secs(seconds);
        options.add(Poll { every });
    }
}

fn seconds(directive: &Directive) -> Option<i32> {
    directive.specified_argument_by_name("every")?.to_i32()
}

/// Checks that the directive is beside a request of a subscription, and has an interval.
fn check(declarations: &Declarations<'_>, findings: &mut Findings) {
    for poll in declarations.uses(NAME) {
        let directive = poll.directive;
        let mut refuse = |message: &str, help: &str| {
            let error = findings.error(&code::INVALID_POLL, message);
            let error = error.at(findings.span(directive.location()));
            findings.push(error.help(help));
        };
        if !poll.is_on_subscription(declarations) || !poll.is_beside_fetch(declarations) {
            refuse(
                "`@poll` elsewhere than beside the `@connect` of a subscription",
                "put it on a field of `Subscription` that has a `@connect`",
            );
        } else if seconds(directive).is_some_and(|seconds| seconds < 1) {
            refuse(
                "`every` of `@poll` is at least 1",
                "it is the number of seconds from one request to the next",
            );
        } else if !has_request(&poll, declarations) {
            refuse(
                "`@poll` beside a `@connect` without `http`",
                "there is nothing to ask: give the `@connect` a request",
            );
        } else if has_pages(&poll, declarations) {
            refuse(
                "`@poll` beside `@paginate`",
                "one request is compared with the next: leave `@paginate` out, or ask for a summary",
            );
        }
    }
}

/// Whether every connect beside the directive has a request.
fn has_request(poll: &DirectiveUse<'_>, declarations: &Declarations<'_>) -> bool {
    let mut connects = poll.connects(declarations);
    connects.all(|declared| {
        let http = declared.directive.specified_argument_by_name("http");
        http.is_some()
    })
}

fn has_pages(poll: &DirectiveUse<'_>, declarations: &Declarations<'_>) -> bool {
    let mut connects = poll.connects(declarations);
    connects.any(|declared| {
        let options = &declared.options;
        options.get::<Pagination>().is_some() || options.get::<Connection>().is_some()
    })
}
