//! A response as it is stored.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::clock::Timestamp;
use super::entries::{ARC, Stored};
use super::payload::{Payload, PayloadMemo};
use super::provenance::Provenance;

/// A stored response.
pub struct StoredResponse {
    /// Its only payload.
    pub payload: Payload,
    /// Client request headers that it depends on, in lower case.
    pub vary: Arc<[String]>,
    /// The documents that it was made of.
    pub provenance: Provenance,
    /// When it was stored.
    pub stored_at: Timestamp,
}

impl fmt::Debug for StoredResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredResponse({} bytes)", self.payload.body.len())
    }
}

/// The weight of a response with this body.
pub(super) fn weight(body: &[u8]) -> usize {
    /// Of the entity tags.
    const TAGS: usize = 320;
    let memo = ARC + size_of::<PayloadMemo>() + TAGS;
    // The names in `vary` are shared by all responses of a plan. The compressed bodies have at most the length of the
    // body together.
    ARC + size_of::<StoredResponse>() + memo + 2 * body.len()
}

impl Stored for Arc<StoredResponse> {
    fn weight(&self) -> usize {
        weight(&self.payload.body)
    }

    fn useful_for(&self) -> Duration {
        self.provenance
            .fresh_for(self.stored_at)
            .unwrap_or_default()
    }

    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(self, other)
    }
}
