//! Sangam: a GraphQL federation gateway, one fast, cached endpoint in front of REST and GraphQL services.
//!
//! The rooms, lowest first; imports run upwards only:
//!
//! - [`errors`]: the codes and kinds that clients see in errors.
//! - [`document`]: what an upstream answered: values, and readers over a body.
//! - [`mapping`]: the mapping language: parse, check, evaluate.
//! - [`connector`]: one folder, read and checked by itself.
//! - [`graph`]: composition of all connectors, and the query graph.
//! - [`plan`]: an operation compiled against the graph.
//! - [`cost`]: what an operation costs, by `@cost` and `@listSize`.
//! - [`operation`]: from an operation's text to what can be executed: limits, parsing, validation, planning.
//! - [`source`]: one wire protocol driver per file.
//! - [`cache`]: documents, responses, plans: keys, entries, single flight.
//! - [`response`]: rows: documents are read into them, and the response is written from them.
//! - [`execute`]: the calls of a plan, in their order.
//! - [`gateway`]: one serving generation: graph, plans, caches.
//! - [`server`]: GraphQL over HTTP, health, metrics.
//! - [`spec`]: recorded exchanges and expected answers: a connector's tests.
//! - [`priority`]: tasks that use much processor time go on at a lower priority.
//! - [`budget`]: bytes that requests hold, bounded; any room may charge what it holds.
//! - [`observe`], [`config`], [`cli`]: traces and logs; settings; the commands.

pub mod budget;
pub mod cache;
pub mod cli;
pub mod config;
pub mod connector;
pub mod cost;
pub mod document;
pub mod errors;
pub mod execute;
pub mod gateway;
pub mod graph;
pub mod mapping;
pub mod observe;
pub mod operation;
pub mod plan;
pub mod priority;
pub mod response;
pub mod server;
pub mod source;
pub mod spec;
