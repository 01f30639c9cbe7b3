//! Introspection: resolves `__schema` and `__type` from the public schema, and `__service` from the [`capabilities`].
//!
//! `apollo-compiler` can resolve introspection, but it builds a tree of values without a size limit, and the type graph has
//! cycles: a few kilobytes of text can select gigabytes. So the work is bounded in three ways:
//! - validation limits the nesting of lists, by the static rule of graphql-js ([`operation`](crate::operation)),
//! - [`collect`] collects the selected fields once per request into a tree of at most `limits.fields` nodes, so that
//!   conditions and fragments are not evaluated again for each type,
//! - [`mod@write`] writes the values into a buffer that is charged to the operation's account and ends at
//!   `limits.answer_bytes`.
//!
//! This module does no IO. The caller chooses the thread: [`IntrospectionSelection::write_short`] stops early when the
//! values are not short, so it may run on a thread that serves; [`IntrospectionSelection::write`] belongs on a worker.

mod capabilities;
mod collect;
mod write;

use std::time::Instant;

use apollo_compiler::collections::HashMap;
use apollo_compiler::schema::Implementers;
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Schema};

pub(super) use self::collect::IntrospectionSelection;
use crate::budget::{Account, Exceeded};

/// The data that introspection reads.
#[derive(Debug)]
pub(super) struct Introspection {
    api: std::sync::Arc<Valid<Schema>>,
    implementers: HashMap<Name, Implementers>,
}

impl Introspection {
    pub(super) fn new(api: std::sync::Arc<Valid<Schema>>) -> Introspection {
        Introspection {
            implementers: api.implementers_map(),
            api,
        }
    }
}

/// Values of `__schema` and `__type` at the root.
#[derive(Debug)]
pub(super) struct IntrospectionValues {
    /// By response name, as JSON.
    pub(super) values: Vec<(String, Vec<u8>)>,
    /// The account that they are charged to while they are held.
    pub(super) account: Account,
}

/// Why writing stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopped {
    /// The values are longer than this many bytes.
    TooLong(usize),
    /// The account of the operation or the budget of the process is exceeded.
    Exceeded(Exceeded),
    /// The operation's deadline has passed.
    Late,
    /// No request waits for the values any more.
    Abandoned,
}

impl From<Exceeded> for Stopped {
    fn from(exceeded: Exceeded) -> Self {
        Stopped::Exceeded(exceeded)
    }
}

/// The limits of writing.
pub(super) struct WriteLimits<'b> {
    /// Bytes of all values together.
    pub(super) bytes: usize,
    /// The operation's deadline.
    pub(super) deadline: Instant,
    /// Whether a request still waits for the values.
    pub(super) is_awaited: &'b dyn Fn() -> bool,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
