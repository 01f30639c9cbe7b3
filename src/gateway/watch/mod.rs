//! Live queries: a client that watches a query gets its answer, and then each new one.
//!
//! A *watched query* is a query with its variables, and with the request headers that its plan reads: what has the same key in
//! the cache of responses. As long as clients watch it, one task ([`task`]) executes it again whenever its answer may have
//! changed, on the path of all requests: through the caches, the flights, the limits of cost. If the answer is another one, all
//! its watchers ([`watcher`]) get the same bytes ([`answer`]), or a JSON Patch of the answer before ([`patch`]). When the last
//! of them leaves, the task ends.
//!
//! # When it is executed
//!
//! - When a document that its answer was made of is no longer fresh; if the answer may not be kept, after `live.interval`.
//! - When an epoch of an endpoint of its plan moves (`EpochsAt`). That is the one signal for "this may have changed": a
//!   mutation through the gateway moves it, and so must whatever else learns of a change.
//! - When another generation serves: each watcher then joins the watched query of that generation. If its answer is the same,
//!   the client notices nothing.
//!
//! The least time between two executions is `live.throttle`, or the client's own `throttle` if that is more. At most
//! `live.executions` run at a time.
//!
//! # Who shares it
//!
//! Clients share a watched query on the terms on which requests share an execution ([`in_flight`](super::in_flight)): not if an
//! endpoint of its plan is private, or says that its responses are for one request. Then each client has a watched query of its
//! own.

mod answer;
mod arguments;
mod generation;
mod join;
mod patch;
mod query;
mod registry;
mod room;
mod state;
mod task;
mod terms;
mod watcher;

pub(super) use self::arguments::LiveArguments;
pub(super) use self::generation::{Prepared, QueryGeneration};
pub(super) use self::registry::Watches;
pub(super) use self::terms::LiveTerms;
pub(super) use self::watcher::watch;
