//! Sangam: a GraphQL federation gateway, one fast, cached endpoint in front of REST and GraphQL services.
//!
//! The rooms, as in the table of `ARCHITECTURE.md`: a room imports only rooms above it in this list.
//!
//! - [`budget`]: the memory that requests may hold.
//! - [`priority`]: long tasks continue at a lower priority.
//! - [`errors`]: the codes and kinds of errors in responses.
//! - [`document`]: values, and readers of an upstream's documents.
//! - [`formats`]: responses as files: CSV, workbooks, NDJSON, flat JSON.
//! - [`mapping`]: the mapping language: parse, check, evaluate.
//! - [`connector`]: reads and checks one folder.
//! - [`config`]: the settings, their defaults and their sources.
//! - [`observe`]: logs, metrics, traces.
//! - [`graph`]: composition of all connectors, and the query graph.
//! - [`plan`]: plans operations on the query graph.
//! - [`cost`]: the cost of an operation, by `@cost` and `@listSize`.
//! - [`operation`]: compiles an operation's text: limits, parsing, validation, planning.
//! - [`named`]: named operations: their files, their parameters and their description.
//! - [`persisted`]: operation texts that clients send by id or hash.
//! - [`source`]: one file or folder per wire protocol.
//! - [`cache`]: documents, responses, plans: keys, freshness, single flight.
//! - [`response`]: rows: reads documents into them, and writes the response from them.
//! - [`execute`]: executes a plan: schedules and makes calls.
//! - [`gateway`]: one generation: graph, caches and settings.
//! - [`server`]: GraphQL over HTTP, health, metrics, TLS.
//! - [`spec`]: specs of connectors: recorded exchanges and expected responses.
//! - [`cli`]: the subcommands.

pub mod budget;
pub mod cache;
pub mod cli;
pub mod config;
pub mod connector;
pub mod cost;
pub mod document;
pub mod errors;
pub mod events;
pub mod execute;
pub mod files;
pub mod formats;
pub mod gateway;
pub mod graph;
pub mod mapping;
pub mod named;
pub mod observe;
pub mod operation;
pub mod persisted;
pub mod plan;
pub mod priority;
pub mod response;
pub mod server;
pub mod source;
pub mod spec;
