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

    /// The HTTP status of a response with this code, whatever media type the client accepts; `None` if the code does not decide it.
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
    WEBSOCKET_HANDSHAKE 400: "the request is no valid handshake of a WebSocket", "use a library for WebSockets; a proxy in between must pass the headers `Upgrade`, `Connection` and `Sec-WebSocket-*` on";
    ORIGIN_NOT_ALLOWED 403: "a page of this origin may not open a WebSocket", "add the origin to `cors.origins` or `streaming.origins`";
    STREAM_NOT_FOUND 404: "there is no event stream with this token, or its time is over", "reserve a stream by PUT, and open it at once";
    STREAM_CONFLICT 409: "the event stream with this token is open already, or runs an operation with this id", "use one stream per token, and one id per operation";
    NOT_FOUND 404: "there is nothing at this path, or no named operation with this name", "use `/graphql`, or an operation that `/operations` lists";
    METHOD_NOT_ALLOWED 405: "the path does not allow the method, or the request is a mutation over GET, or has an argument with `@confidential` over GET", "use a method in the header `Allow`; send mutations and what must not be in a URL by POST";
    NOT_ACCEPTABLE 406: "the client accepts no media type of GraphQL responses", "accept `application/graphql-response+json` or `application/json`, or `text/event-stream` or `multipart/mixed` for responses that stream";
    REQUEST_TIMEOUT 408: "the body did not arrive in time", "send the body faster";
    REQUEST_TOO_LARGE 413: "the body is longer than `limits.body_bytes`", "send a shorter body";
    URI_TOO_LONG 414: "the path and query are longer than `limits.uri_bytes`", "send the request by POST";
    UNSUPPORTED_MEDIA_TYPE 415: "the body is not declared as JSON, or is compressed in an unknown way, or more than once", "send `Content-Type: application/json`; compress with zstd, brotli, gzip or deflate, or not at all";
    HEADERS_TOO_LARGE 431: "the headers are longer than `limits.head_bytes`", "send fewer or shorter headers";
    INTERNAL 500: "an internal error of the gateway while it read the request or wrote the response", "report it to the gateway's operator";
    OPERATION_NOT_SERVED 503: "the named operation is not valid for the schema as it is now, or its file has an error", "report the message to the gateway's operator";
    UPLOAD_NEEDS_PREFLIGHT 400: "a multipart request has none of the headers that a page of another origin cannot send without a CORS preflight", "send the header `Apollo-Require-Preflight: true`";
    UPLOAD_BATCH 400: "a multipart request has several operations", "send one operation in a request with files";
    UPLOAD_MAP 400: "`map` is not an object of lists of paths, or a path leads to no variable, or to one that is not null", "correct `map`; the variables have null where files stand";
    WEBHOOK_REFUSED 401: "a request to `/hooks` has no valid signature or token", "sign it as `webhook_proof` of the connector says";
    FILE_NOT_FOUND 404: "the URL of a file is not one of this gateway, or the upstream has no such file", "request the field again for a new URL";
    FILE_EXPIRED 410: "the time of the URL of a file is over", "request the field again for a new URL";
    RANGE_NOT_SATISFIABLE 416: "the range begins beyond the end of the file", "request a range within the length in `Content-Range`";
    FILE_UPSTREAM_FAILED 502: "the upstream does not send the file", "try again later";
    FILE_TOO_LARGE 502: "the file is longer than `files.download_bytes`", "report it to the gateway's operator";
    FILE_UPSTREAM_TIMEOUT 504: "the upstream does not send the file in time", "try again later";
    STREAM_SLOW: "the client did not take the events of a subscription in time: more than `streaming.queue` waited", "read faster, or subscribe to less; subscribe again";
    STREAM_ENDED: "the stream has reached its lifetime (`streaming.lifetime`), or the gateway stops", "send the operation again";
    OVERLOADED 503: "the gateway has no capacity for one more request", "repeat the request after `Retry-After`";

    // An operation that is refused; with INVALID_VARIABLES and LIMIT_EXCEEDED, possibly only some of its fields.
    GRAPHQL_PARSE_FAILED: "the operation text is not GraphQL", "correct the text";
    GRAPHQL_VALIDATION_FAILED: "the operation is not valid for the schema", "correct the operation";
    OPERATION_RESOLUTION_FAILURE: "the operation text has no operation with this name, or has several and the request names none", "correct `operationName`";
    INVALID_VARIABLES: "a variable's value does not fit its type, or is null in a non-null position", "correct the variables";
    INVALID_ARGUMENT: "the value of an argument is not one that its connector allows (`@constraint`), or does not have the form of its scalar, or the upstream refuses the input (`@clientErrors`)", "correct the value: the message, or the description of the argument, says which are allowed";
    LIMIT_EXCEEDED: "the operation or its execution exceeds a limit of the gateway", "request less";
    PLAN_TOO_COMPLEX: "planning the operation takes more steps than `limits.plan_steps`", "request less, or split the operation";
    UNSATISFIABLE: "the planner found no way to a field, although composition has checked that there is one", "report it to the gateway's operator";
    COST_LIMIT_EXCEEDED: "the operation's estimated cost is above `cost.max`", "request fewer items, or nest fewer lists";
    SLICING_ARGUMENT_REQUIRED: "a list needs exactly one of its slicing arguments", "set one of them";
    UNAUTHENTICATED: "the field requires authentication", "omit the field: authentication is not supported yet";
    INTROSPECTION_DISABLED: "introspection is switched off", "use the published schema";
    NOT_SUPPORTED: "the operation is a subscription, and the transport of the request has one response", "subscribe over a WebSocket, SSE or multipart";
    SUBSCRIPTION_WITHOUT_SOURCE: "the settings of the connector do not let its upstream send events", "report the message to the gateway's operator";
    SUBSCRIPTION_SCHEMA_RELOAD: "a subscription ends, because the graph has changed", "subscribe again";
    SUBSCRIPTION_EVENTS_LOST: "a subscription ends, because its events came faster than the client has read them", "subscribe again, and request the current state";

    // A reference to an operation text (persisted operations).
    PERSISTED_QUERY_NOT_FOUND 200: "the gateway has no operation text with this hash or id", "send the text with the hash, as clients with automatic persisted queries do by themselves; for an id, deploy the manifest of the app";
    PERSISTED_QUERY_NOT_SUPPORTED 200: "the gateway does not register operation texts by their hashes (`persisted.automatic`)", "send the text without a hash, as clients with automatic persisted queries do by themselves";
    PERSISTED_QUERY_MISMATCH 400: "the hash or id and the operation text of the request do not belong together", "hash the text that is sent, in UTF-8 with SHA-256";
    QUERY_NOT_IN_SAFELIST: "the gateway executes trusted documents only (`persisted.only`), and the operation is none of them", "deploy the manifest of the app, then send the id or the text of one of its operations";

    // A file that is not passed on.
    UPLOAD_BROKEN: "the body of a multipart request ends before the file does, or is malformed", "send the whole file; correct the client";
    UPLOAD_MISSING: "a multipart request has no part for a file that `map` names", "send a part for each file, under its name in `map`";
    UPLOAD_NOT_IN_MAP: "a multipart request has a part that `map` does not name, before a file that the operation uses", "name each part in `map`";
    UPLOAD_ORDER: "a file is used twice, or before one that is sent before it, or its length must be known, and `files.spool_bytes` has no room for it", "send the files in the order in which the operation uses them, and each once";
    UPLOAD_TOO_LARGE: "a file is longer than `files.upload_bytes`, or than the field allows (`@upload`)", "send a shorter file";
    UPLOAD_TYPE: "the content type of a file is not in `files.upload_types`, or not one that the field allows (`@upload`)", "send a file of another type";

    // A field that failed.
    HTTP_CLIENT_ERROR: "the upstream cannot be reached", "try again later";
    GATEWAY_TIMEOUT: "the upstream call or the operation timed out", "try again later, or request less";
    RESPONSE_LIMIT_EXCEEDED: "the upstream response is longer than `max_response_bytes`", "request less";
    REQUEST_LIMIT_EXCEEDED: "too many calls wait for the upstream, or all operations together have reached the memory limit", "try again later";
    CONNECTOR_REQUEST: "the upstream request cannot be rendered from the arguments and the parent's fields", "correct the arguments";
    CONNECTOR_FETCH: "the upstream responded with a failing status, or the connector's `isSuccess` is not true", "see the kind, and `http.status`";
    CONNECTOR_BAD_ANSWER: "the upstream response cannot be parsed, or is not a valid GraphQL response", "report it to the upstream's operator";
    CONNECTOR_ERROR: "the connector's mapping raised an error (`->withError`)", "show the message";
    LIST_CUT_OFF: "a list of pages was not read to its end (too many pages or items, or a cursor that repeats), and the connector does not accept a part of it", "request less";
    DOWNSTREAM_SERVICE_ERROR: "the GraphQL service reports an error for the field", "see the kind, and `http.status`";
    INVALID_VALUE: "the value does not fit the field's type, or is null where the type is not nullable", "report it to the upstream's operator";
    INTERNAL_SERVER_ERROR: "an internal error of the gateway while it executed the operation", "report it to the gateway's operator";
}
