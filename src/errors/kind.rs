//! The vocabulary of `extensions.sangam.kind`.

/// What kind of failure an error is, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The upstream says that the object does not exist.
    NotFound,
    /// The upstream refuses this client or the gateway.
    Denied,
    /// Too many requests, at the upstream or in the gateway.
    Busy,
    /// No response in time.
    Timeout,
    /// No connection.
    Unreachable,
    /// A response that cannot be parsed, or a value that does not fit the schema.
    BadAnswer,
    /// The upstream reports an error.
    Upstream,
    /// A limit of the gateway.
    Limit,
    /// The upstream calls the request invalid, or it could not be rendered.
    Invalid,
    /// An internal error of the gateway.
    Internal,
}

impl ErrorKind {
    /// All of them, in the order of `docs/errors.md`.
    pub const ALL: [ErrorKind; 10] = [
        ErrorKind::NotFound,
        ErrorKind::Denied,
        ErrorKind::Busy,
        ErrorKind::Timeout,
        ErrorKind::Unreachable,
        ErrorKind::BadAnswer,
        ErrorKind::Upstream,
        ErrorKind::Limit,
        ErrorKind::Invalid,
        ErrorKind::Internal,
    ];

    /// The text in the `extensions` of an error.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorKind::NotFound => "NOT_FOUND",
            ErrorKind::Denied => "DENIED",
            ErrorKind::Busy => "BUSY",
            ErrorKind::Timeout => "TIMEOUT",
            ErrorKind::Unreachable => "UNREACHABLE",
            ErrorKind::BadAnswer => "BAD_ANSWER",
            ErrorKind::Upstream => "UPSTREAM",
            ErrorKind::Limit => "LIMIT",
            ErrorKind::Invalid => "INVALID",
            ErrorKind::Internal => "INTERNAL",
        }
    }

    /// Whether an upstream that responds so has failed. It has not if the object does not exist, or the request is
    /// invalid.
    pub fn is_upstream_failure(self) -> bool {
        !matches!(self, ErrorKind::NotFound | ErrorKind::Invalid)
    }

    /// What it means, and what a client can do: a row of `docs/errors.md`.
    pub(super) fn described(self) -> [&'static str; 2] {
        match self {
            ErrorKind::NotFound => [
                "the upstream says that the object does not exist (404, 410)",
                "say so",
            ],
            ErrorKind::Denied => [
                "the upstream refuses the client or the gateway (401, 403), or the field requires authentication",
                "sign in, or ask for access",
            ],
            ErrorKind::Busy => [
                "too many requests, at the upstream (429, 503) or waiting in the gateway",
                "try again later, after `retryAfter` seconds if given",
            ],
            ErrorKind::Timeout => [
                "no response in time (408, 504, or a timeout of the gateway)",
                "try again later",
            ],
            ErrorKind::Unreachable => [
                "no connection to the upstream, or a proxy has none (502)",
                "try again later",
            ],
            ErrorKind::BadAnswer => [
                "a response that cannot be parsed, or a value that does not fit the schema",
                "report it to the upstream's operator",
            ],
            ErrorKind::Upstream => ["the upstream reports an error", "show the message"],
            ErrorKind::Limit => [
                "a limit of the gateway was exceeded; `docs/configuration.md` lists the limits",
                "request less",
            ],
            ErrorKind::Invalid => [
                "the request is invalid, or the upstream says so (other 4xx)",
                "correct the request",
            ],
            ErrorKind::Internal => [
                "an internal error of the gateway",
                "report it to the gateway's operator",
            ],
        }
    }
}
