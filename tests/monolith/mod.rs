//! Compares planning and execution with an independent oracle, which cannot have the same bugs.
//!
//! A seed generates a small *world* ([`generate`], [`shapes`]): types, data ([`data`]), and which subgraph resolves what
//! ([`split`]).
//! The subgraphs are strict services on loopback ([`service`], [`rest`]). Random operations ([`operation`]) are executed by
//! a gateway for these subgraphs, and by the *monolith*: one service with all data, which executes literally as the
//! specification says ([`naive`]). Both responses must be equal ([`compare`]); no subgraph may be asked for a field that it
//! does not resolve; the order of subgraphs must not change a plan, and caches must not change a response.
//!
//! All executions use `Gateway::execute` and sockets, so the tests do not depend on the implementation of the executor.
//!
//! `make prove-monolith` runs thousands of worlds. `MONOLITH_WORLDS=2000 MONOLITH_SEED=1 MONOLITH_SECONDS=600` are the
//! number of worlds, the first seed, and the maximum time; `MONOLITH_OPERATIONS=12` is the number of operations of a world. A
//! failing case is shrunk ([`shrink`]) and written to a file under `target/tmp`, whose name is printed. Fix the cause, add a
//! case to `tests/plans` or `tests/execution`, and add the seed to a file in `tests/monolith/seeds`. (A change of the
//! generator changes the worlds of all seeds; the case stays.) A long run fails if no world had one of the constructs that
//! [`coverage`] lists, or no operation used one of the [`features`]. It prints the tables of `docs/long-runs.md`.
//!
//! A graph that composes can answer every valid operation: a refused operation is a difference, too.
//!
//! The composition of the worlds is also compared with an independent composer ([`composed`], `tests/oracle/composition`).
//!
//! Every third operation is also executed with `onError: NULL` and `HALT`, which the oracle knows too.
//!
//! Each operation is executed again with `@defer` and `@stream` at random places ([`deferred`]), whole and in parts.
//!
//! Calls are counted: a subgraph is called at most once for each step of the plan, or once per object if the step has a call
//! per object.

pub(crate) mod case;
pub(crate) mod compare;
pub(crate) mod composed;
mod covariant;
mod coverage;
mod data;
pub(crate) mod deferred;
mod features;
pub(crate) mod generate;
pub(crate) mod json;
pub(crate) mod naive;
mod naive_tests;
pub(crate) mod operation;
mod pages;
mod parts;
mod print;
mod provide;
pub(crate) mod random;
mod report;
mod rest;
mod run;
pub(crate) mod server;
mod service;
mod shapes;
mod shrink;
mod split;
mod waivers;
mod world;
