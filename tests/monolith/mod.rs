//! Planning and execution against an oracle that cannot share their bugs.
//!
//! A seed makes a small world ([`generate`]): types, data ([`data`]), and who resolves what ([`split`]). Its subgraphs
//! answer over loopback, strictly ([`service`]); a gateway is put in front of them, and random operations
//! ([`operation`]) are answered by it and by one service that has everything, executed as the specification writes it down
//! ([`naive`]). The two answers must be the same ([`compare`]); no subgraph is asked for what it has not; the order of
//! subgraphs changes no plan; caches change no answer.
//!
//! Everything goes through `Gateway::execute` and over sockets, so that nothing here knows how the executor is made.
//!
//! `make prove-monolith` runs thousands of worlds; `MONOLITH_WORLDS=2000 MONOLITH_SEED=1 MONOLITH_SECONDS=600` chooses how many, from
//! which on, and for how long at the most. A failing case is made smaller ([`shrink`]) and written to a file under
//! `target/tmp`, which is named. Fix the cause, and keep a case under `tests/plans` or `tests/execution`; the world's number
//! goes into a file in `tests/monolith/seeds`. (When the generator makes more, a number makes another world: the case is
//! what stays.) Which constructs were met is counted ([`coverage`]), and one that was not fails a long run.
//!
//! Composition of the worlds is held against an independent composer as well ([`composed`], `tests/oracle/composition`).
//!
//! Calls are counted too: a subgraph is called no more than once for each step of the plan, or where a step asks for one
//! object after the other, once for each that there is.

pub(crate) mod case;
pub(crate) mod compare;
pub(crate) mod composed;
mod coverage;
mod data;
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
mod shrink;
mod split;
mod world;
