//! Rows: what upstreams' documents become, and what the response is written from.
//!
//! While an operation is executed, each object at a position of the operation is a row with a cell for each slot of the
//! plan. `execute` makes the calls; this room has everything between a document and the bytes for the client:
//!
//! 1. [`ingest`] reads the result of a call ([`outcome`]) into new rows ([`project`], or a copy from the [`memo`]), and
//!    merges them ([`merge`]) into the rows that the call was made for ([`targets`]).
//! 2. [`inputs`] reads rows as the inputs of further calls.
//! 3. [`failures`] collects what failed; a failed cell refers to its failure, and [`service_errors`] finds the cells that
//!    the errors of a GraphQL service are about.
//! 4. [`mod@write`] writes the rows of a delivery [`group`] as a response map, with null propagation and located
//!    errors ([`error_list`]), or as the request says ([`error_behavior`]); [`prerendered`] has leaves that are already text.
//!
//! [`bounds`] limits what one operation may hold, and [`pace`] lets other tasks run in between. This room makes no calls.

pub(crate) mod bounds;
pub(crate) mod counting;
mod error_behavior;
pub(crate) mod error_list;
pub(crate) mod failure;
pub(crate) mod failures;
pub(crate) mod group;
pub(crate) mod ingest;
pub(crate) mod inputs;
pub(crate) mod list_part;
mod member_order;
pub(crate) mod memo;
pub(crate) mod merge;
mod numbers;
pub(crate) mod outcome;
pub(crate) mod pace;
pub(crate) mod page_facts;
mod prerendered;
mod project;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod property;
mod read_value;
mod service_errors;
mod sizes;
pub(crate) mod store;
pub(crate) mod targets;
pub(crate) mod upstream_document;
pub(crate) mod values;
pub(crate) mod write;

pub use self::counting::Counting;
pub use self::error_behavior::ErrorBehavior;
pub(crate) use self::member_order::MemberOrders;
pub use self::sizes::Sizes;
