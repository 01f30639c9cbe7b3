//! Tests of the binary as a separate process: what it sends to upstreams and collectors, which data it never shows, how much
//! memory it uses, and that it survives attacks.

mod applications;
mod attacks;
mod authorities;
mod batches;
mod checked;
pub(crate) mod citizen;
mod collector;
mod deferred;
mod departments;
mod downloads;
mod failing_calls;
mod findings;
mod hooks;
mod live;
mod log;
mod memory;
mod metrics;
mod monitoring;
mod named;
mod not_started;
mod operations;
mod package;
mod package_documents;
mod package_installed;
mod persisted;
mod quarantine;
mod refusals;
mod reload;
pub(crate) mod running;
mod secrets;
mod started;
mod stopping;
mod supergraph;
mod traces;
mod unset;
mod uploads;
