//! Validation, introspection and execution held against graphql-js, the reference implementation (`graphql.mjs`).
//!
//! - Validation: operations of `tests/validation` and `tests/execution`, as they are and mutated ([`mutate`](mod@mutate)),
//!   are accepted or refused by both, and where both refuse, one of the places is the same.
//! - Introspection: the whole of each public schema, through the gateway.
//! - Result coercion: what a service may give for a leaf, through the gateway.
//! - Execution: random operations on random worlds, executed there over what the naive executor of the monolith has resolved.
//!   Data, failed fields and the arguments of every field are the same: so the executor that the gateway is held against is
//!   itself held against another.
//!
//! Where Sangam differs on purpose, `waivers.toml` says why, each with an operation that shows it.
//!
//! `GRAPHQL_ORACLE` names the folder where `npm ci` was run; `GRAPHQL_ORACLE_ROUNDS` says how many rounds of generated
//! operations (or which: `70..90`).

mod coercion;
mod execute;
mod introspect;
mod mutate;
mod theirs;
mod validate;
mod waivers;

use std::ops::Range;

/// How many rounds are run unless the environment says otherwise.
const ROUNDS: Range<u64> = 0..4;

fn rounds() -> Range<u64> {
    let Ok(text) = std::env::var("GRAPHQL_ORACLE_ROUNDS") else {
        return ROUNDS;
    };
    let (from, to) = text.split_once("..").unwrap_or(("0", &text));
    from.parse().expect("a number")..to.parse().expect("a number")
}

/// Fails with what differs.
fn conclude(wrong: &[String]) {
    let told: Vec<&str> = wrong.iter().take(20).map(String::as_str).collect();
    let told = told.join("\n");
    assert!(wrong.is_empty(), "{} differences:\n\n{told}", wrong.len());
}
