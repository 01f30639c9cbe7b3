//! The vocabulary of `extensions.sangam.kind`.

/// What kind of failure an error is, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The upstream says that there is no such thing.
    NotFound,
    /// The upstream refuses this client or the gateway.
    Denied,
    /// Too many requests, there or here.
    Busy,
    /// No answer in time.
    Timeout,
    /// No connection.
    Unreachable,
    /// An answer that cannot be read, or not as the schema says.
    BadAnswer,
    /// The upstream reports a failure of its own.
    Upstream,
    /// A limit of the gateway.
    Limit,
    /// The upstream calls the request invalid, or it could not be made.
    Invalid,
    /// A fault of the gateway.
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

    /// What it means, and what a client can do: a row of `docs/errors.md`.
    pub(super) fn described(self) -> [&'static str; 2] {
        match self {
            ErrorKind::NotFound => [
                "the upstream says that there is no such thing (404, 410)",
                "say so",
            ],
            ErrorKind::Denied => [
                "the upstream refuses the client or the gateway (401, 403), or the field demands a signed-in client",
                "sign in, or ask for access",
            ],
            ErrorKind::Busy => [
                "too many requests, at the upstream (429, 503) or waiting in the gateway",
                "try again later, after `retryAfter` where it is given",
            ],
            ErrorKind::Timeout => [
                "no answer in time (408, 504, or the gateway's own limit)",
                "try again later",
            ],
            ErrorKind::Unreachable => [
                "no connection, or a proxy in between has none (502)",
                "try again later",
            ],
            ErrorKind::BadAnswer => [
                "an answer that cannot be read, or not as the schema says",
                "report it to the upstream's operator",
            ],
            ErrorKind::Upstream => [
                "the upstream reports a failure of its own",
                "show the message",
            ],
            ErrorKind::Limit => [
                "a limit of the gateway; `docs/configuration.md` lists them",
                "ask for less",
            ],
            ErrorKind::Invalid => [
                "the request is wrong, or the upstream calls it so (other 4xx)",
                "correct the request",
            ],
            ErrorKind::Internal => [
                "a fault of the gateway",
                "report it to the gateway's operator",
            ],
        }
    }
}
