//! Events of subscriptions. A subscription is the same plan as a query, and its first fetch is seeded by an event: the document
//! that the upstream sent, or the one that a poll has fetched.

use crate::cache::Fetched;
use crate::source::SourceError;

/// What happened at the source of a subscription.
#[derive(Debug, Clone)]
pub enum Event {
    /// The upstream sent this document, or a poll has fetched it.
    Document(Fetched),
    /// The upstream gave none.
    Failed(SourceError),
}
