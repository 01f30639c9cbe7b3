//! Documents, responses and plans that are kept: keys, entries, single flight.
//!
//! - [`key`]: what an entry depends on, by construction.
//! - [`entry`]: what is kept of an upstream's answer.
//! - [`freshness`]: how long it may be used, and by whom. Pure.
//! - [`store`]: a cache bounded by bytes.
//! - [`long`]: work on long documents, beside the threads that serve.
//! - [`flight`]: one computation for all who want the same at the same time.
//! - [`upstream`]: one connector: driver, mutation epoch, figures.
//! - [`bulkhead`]: how many requests may wait for one connector.
//! - [`refusals`]: the lines of the log about calls that were refused.
//! - [`documents`]: the way from the executor to an upstream, through all of the above.
//! - [`provenance`]: how long an answer may be used that is made of several documents.
//! - [`responses`]: whole answers, as bytes.
//! - [`plans`]: compiled operations.
//!
//! This room decides what is kept; it does not know how a request is rendered, nor what a document means.

pub mod bulkhead;
pub mod clock;
pub mod documents;
pub mod entry;
pub mod flight;
pub mod freshness;
pub mod key;
pub mod long;
mod meter;
pub mod plans;
pub mod provenance;
mod refusals;
pub mod responses;
mod retry_after;
pub mod store;
pub mod upstream;

pub use bulkhead::Admissions;
pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use documents::{
    CacheState, Documents, EntitiesCall, EntitySelection, Fetched, FetchedEntities, Policy,
    Representation, UpstreamCall, Verdict,
};
pub use entry::{Document, Memo, StoredHeaders};
pub use key::{Generation, HeadersRead, OperationKey, ResponseKey, ResponseKeyParts, Subject};
pub use plans::Plans;
pub use provenance::Provenance;
pub use responses::{Responses, Served};
pub use upstream::{Endpoint, Epoch, Upstream};
