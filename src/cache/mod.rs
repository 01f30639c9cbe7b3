//! Caches of documents, responses and plans: keys, entries, single flight.
//!
//! - [`key`]: keys that contain everything an entry depends on.
//! - [`entry`]: a document as it is stored.
//! - [`freshness`]: how long a document may be used, and for which clients. Pure.
//! - [`entries`]: what the caches need of storage.
//! - [`demand`]: what a cache makes room for when it is full.
//! - [`backend`]: where documents, responses, registered texts and epochs are stored; [`memory`] is the one in this process.
//! - [`long`]: work on long documents, at the lower priority.
//! - [`flight`]: single flight, one call for all requests that want the same.
//! - [`connector`]: one connector, with the state that outlives a configuration.
//! - [`endpoint`]: what can be called of a connector, with the driver of its source.
//! - [`epoch`]: how many mutations may have changed what was read, as numbers that gateways can share.
//! - [`figures`], [`latency`]: the counters of one connector.
//! - [`waiting`], [`bulkhead`]: how many requests may wait for one connector.
//! - [`cache_state`]: where a document came from.
//! - [`call_report`]: the outcome of a call, for metrics and log.
//! - [`repeated`], [`refusals`], [`failed_calls`]: log lines about calls that were refused or have failed.
//! - [`documents`]: the way from the executor to an upstream, through all of the above.
//! - [`provenance`]: how long a response that is made of several documents may be used.
//! - [`payload`]: a payload of a response; [`content_coding`]: how its body is coded.
//! - [`responses`], [`stored_response`]: whole responses, as bytes.
//! - [`plans`]: compiled operations.
//! - [`registered`]: operation texts that clients have registered.
//!
//! This room decides what is stored. It knows neither how a request is rendered nor what a document means.

pub mod backend;
pub mod bulkhead;
mod cache_state;
mod call_report;
pub mod clock;
pub mod connector;
pub mod content_coding;
mod demand;
pub mod documents;
pub mod endpoint;
pub mod entries;
pub mod entry;
pub mod epoch;
mod failed_calls;
pub mod figures;
pub(crate) mod flight;
pub mod freshness;
pub mod key;
mod latency;
pub mod long;
mod memory;
mod meter;
pub mod payload;
pub mod plans;
pub mod provenance;
mod refusals;
pub mod registered;
mod repeated;
pub mod responses;
mod retry_after;
pub mod sharing;
pub mod stored_response;
pub mod waiting;

pub use backend::{Backend, MemoryBackend};
pub use bulkhead::{Admission, Admissions};
pub use cache_state::CacheState;
pub use call_report::CallReport;
pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use connector::CachedConnector;
pub use content_coding::ContentCoding;
pub use documents::{
    Documents, EntitiesCall, EntitySelection, Fetched, FetchedEntities, LookedUp, PendingRead,
    Policy, Representation, UpstreamCall, Verdict,
};
pub use endpoint::{Endpoint, EndpointParts};
pub use entry::{Document, Memo};
pub use epoch::{Epoch, EpochsAt};
pub use key::{Generation, HeadersRead, OperationKey, ResponseKey, ResponseKeyParts, Subject};
pub use payload::{Payload, PayloadMemo};
pub use plans::Plans;
pub use provenance::Provenance;
pub use registered::RegisteredTexts;
pub use responses::{Responses, Served};
pub use sharing::{Sharing, SharingRules};
pub use waiting::WaitingLimits;
