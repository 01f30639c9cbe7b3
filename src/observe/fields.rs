//! The fields that a log line or an exported span may have.
//!
//! This is an allow-list: a field is written only if the table has its name. Values of variables, bodies, headers and
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
    field("connector", "a connector's name"),
    field(
        "coordinate",
        "which connect or GraphQL service: `dggi:Query.scores[0]`",
    ),
    field("cost", "what an operation is estimated to cost"),
    field("count", "a number of things"),
    field(
        "error",
        "the cause of a failure, from the gateway or a library; may name hosts and ports",
    ),
    field("file", "a path of the settings or of a connector"),
    field(
        "hash",
        "the signature of an operation: the same for requests that differ only in values",
    ),
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
    field("otel.kind", "server or client"),
    field("otel.status_code", "OK or ERROR"),
    field(
        "outcome",
        "executed, refused, …; of a reload: changed, added, removed",
    ),
    field("path", "the path of one of the gateway's endpoints"),
    field(
        "request_id",
        "the id of a request, also in the response's `x-request-id`",
    ),
    field("status", "an HTTP status"),
    field(
        "suppressed",
        "how many lines of this kind were suppressed since the last one (`log.lines_per_second`)",
    ),
    field("trace_id", "identifies the trace"),
    field("version", "the gateway's version"),
];

const fn field(name: &'static str, about: &'static str) -> LogField {
    LogField { name, about }
}

/// Whether a field may be written.
pub fn is_allowed(name: &str) -> bool {
    FIELDS
        .binary_search_by(|field| field.name.cmp(name))
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(FIELDS.windows(2).all(|pair| pair[0].name < pair[1].name));
        assert!(is_allowed("connector") && !is_allowed("authorization"));
    }
}
