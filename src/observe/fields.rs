//! The fields that a log line may have, and the attributes of exported spans.
//!
//! These are allow-lists: a field is written only if its table has the name. Values of variables, bodies, headers and
//! URLs have no field, so they cannot be logged by accident.

/// A field, and what it may hold.
#[derive(Debug, Clone, Copy)]
pub struct LogField {
    /// Its name.
    pub name: &'static str,
    /// What it may hold.
    pub about: &'static str,
}

/// Every field, sorted by name.
pub const FIELDS: &[LogField] = &[
    field("address", "an address on which the gateway listens"),
    field(
        "backtrace",
        "where a panic came from, if `RUST_BACKTRACE` asks for it",
    ),
    field("bytes", "the length of a body"),
    field("cache", "the result of a cache lookup: hit, miss, …"),
    field(
        "code",
        "the code of a finding: INVALID_MAPPING, …; of a refused HTTP request: REQUEST_TOO_LARGE, …",
    ),
    field("column", "a column of `line`, in characters"),
    field("commit", "the commit from which the gateway was built"),
    field("connector", "a connector's name"),
    field("connectors", "the names of the connectors that are served"),
    field(
        "coordinate",
        "which connect or GraphQL service: `dggi:Query.scores[0]`",
    ),
    field("cost", "what an operation is estimated to cost"),
    field("count", "a number of things"),
    field("document_bytes", "the bound of the cache of documents"),
    field("documents", "the number of trusted documents"),
    field(
        "error",
        "the cause of a failure, from the gateway or a library; may name hosts and ports",
    ),
    field("fields", "the number of fields of the public schema"),
    field(
        "file",
        "a path of the settings, of a connector or of a named operation, or one that they name",
    ),
    field(
        "hash",
        "the signature of an operation: the same for requests that differ only in values",
    ),
    field("help", "how to correct an error"),
    field("id", "the id of a trusted document"),
    field(
        "kind",
        "the kind of an error: NOT_FOUND, TIMEOUT, …; CANCELLED for a call whose client has left",
    ),
    field("limit", "the setting whose limit was exceeded"),
    field("line", "a line of `file`"),
    field("message", "a fixed text"),
    field("method", "a request's method"),
    field("ms", "a duration in milliseconds"),
    field(
        "operation",
        "the name of an operation, as the client gives it, at most 64 bytes",
    ),
    field(
        "operation_bytes",
        "the bytes that running operations may hold together",
    ),
    field("operations", "the number of named operations"),
    field(
        "outcome",
        "executed, refused, …; of a reload: changed, added, removed",
    ),
    field("path", "the path of one of the gateway's endpoints"),
    field("payloads", "the number of payloads that a stream has had"),
    field(
        "plan_bytes",
        "the bound of the cache of compiled operations",
    ),
    field("problems", "the number of connectors with problems"),
    field("ratio", "the share of requests that are traced"),
    field(
        "reason",
        "why a stream has ended: complete, client, slow, gone, lifetime, stop, protocol, failed",
    ),
    field(
        "request_id",
        "the id of a request, also in the response's `x-request-id`",
    ),
    field(
        "requests",
        "the number of requests that are executed at a time",
    ),
    field("response_bytes", "the bound of the cache of responses"),
    field(
        "services",
        "how many of the connectors are GraphQL services",
    ),
    field("status", "an HTTP status"),
    field(
        "suppressed",
        "how many lines of this kind were suppressed since the last one (`log.lines_per_second`)",
    ),
    field("trace_id", "identifies the trace"),
    field(
        "transport",
        "how a stream reached its client: sse, multipart, websocket",
    ),
    field("types", "the number of types of the public schema"),
    field("version", "the gateway's version"),
];

/// Every attribute of a span, sorted by name. Those that do not begin with `sangam.` have the names and the types of
/// OpenTelemetry's semantic conventions.
pub const ATTRIBUTES: &[LogField] = &[
    field(
        "error.type",
        "why it failed: the kind of an error (TIMEOUT, …), or an HTTP status; CANCELLED for a call whose client has left",
    ),
    field(
        "graphql.operation.name",
        "the name of the operation, at most 64 bytes",
    ),
    field("graphql.operation.type", "query or mutation"),
    field("http.request.method", "the method"),
    field(
        "http.request.resend_count",
        "how often the request had been sent before (integer); absent at the first time",
    ),
    field(
        "http.response.status_code",
        "the status of the response (integer)",
    ),
    field("http.route", "`/graphql`"),
    field("network.protocol.version", "1.1, 2"),
    field("otel.kind", "the kind of the span"),
    field("otel.name", "the name of the span"),
    field("otel.status_code", "the status of the span"),
    field("sangam.bytes", "the length of the document (integer)"),
    field(
        "sangam.cache",
        "where the document came from: hit, miss, shared, bypass",
    ),
    field("sangam.connector", "the connector"),
    field(
        "sangam.coordinate",
        "which connect or GraphQL service: `dggi:Query.scores[0]`",
    ),
    field(
        "sangam.has_errors",
        "whether the response has `errors` (boolean)",
    ),
    field(
        "sangam.operation.hash",
        "the signature of the operation, as in logs and metrics",
    ),
    field("sangam.request_id", "the id of the request"),
    field("server.address", "the host of the upstream"),
    field("server.port", "its port (integer)"),
    field(
        "url.full",
        "the address of the upstream without credentials, and with `REDACTED` in place of what a request computes",
    ),
    field("url.path", "`/graphql`"),
    field("url.scheme", "http or https"),
];

const fn field(name: &'static str, about: &'static str) -> LogField {
    LogField { name, about }
}

/// Whether a log line may have a field.
pub fn is_allowed(name: &str) -> bool {
    has(FIELDS, name)
}

/// Whether a span may have an attribute.
pub fn is_attribute(name: &str) -> bool {
    has(ATTRIBUTES, name)
}

fn has(table: &[LogField], name: &str) -> bool {
    table.binary_search_by(|field| field.name.cmp(name)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        for table in [FIELDS, ATTRIBUTES] {
            assert!(table.windows(2).all(|pair| pair[0].name < pair[1].name));
        }
        assert!(is_allowed("connector") && !is_allowed("authorization"));
    }
}
