//! The table of `extensions.code`: a constant for each code.

use std::fmt;

/// A code that clients can see. Only this module makes one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ErrorCode(&'static Row);

#[derive(PartialEq, Eq)]
struct Row {
    name: &'static str,
    meaning: &'static str,
    status: Option<u16>,
    advice: &'static str,
}

impl ErrorCode {
    /// The text in the `extensions` of an error.
    pub fn as_str(self) -> &'static str {
        self.0.name
    }

    /// What happened.
    pub fn meaning(self) -> &'static str {
        self.0.meaning
    }

    /// The HTTP status of an answer with this code, whatever the client accepts; `None` if the code decides none.
    pub fn status(self) -> Option<u16> {
        self.0.status
    }

    /// What the client can do.
    pub fn advice(self) -> &'static str {
        self.0.advice
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

macro_rules! status {
    () => {
        None
    };
    ($status:literal) => {
        Some($status)
    };
}

/// Declares the codes: `NAME status: "what happened", "what the client can do";`.
macro_rules! error_codes {
    ($($name:ident $($status:literal)?: $meaning:literal, $advice:literal;)*) => {
        $(
            #[doc = concat!("`", stringify!($name), "`: ", $meaning, ".")]
            pub const $name: ErrorCode = ErrorCode(&Row {
                name: stringify!($name),
                meaning: $meaning,
                status: status!($($status)?),
                advice: $advice,
            });
        )*

        impl ErrorCode {
            /// All codes, in the order of `docs/errors.md`.
            pub const ALL: &[ErrorCode] = &[$($name),*];
        }
    };
}

error_codes! {
    // The request as HTTP.
    BAD_REQUEST 400: "the body or the parameters are not a GraphQL request", "correct the request";
    NOT_FOUND 404: "there is nothing at this path", "use `/graphql`";
    METHOD_NOT_ALLOWED 405: "another method than those of the path, or a mutation over GET", "use a method of the header `Allow`; send mutations by POST";
    NOT_ACCEPTABLE 406: "the client accepts none of the forms in which answers are written", "accept `application/graphql-response+json` or `application/json`";
    REQUEST_TIMEOUT 408: "the body did not arrive in time", "send it faster";
    REQUEST_TOO_LARGE 413: "the body is longer than `limits.body_bytes`", "send a shorter one";
    URI_TOO_LONG 414: "the path and query are longer than `limits.uri_bytes`", "send the request by POST";
    UNSUPPORTED_MEDIA_TYPE 415: "the body is not declared as JSON", "send `Content-Type: application/json`";
    HEADERS_TOO_LARGE 431: "the headers are longer than `limits.head_bytes`", "send fewer or shorter ones";
    INTERNAL 500: "a fault of the gateway while it read the request or wrote the answer", "report it to the gateway's operator";
    OVERLOADED 503: "the gateway has no capacity for one more request", "send it again after `Retry-After`";

    // An operation that is refused, or in the case of INVALID_VARIABLES and LIMIT_EXCEEDED a part of it.
    GRAPHQL_PARSE_FAILED: "the document is not GraphQL", "correct it";
    GRAPHQL_VALIDATION_FAILED: "the operation does not fit the schema", "correct it";
    OPERATION_RESOLUTION_FAILURE: "the document has no operation of this name, or several and no name is given", "correct `operationName`";
    INVALID_VARIABLES: "a variable's value does not fit its type, or is null where the operation must not have null", "correct the variables";
    LIMIT_EXCEEDED: "the operation, or what it needs while it is executed, exceeds a limit of the gateway", "ask for less";
    PLAN_TOO_COMPLEX: "planning the operation takes more steps than `limits.plan_steps`", "ask for less, or in several operations";
    UNSATISFIABLE: "no way leads to a field, although composition has found one", "report it to the gateway's operator";
    COST_LIMIT_EXCEEDED: "the operation's estimated cost is above `cost.max`", "ask for fewer items, or nest fewer lists";
    SLICING_ARGUMENT_REQUIRED: "a list needs exactly one of its slicing arguments", "give that argument";
    UNAUTHENTICATED: "a field is for signed-in clients", "leave the field out: signing in is not supported yet";
    INTROSPECTION_DISABLED: "the gateway does not describe its schema here", "use the published schema";
    NOT_SUPPORTED: "the operation is a subscription", "ask by a query";

    // A field that failed.
    HTTP_CLIENT_ERROR: "the upstream cannot be reached", "try again later";
    GATEWAY_TIMEOUT: "the upstream or the operation was not done in time", "try again later, or ask for less";
    RESPONSE_LIMIT_EXCEEDED: "the upstream's answer is longer than `max_response_bytes`", "ask for less";
    REQUEST_LIMIT_EXCEEDED: "too many calls wait for the upstream, or operations hold all memory that they may", "try again later";
    CONNECTOR_REQUEST: "the request to the upstream cannot be made from the arguments and the parent's fields", "correct the arguments";
    CONNECTOR_FETCH: "the upstream answered with a failing status, or with what the connector's `isSuccess` calls a failure", "see the kind, and `http.status`";
    CONNECTOR_BAD_ANSWER: "the upstream's answer cannot be read, or lacks what a GraphQL service must give", "report it to the upstream's operator";
    CONNECTOR_ERROR: "the connector's mapping raised an error (`->withError`)", "show the message";
    LIST_CUT_OFF: "a list of pages was not read to its end (too many pages or items, or a cursor that repeats), and the connector accepts no part of it", "ask for less";
    DOWNSTREAM_SERVICE_ERROR: "the GraphQL service reports an error for the field", "see the kind, and `http.status`";
    INVALID_VALUE: "the value does not fit the field's type, or is null where the type is not nullable", "report it to the upstream's operator";
    INTERNAL_SERVER_ERROR: "a fault of the gateway while it executed the operation", "report it to the gateway's operator";
}
