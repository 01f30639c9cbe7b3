//! Compares validation, introspection and execution with graphql-js, the reference implementation (`graphql.mjs`).
//!
//! - Validation: both accept or both refuse the operations of `tests/validation` and `tests/execution`, unchanged and mutated
//!   ([`mutate`](mod@mutate)). If both refuse, one error location is the same.
//! - Introspection: full introspection of each public schema, through the gateway.
//! - Result coercion: every JSON value for every kind of leaf, through the gateway.
//! - Execution: random operations on random worlds, executed by graphql-js with the values that the monolith's naive
//!   executor has resolved. Data, failed fields and the arguments of every field are the same. So this tests the oracle of
//!   the gateway.
//!
//! - Incremental delivery: payloads of random operations with `@defer` and `@stream`, merged by Apollo Client 4 and `@graphql-tools/utils`
//!   (`merge.mjs`), are the answer without them.
//!
//! Intended differences are in `waivers.toml`, each with its reason and an operation that shows it.
//!
//! `GRAPHQL_ORACLE` names the folder where `npm ci` was run; `GRAPHQL_ORACLE_ROUNDS` says how many rounds of generated
//! operations (or which: `70..90`).

mod coercion;
mod execute;
mod introspect;
mod merge;
mod mutate;
mod theirs;
mod validate;
mod waivers;

use std::ops::Range;

/// The rounds, unless the environment gives others.
const ROUNDS: Range<u64> = 0..4;

fn rounds() -> Range<u64> {
    let Ok(text) = std::env::var("GRAPHQL_ORACLE_ROUNDS") else {
        return ROUNDS;
    };
    let (from, to) = text.split_once("..").unwrap_or(("0", &text));
    from.parse().expect("a number")..to.parse().expect("a number")
}

/// Fails with the differences, if any.
fn conclude(wrong: &[String]) {
    let told: Vec<&str> = wrong.iter().take(20).map(String::as_str).collect();
    let told = told.join("\n");
    assert!(wrong.is_empty(), "{} differences:\n\n{told}", wrong.len());
}
