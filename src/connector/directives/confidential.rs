//! `@confidential`: an argument whose value must not be in a URL.

use apollo_compiler::ast::InputValueDefinition;

use super::definition::{Role, SupportedDirective, unchecked};

pub(super) static DIRECTIVE: SupportedDirective = SupportedDirective {
    name: NAME,
    since: (0, 1),
    sdl: SDL,
    types: &[],
    additions: &[],
    role: Role::Hint,
    check: unchecked,
};

/// The name of the directive in normalised schemas.
const NAME: &str = "confidential";

const SDL: &str = r#"
"""
The value of the argument must not be in a URL: it opens what only one person may see, or says who that is.

URLs are kept in the logs of servers and proxies, in the history of browsers, and are sent on as `Referer`. So an operation that has
the argument is executed by `POST` (and over a WebSocket) only. By `GET` and `HEAD` it is refused with the code
`METHOD_NOT_ALLOWED` (405), as a mutation is: also if the request has the hash of the operation instead of its text, if
the value is in the text, and if the response is an event stream. A named operation with the argument is sent by `POST` alone,
without the line `POST only` in its comment. The description of the argument in the public schema says so.

    type Query {
      parcel("The number that was sent to the recipient." trackingNumber: ID! @confidential): Parcel
        @cacheControl(maxAge: 0, scope: PRIVATE)
        @connect(
          source: "post"
          http: { POST: "/track", body: "number: $args.trackingNumber" }
          selection: "status"
        )
    }

On a field of an input object, it is about all arguments whose type contains the field. If several connectors have the argument,
one of them is enough. The value is in no log: values of variables never are, and the gateway does not log URLs with their query.
Supergraph SDL has the description, but not the directive: it is enforced where connectors are composed.
"""
directive @confidential on ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION
"#;

/// Whether an argument or a field of an input object has the directive.
pub(crate) fn is_confidential(definition: &InputValueDefinition) -> bool {
    definition.directives.has(NAME)
}
