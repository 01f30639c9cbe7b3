//! `__schema` and `__type`: answered from the schema that clients see.
//!
//! `apollo-compiler` can do so too, but it gives a tree of values whose size nothing bounds, and a few kilobytes of text
//! can ask for a great deal: the graph of types has cycles. So the work is bounded three times. The static rule of
//! graphql-js bounds how often lists of types may be nested ([`depth`]); what is asked is collected once per request
//! into a tree that is no larger than `limits.fields` ([`collect`]), so that conditions and fragments are not looked at
//! again for each type; and the values are written straight into a buffer that is charged to the operation's account
//! and ends at `limits.answer_bytes` ([`mod@write`]).
//!
//! Pure. Where the work is done is the caller's business: [`IntrospectionSelection::write_short`] ends early where the values are not
//! short, and may be used on a thread that serves.

mod collect;
mod depth;
mod write;

use std::time::Instant;

use apollo_compiler::Name;
use apollo_compiler::Schema;
use apollo_compiler::collections::HashMap;
use apollo_compiler::schema::Implementers;
use apollo_compiler::validation::Valid;

pub(super) use self::collect::IntrospectionSelection;
pub(super) use self::depth::check as check_depth;
use crate::budget::Account;
use crate::budget::Exceeded;

/// The schema, as far as introspection reads it.
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
    /// What they are charged to, for as long as they are held.
    pub(super) account: Account,
}

/// Why values are not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopped {
    /// They would be longer than this, in bytes.
    TooLong(usize),
    /// The operation's account, or the budget, does not allow it.
    Exceeded(Exceeded),
    /// The operation's time is over.
    Late,
    /// No request waits for them any more.
    Abandoned,
}

impl From<Exceeded> for Stopped {
    fn from(exceeded: Exceeded) -> Self {
        Stopped::Exceeded(exceeded)
    }
}

/// What ends the writing of values.
pub(super) struct WriteLimits<'b> {
    /// Bytes of all values together.
    pub(super) bytes: usize,
    /// When the operation's time is over.
    pub(super) deadline: Instant,
    /// Whether anyone waits for them.
    pub(super) is_awaited: &'b dyn Fn() -> bool,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
