//! Where documents, responses, operation texts and epochs are stored: the memory of this process, or a system that several gateways
//! share.
//!
//! A backend stores and counts. Keys, lifetimes, single flight and the use of epochs are the caches' own, and the same
//! for every backend.

use std::fmt;
use std::sync::Arc;

use super::entries::Entries;
use super::entry::Document;
use super::epoch::Epochs;
use super::memory::{MemoryEntries, MemoryEpochs};
use super::stored_response::StoredResponse;

/// The storage of the caches.
pub trait Backend: fmt::Debug + Send + Sync {
    /// Storage of documents, of which at most about `max_bytes` are held in this process.
    fn documents(&self, max_bytes: u64) -> Arc<dyn Entries<Arc<Document>>>;

    /// Storage of responses, of which at most about `max_bytes` are held in this process.
    fn responses(&self, max_bytes: u64) -> Arc<dyn Entries<Arc<StoredResponse>>>;

    /// Storage of operation texts that clients have registered, of which at most about `max_bytes` are held in this process.
    fn texts(&self, max_bytes: u64) -> Arc<dyn Entries<Arc<str>>>;

    /// The epochs of all connectors.
    fn epochs(&self) -> Arc<dyn Epochs>;
}

/// The memory of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct MemoryBackend;

impl Backend for MemoryBackend {
    fn documents(&self, max_bytes: u64) -> Arc<dyn Entries<Arc<Document>>> {
        Arc::new(MemoryEntries::new("document", max_bytes))
    }

    fn responses(&self, max_bytes: u64) -> Arc<dyn Entries<Arc<StoredResponse>>> {
        Arc::new(MemoryEntries::new("response", max_bytes))
    }

    fn texts(&self, max_bytes: u64) -> Arc<dyn Entries<Arc<str>>> {
        Arc::new(MemoryEntries::new("text", max_bytes))
    }

    fn epochs(&self) -> Arc<dyn Epochs> {
        Arc::new(MemoryEpochs)
    }
}
