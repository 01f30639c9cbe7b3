//! What the gateway supports besides the specification, as `__service { capabilities }` shows it.

/// A capability.
#[derive(Debug)]
pub(super) struct Capability {
    /// Its name; those of the specification's proposals begin with `graphql.`.
    pub(super) identifier: &'static str,
    pub(super) description: &'static str,
    /// What it is set to, if it can be.
    pub(super) value: Option<&'static str>,
}

/// The capabilities, sorted by name.
pub(super) static CAPABILITIES: [Capability; 2] = [
    Capability {
        identifier: "graphql.defaultErrorBehavior",
        description: "What becomes of the response when a field fails and the request has no `onError`.",
        value: Some("PROPAGATE"),
    },
    Capability {
        identifier: "graphql.onError",
        description: "A request may have `onError`, with `NULL`, `PROPAGATE` or `HALT`.",
        value: None,
    },
];
